import { Live } from '../balancer/live.ts'
import { isAccepted } from '../balancer/verdict.ts'
import type { Clock } from '../base/clock.ts'
import { Redactor } from '../base/redactor.ts'
import { type Probe, probeAll, type Subject } from '../gateway/probe.ts'
import type { Catalog, Key } from '../model/catalog.ts'
import { keyStatus } from '../model/key-status.ts'
import { chargedTo } from '../model/outcome.ts'
import type { Store } from '../model/store.ts'
import { compile } from '../snapshot/compile.ts'
import type { CompiledProvider } from '../snapshot/snapshot.ts'
import { Agents } from '../upstream/agents.ts'
import { type Lesson, Lessons } from './lessons.ts'
import { type Tested, type TestShape, testShape } from './shapes/test.ts'

export interface KeyTestParts {
  readonly store: Store
  readonly clock: Clock
  /** Gives up what is under way, and asks no more. */
  readonly signal?: AbortSignal
  /** Is told before anything is sent. */
  readonly begin?: (subjects: readonly KeySubject[]) => void | Promise<void>
  /** A key's provider answered, or gave no answer. */
  readonly answered?: () => void
  /** What came of a key, as soon as that is known. */
  readonly known?: (test: TestShape) => void
  /** A provider refused all its keys alike, which is not held against them. */
  readonly spared?: (provider: string) => void
}

export interface KeySubject extends Subject {
  readonly row: Key
}

/**
 * Asks their providers whether keys work, and writes what that teaches into the store.
 * @param keys of the catalogue, with their secrets; those without one are told to be unopened
 * @returns in the order of the keys; those that were given up are left out
 */
export async function testKeys(
  parts: KeyTestParts,
  catalog: Catalog,
  keys: readonly Key[],
): Promise<TestShape[]> {
  const subjects = subjectsOf(parts.clock, catalog, keys)
  await parts.begin?.(subjects)
  const found = new Found(parts)
  const asked = new Set(subjects.map(({ row }) => row.id))
  for (const key of keys) if (!asked.has(key.id)) found.add(unopened(parts, key))
  await probe(parts, subjects, found)
  return keys.flatMap(({ id }) => found.shapes.get(id) ?? [])
}

/** Those with a secret to show, whether their provider is switched off or not. */
function subjectsOf(clock: Clock, catalog: Catalog, keys: readonly Key[]): KeySubject[] {
  const byName = compileFor(clock, catalog, keys)
  return keys.flatMap(row => {
    const provider = byName.get(row.provider)
    const key = provider?.keys.get(row.id)
    return provider && key ? [{ row, provider, key }] : []
  })
}

/** The providers of these keys as a gateway would use them, by name. */
export function compileFor(
  clock: Clock,
  catalog: Catalog,
  keys: readonly Key[],
): ReadonlyMap<string, CompiledProvider> {
  const names = new Set(keys.map(key => key.provider))
  const providers = catalog.providers
    .filter(({ name }) => names.has(name))
    .map(provider => ({ ...provider, enabled: true }))
  return compile({ ...catalog, providers, keys, tokens: [] }, new Live(clock)).byName
}

/** What came of the keys so far. */
class Found {
  readonly shapes = new Map<string, TestShape>()
  readonly accepting = new Set<string>()
  readonly #parts: KeyTestParts

  constructor(parts: KeyTestParts) {
    this.#parts = parts
  }

  add(tested: Tested): void {
    const { key, probe } = tested
    if (probe !== null && isAccepted(probe)) this.accepting.add(key.provider)
    const shape = testShape(tested)
    this.shapes.set(key.id, shape)
    this.#parts.known?.(shape)
  }
}

async function probe(
  parts: KeyTestParts,
  subjects: readonly KeySubject[],
  found: Found,
): Promise<void> {
  const { store, clock, signal } = parts
  const lessons = await Lessons.open(store, clock)
  const redactor = new Redactor()
  for (const { row } of subjects) if (row.secret !== null) redactor.add(row.secret.reveal())
  const agents = new Agents()
  const refused: Answered[] = []
  try {
    const errands = { agents, clock, redactor, ...(signal === undefined ? {} : { signal }) }
    await probeAll(errands, subjects, async (subject, answer) => {
      const { row, provider } = subject
      if (chargedTo(answer.outcome.fault) === 'key') refused.push({ subject, answer })
      else {
        const lesson = await lessons.add(row, answer, provider.settings)
        found.add(tested(parts, subject, answer, lesson))
      }
      parts.answered?.()
    })
  } finally {
    await agents.destroy()
  }
  await judge(parts, refused, found, lessons)
}

interface Answered {
  readonly subject: KeySubject
  readonly answer: Probe
}

/** As of requests: several keys that are refused alike, while none is accepted, have a cause in common. */
async function judge(
  parts: KeyTestParts,
  refused: readonly Answered[],
  found: Found,
  lessons: Lessons,
): Promise<void> {
  const shared = new Set<string>()
  for (const { subject, answer } of refused) {
    const { row, provider } = subject
    const alike = refused.filter(
      other =>
        other.subject.provider === provider && other.answer.outcome.fault === answer.outcome.fault,
    )
    const common = alike.length > 1 && !found.accepting.has(provider.name)
    if (common) shared.add(provider.name)
    const lesson = common ? lessons.none(row) : await lessons.add(row, answer, provider.settings)
    found.add(tested(parts, subject, answer, lesson))
  }
  for (const name of shared) parts.spared?.(name)
}

function tested(
  { clock }: KeyTestParts,
  { row, provider }: KeySubject,
  probe: Probe,
  { before, after }: Lesson,
): Tested {
  const stateOf = (memory: typeof before) => keyStatus(row, memory, clock.wall()).state
  const model = probe.paid ? provider.settings.test_model : ''
  return { key: row, probe, model, before: stateOf(before), after: stateOf(after) }
}

function unopened({ clock }: KeyTestParts, key: Key): Tested {
  const { state } = keyStatus(key, undefined, clock.wall())
  return { key, probe: null, model: '', before: state, after: state }
}

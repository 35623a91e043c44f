import { Live } from '../balancer/live.ts'
import { isAccepted } from '../balancer/verdict.ts'
import { BalanceError } from '../base/errors.ts'
import { Redactor } from '../base/redactor.ts'
import { type Probe, probeAll, type Subject } from '../gateway/probe.ts'
import type { Catalog, Key } from '../model/catalog.ts'
import { keyStatus } from '../model/key-status.ts'
import { chargedTo } from '../model/outcome.ts'
import { compile } from '../snapshot/compile.ts'
import type { CompiledProvider } from '../snapshot/snapshot.ts'
import { Agents } from '../upstream/agents.ts'
import { reachColumns, testColumns } from './columns/test.ts'
import { type Lesson, Lessons } from './lessons.ts'
import { plural } from './plural.ts'
import { type Progress, startProgress } from './progress.ts'
import type { Session } from './session.ts'
import { type Tested, type TestShape, testShape } from './shapes/test.ts'

/** `keys test`: these keys, or those of one provider or of all that are in use. */
export async function testKeys(
  session: Session,
  named: readonly Key[],
  provider: string | undefined,
): Promise<void> {
  const ids = new Set(named.map(({ id }) => id))
  const rows = await test(session, catalog =>
    ids.size > 0
      ? catalog.keys.filter(({ id }) => ids.has(id))
      : inUse(catalog).filter(key => provider === undefined || key.provider === provider),
  )
  session.out.list(testColumns(session.out.paint), rows)
  if (rows.length === 0) session.out.say('There is no key to test: balance keys list')
  conclude(session, rows)
}

/** `providers test`: every key of it that its owner did not switch off. */
export async function testProvider(session: Session, name: string): Promise<void> {
  await (await session.store()).provider(name)
  const rows = await test(session, ({ keys }) =>
    keys.filter(key => key.provider === name && key.enabled),
  )
  if (rows.length === 0) {
    throw new BalanceError('failed', `${name} has no key to test it with.`, {
      hint: `balance keys add ${name}`,
    })
  }
  session.out.list(reachColumns(session.out.paint), rows)
  conclude(session, rows)
}

/** Keys that were just added: what came of it is shown, and nothing of it is an error. */
export async function testAdded(session: Session, ids: readonly string[]): Promise<TestShape[]> {
  const added = new Set(ids)
  const rows = await test(session, ({ keys }) => keys.filter(({ id }) => added.has(id)))
  session.out.say(session.out.table(testColumns(session.out.paint), rows))
  return rows
}

function inUse({ keys, providers }: Catalog): Key[] {
  const enabled = new Set(providers.filter(each => each.enabled).map(({ name }) => name))
  return keys.filter(key => key.enabled && enabled.has(key.provider))
}

/** Fails where a key did. */
function conclude({ out }: Session, rows: readonly TestShape[]): void {
  for (const name of new Set(rows.filter(isUntold).map(row => row.provider))) {
    out.say(
      `${name} has no list of models to tell a key by: balance providers set ${name} test_model=MODEL`,
    )
  }
  const failed = rows.filter(row => !row.ok)
  if (failed.length === 0) return
  const refused = failed.some(row => row.failed_at === 'key')
  throw new BalanceError(
    'failed',
    `${failed.length} of ${plural(rows.length, 'key')} failed the test.`,
    { hint: refused ? REFUSED : UNHEARD },
  )
}

const REFUSED =
  'balance keys show KEY tells more; balance keys set KEY --secret gives one a new secret.'
const UNHEARD = 'Where no provider gave an answer, nothing is held against the key.'

function isUntold({ result }: TestShape): boolean {
  return result === 'reached'
}

async function test(
  session: Session,
  choose: (catalog: Catalog) => readonly Key[],
): Promise<TestShape[]> {
  await session.flush()
  const store = await session.store()
  const catalog = await store.catalog()
  const keys = choose(catalog)
  const subjects = subjectsOf(session, catalog, keys)
  announce(session, subjects)
  const lessons = await Lessons.open(store, session.clock)
  const found = await probe(session, subjects, lessons)
  if (subjects.length > 0) await session.tellLearned()
  return keys.map(key => testShape(found.get(key.id) ?? unopened(session, key)))
}

interface KeySubject extends Subject {
  readonly row: Key
}

/** Those with a secret to show, whether their provider is switched off or not. */
function subjectsOf(session: Session, catalog: Catalog, keys: readonly Key[]): KeySubject[] {
  const byName = compileFor(session, catalog, keys)
  return keys.flatMap(row => {
    const provider = byName.get(row.provider)
    const key = provider?.keys.get(row.id)
    return provider && key ? [{ row, provider, key }] : []
  })
}

/** The providers of these keys as a gateway would use them, by name. */
export function compileFor(
  session: Session,
  catalog: Catalog,
  keys: readonly Key[],
): ReadonlyMap<string, CompiledProvider> {
  const names = new Set(keys.map(key => key.provider))
  const providers = catalog.providers
    .filter(({ name }) => names.has(name))
    .map(provider => ({ ...provider, enabled: true }))
  return compile({ ...catalog, providers, keys, tokens: [] }, new Live(session.clock)).byName
}

/** What the test costs is said before. */
function announce({ out }: Session, subjects: readonly KeySubject[]): void {
  const counts = new Map<string, number>()
  for (const { provider } of subjects) {
    const { test_model: model } = provider.settings
    const chat = `with ${model} of ${provider.name}`
    if (model !== '') counts.set(chat, (counts.get(chat) ?? 0) + 1)
  }
  for (const [chat, count] of counts) {
    out.say(`sending ${plural(count, 'chat')} of one token ${chat}`)
  }
}

async function probe(
  session: Session,
  subjects: readonly KeySubject[],
  lessons: Lessons,
): Promise<Map<string, Tested>> {
  const { out, clock } = session
  const redactor = new Redactor()
  for (const { row } of subjects) if (row.secret !== null) redactor.add(row.secret.reveal())
  const agents = new Agents()
  const found = new Map<string, Tested>()
  const refused: Answered[] = []
  let bar: Progress | null = null
  try {
    if (out.wordsOnTerminal && subjects.length > 1) {
      bar = await startProgress(['testing', 'keys'], subjects.length)
    }
    await probeAll({ agents, clock, redactor }, subjects, async (subject, answer) => {
      const { row, provider } = subject
      if (chargedTo(answer.outcome.fault) === 'key') refused.push({ subject, answer })
      else
        found.set(
          row.id,
          tested(session, subject, answer, await lessons.add(row, answer, provider.settings)),
        )
      bar?.advance(found.size + refused.length, found.size + refused.length)
    })
  } finally {
    bar?.end()
    await agents.destroy()
  }
  await judge(session, refused, found, lessons)
  return found
}

interface Answered {
  readonly subject: KeySubject
  readonly answer: Probe
}

/** As of requests: several keys that are refused alike, while none is accepted, have a cause in common. */
async function judge(
  session: Session,
  refused: readonly Answered[],
  found: Map<string, Tested>,
  lessons: Lessons,
): Promise<void> {
  const accepted = new Set(
    [...found.values()].flatMap(({ key, probe }) =>
      probe && isAccepted(probe) ? key.provider : [],
    ),
  )
  const shared = new Set<string>()
  for (const { subject, answer } of refused) {
    const { row, provider } = subject
    const alike = refused.filter(
      other =>
        other.subject.provider === provider && other.answer.outcome.fault === answer.outcome.fault,
    )
    const common = alike.length > 1 && !accepted.has(provider.name)
    if (common) shared.add(provider.name)
    const lesson = common ? lessons.none(row) : await lessons.add(row, answer, provider.settings)
    found.set(row.id, tested(session, subject, answer, lesson))
  }
  for (const name of shared) {
    session.out.say(`${name} refused all its keys alike: that is not held against them`)
  }
}

function tested(
  { clock }: Session,
  { row, provider }: KeySubject,
  probe: Probe,
  { before, after }: Lesson,
): Tested {
  const stateOf = (memory: typeof before) => keyStatus(row, memory, clock.wall()).state
  const model = probe.paid ? provider.settings.test_model : ''
  return { key: row, probe, model, before: stateOf(before), after: stateOf(after) }
}

function unopened({ clock }: Session, key: Key): Tested {
  const { state } = keyStatus(key, undefined, clock.wall())
  return { key, probe: null, model: '', before: state, after: state }
}

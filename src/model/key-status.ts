import type { Catalog, Key, KeyCondition, KeyMemory, Mark } from './catalog.ts'
import type { KeyStatus, ProviderStatus } from './status.ts'

/**
 * What is known about a key at the wall time `wall` (ms): the owner's verbs before what was
 * learned, and of that only what was learned under the key's present generation.
 */
export function keyStatus(key: Key, memory: KeyMemory | undefined, wall: number): KeyStatus {
  const learned = current(key, memory)
  const { state, reason, until } = condition(key, learned, wall)
  return {
    id: key.id,
    provider: key.provider,
    label: key.label,
    masked: key.masked,
    state,
    reason,
    until: until === null ? null : new Date(until).toISOString(),
    failures: learned?.failures ?? 0,
    weight: key.weight,
    tier: key.tier,
    rpm: key.rpm,
    concurrency: key.concurrency,
    proxy: key.proxy,
    reference: key.reference,
    origin: key.origin,
    created: new Date(key.createdAt).toISOString(),
  }
}

/** The state alone: of ten thousand keys it is counted several times a second. */
export function keyState(key: Key, memory: KeyMemory | undefined, wall: number): KeyCondition {
  return condition(key, current(key, memory), wall).state
}

function current(key: Key, memory: KeyMemory | undefined): KeyMemory | undefined {
  return memory?.generation === key.generation ? memory : undefined
}

/** Every key of a catalogue, in its order. */
export function keyStatuses(catalog: KeysAndMemories, wall: number): KeyStatus[] {
  const memories = new Map(catalog.memories.map(memory => [memory.keyId, memory]))
  return catalog.keys.map(key => keyStatus(key, memories.get(key.id), wall))
}

/** Provider name → model → state of a breaker that is not closed. */
export type OpenBreakers = ReadonlyMap<string, ProviderStatus['breakers']>

/** Every provider of a catalogue with how many of its keys are in which state. */
export function providerStatuses(
  catalog: KeysAndMemories & Pick<Catalog, 'settings' | 'providers'>,
  wall: number,
  breakers: OpenBreakers = new Map(),
): ProviderStatus[] {
  const counts = countStates(catalog, wall)
  return catalog.providers.map(provider => ({
    name: provider.name,
    kind: provider.kind,
    base_url: provider.baseUrl,
    path: provider.path,
    enabled: provider.enabled,
    default: provider.name === catalog.settings.default_provider,
    origin: provider.origin,
    keys: counts.get(provider.name) ?? noKeys(),
    breakers: breakers.get(provider.name) ?? {},
  }))
}

type KeysAndMemories = Pick<Catalog, 'keys' | 'memories'>

interface Condition {
  readonly state: KeyCondition
  readonly reason: string
  /** Wall ms. */
  readonly until: number | null
}

function condition(key: Key, learned: KeyMemory | undefined, wall: number): Condition {
  if (!key.enabled) return { state: 'disabled', reason: 'switched off by its owner', until: null }
  if (key.fault) return { state: key.fault.state, reason: key.fault.reason, until: null }
  if (!learned) return ACTIVE
  if (learned.invalid) return { state: 'invalid', reason: learned.invalid.reason, until: null }
  if (learned.exhausted) {
    const left = remaining(learned.exhausted, learned.savedAt, wall)
    // Past its time a key stays exhausted until a request has shown that it works again.
    const until = left > 0 ? wall + left : null
    return { state: 'exhausted', reason: learned.exhausted.reason, until }
  }
  return cooling(learned, wall) ?? ACTIVE
}

const ACTIVE: Condition = { state: 'active', reason: '', until: null }

/** Marks are per model; the key is said to cool until the last of them ends. */
function cooling(learned: KeyMemory, wall: number): Condition | null {
  const running = Object.entries(learned.cooling)
    .map(([model, mark]) => ({
      model,
      reason: mark.reason,
      left: remaining(mark, learned.savedAt, wall),
    }))
    .filter(mark => mark.left > 0)
    .sort((a, b) => b.left - a.left)
  const [longest, ...others] = running
  if (!longest) return null
  const model = longest.model === '' ? '' : `${longest.model}: `
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return {
    state: 'cooling',
    reason: `${model}${longest.reason}${more}`,
    until: wall + longest.left,
  }
}

/** Time left shrinks by the wall time that passed; a clock set back adds nothing. */
function remaining(mark: Mark, savedAt: number, wall: number): number {
  return Math.max(0, mark.remaining - Math.max(0, wall - savedAt))
}

function countStates({ keys, memories }: KeysAndMemories, wall: number) {
  const known = new Map(memories.map(memory => [memory.keyId, memory]))
  const counts = new Map<string, Record<KeyCondition, number>>()
  for (const key of keys) {
    const count = counts.get(key.provider) ?? noKeys()
    count[keyState(key, known.get(key.id), wall)]++
    counts.set(key.provider, count)
  }
  return counts
}

function noKeys(): Record<KeyCondition, number> {
  return { active: 0, cooling: 0, exhausted: 0, invalid: 0, sealed: 0, disabled: 0 }
}

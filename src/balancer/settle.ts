import { isTransient, type Outcome } from '../model/outcome.ts'
import type { KeyState, Limit } from './key-state.ts'
import type { Writing } from './mark.ts'

const SHORTEST_COOLING = 50
const LONGEST_COOLING = 3_600_000
const BACKOFF = 1_000
const LONGEST_BACKOFF = 60_000
/** When a key without money or quota is tried again, where the upstream named no time. */
const QUOTA_RETRY = 3_600_000
/** When a model that was refused on a key is tried on it again. */
const MODEL_RETRY = 600_000

/** What settling needs besides the key: both clocks (ms) and a source of jitter in [0, 1). */
export interface Settling {
  readonly maxFailures: number
  readonly now: number
  readonly wall: number
  readonly random: () => number
}

/**
 * Writes into the key what a failed attempt on it taught. Only faults of the key touch it: what a
 * client, the provider or this host did costs it nothing.
 * @returns what was written; null where it was nothing
 */
export function settle(
  key: KeyState,
  model: string,
  outcome: Outcome,
  by: Settling,
): Writing | null {
  switch (outcome.fault) {
    case 'auth':
      return refuse(key, outcome, by)
    case 'quota':
      return exhaust(key, outcome, by)
    case 'rate':
    case 'model':
      return cool(key, model, outcome, by)
    default:
      return null
  }
}

/**
 * Clears what a success disproves: the count of faults, the key's exhaustion, this model's limit.
 * @returns whether there was any
 */
export function absolve(key: KeyState, model: string): boolean {
  const changed = key.failures > 0 || key.exhausted !== null || key.cooling.has(model)
  key.failures = 0
  key.exhausted = null
  key.cooling.delete(model)
  return changed
}

function refuse(key: KeyState, outcome: Outcome, by: Settling): Writing {
  key.failures++
  if (key.failures < by.maxFailures || key.invalid !== null) return NOTHING
  key.invalid = { reason: reason(outcome), since: by.wall }
  return { ...NOTHING, invalid: key.invalid }
}

function exhaust(key: KeyState, outcome: Outcome, by: Settling): Writing {
  const before = key.exhausted
  const wait = outcome.retryAfter ?? QUOTA_RETRY
  key.exhausted = limit(by.now + wait, outcome, 1)
  return { ...NOTHING, exhausted: key.exhausted, before }
}

function cool(key: KeyState, model: string, outcome: Outcome, by: Settling): Writing {
  const before = key.cooling.get(model) ?? null
  // Requests that were already out when the mark was made are no further strike.
  if (before !== null && before.until > by.now) {
    if (outcome.retryAfter !== null)
      before.until = Math.max(before.until, by.now + clamp(outcome.retryAfter))
    return NOTHING
  }
  const strikes = (before?.strikes ?? 0) + 1
  const wait = isTransient(outcome.fault)
    ? clamp(outcome.retryAfter ?? backoff(strikes, by))
    : MODEL_RETRY
  const cooling = limit(by.now + wait, outcome, strikes)
  key.cool(model, cooling, by.now)
  return { ...NOTHING, cooling, before }
}

const NOTHING: Writing = { invalid: null, exhausted: null, cooling: null, before: null }

function limit(until: number, outcome: Outcome, strikes: number): Limit {
  return { until, strikes, reason: reason(outcome), onTrial: false }
}

/** Exponential with full jitter: 0 to 1 s, 0 to 2 s, … 0 to 60 s. */
function backoff(strikes: number, by: Settling): number {
  return by.random() * Math.min(BACKOFF * 2 ** (strikes - 1), LONGEST_BACKOFF)
}

function clamp(ms: number): number {
  return Math.min(Math.max(ms, SHORTEST_COOLING), LONGEST_COOLING)
}

function reason(outcome: Outcome): string {
  return outcome.detail || outcome.message || outcome.fault
}

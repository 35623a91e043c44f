import { isTransient, type Outcome } from '../model/outcome.ts'
import type { KeyState } from './key-state.ts'

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
 * Writes into the key what an attempt on it taught. Only faults of the key touch it: what a client,
 * the provider or this host did costs it nothing.
 * @returns whether anything changed that is worth keeping
 */
export function settle(key: KeyState, model: string, outcome: Outcome, by: Settling): boolean {
  switch (outcome.fault) {
    case 'none':
      return absolve(key, model)
    case 'auth':
      key.failures++
      if (key.failures >= by.maxFailures && key.invalid === null) {
        key.invalid = { reason: reason(outcome), since: by.wall }
      }
      return true
    case 'quota':
      key.exhausted = {
        until: by.now + (outcome.retryAfter ?? QUOTA_RETRY),
        reason: reason(outcome),
        strikes: 1,
      }
      return true
    case 'rate':
    case 'model':
      cool(key, model, outcome, by)
      return true
    default:
      return false
  }
}

function absolve(key: KeyState, model: string): boolean {
  const changed = key.failures > 0 || key.exhausted !== null || key.cooling.has(model)
  key.failures = 0
  key.exhausted = null
  key.cooling.delete(model)
  return changed
}

function cool(key: KeyState, model: string, outcome: Outcome, by: Settling): void {
  const before = key.cooling.get(model)
  // Requests that were already out when the mark was made are no further strike.
  if (before && before.until > by.now) {
    if (outcome.retryAfter !== null)
      before.until = Math.max(before.until, by.now + clamp(outcome.retryAfter))
    return
  }
  const strikes = (before?.strikes ?? 0) + 1
  const wait = isTransient(outcome.fault)
    ? clamp(outcome.retryAfter ?? backoff(strikes, by))
    : MODEL_RETRY
  key.cool(model, { until: by.now + wait, reason: reason(outcome), strikes }, by.now)
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

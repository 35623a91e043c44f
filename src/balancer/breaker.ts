export type BreakerState = 'closed' | 'open' | 'half-open'

/** Consecutive failures that open a closed breaker. */
const THRESHOLD = 5
/** The first time open; each reopening without a recovery adds as much, up to the longest. */
const OPEN_MS = 5_000
const LONGEST_MS = 300_000
/** Successful probes in a row that close a half-open breaker. */
const PROBES = 3

/**
 * Stops requests to a (provider, model) that fails, and finds out by single probes when it works
 * again. Closed passes, open refuses, half-open lets one probe through at a time.
 * All times are monotonic ms; nothing is jittered here, so that a stopped clock tests it.
 */
export class Breaker {
  #state: BreakerState = 'closed'
  #failures = 0
  #successes = 0
  #openings = 0
  #reopenAt = 0
  #probing = false

  /** The state as it would be met now. */
  state(now: number): BreakerState {
    return this.#state === 'open' && now >= this.#reopenAt ? 'half-open' : this.#state
  }

  /** Milliseconds until a request may pass; 0 when one may now, or when a probe is under way. */
  wait(now: number): number {
    return this.#state === 'open' ? Math.max(0, this.#reopenAt - now) : 0
  }

  /** Whether a request may pass now, without claiming a probe. */
  allows(now: number): boolean {
    const state = this.state(now)
    return state === 'closed' || (state === 'half-open' && !this.#probing)
  }

  /** Call once for a request that goes out; true when it is the probe. */
  enter(now: number): boolean {
    if (this.state(now) !== 'half-open') return false
    this.#state = 'half-open'
    this.#probing = true
    return true
  }

  succeed(probe: boolean): void {
    this.#failures = 0
    if (!probe) return
    this.#probing = false
    if (this.#state !== 'half-open' || ++this.#successes < PROBES) return
    this.#state = 'closed'
    this.#successes = 0
    this.#openings = 0
  }

  fail(probe: boolean, now: number): void {
    if (probe) this.#probing = false
    if (this.#state === 'open') return
    if (this.#state === 'closed' && ++this.#failures < THRESHOLD) return
    this.#open(now)
  }

  /** The request ended in a way that says nothing about the provider. */
  forget(probe: boolean): void {
    if (probe) this.#probing = false
  }

  #open(now: number): void {
    this.#openings++
    this.#state = 'open'
    this.#failures = 0
    this.#successes = 0
    this.#reopenAt = now + Math.min(OPEN_MS * this.#openings, LONGEST_MS)
  }
}

import type { Opening } from '../model/catalog.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Consecutive failures that open a closed breaker. */
const THRESHOLD = 5
/** The first time open; each reopening without a recovery adds as much, up to the longest. */
const OPEN_MS = 5_000
const LONGEST_MS = 300_000
/** Successes in a row after which earlier openings are forgotten. */
const RECOVERED = 3

/**
 * Stops requests to a (provider, model) that fails, and finds out by single probes when it works
 * again. Closed passes, open refuses, half-open lets one probe through at a time; the first that
 * succeeds closes it.
 * All times are monotonic ms; nothing is jittered here, so that a stopped clock tests it.
 */
export class Breaker {
  #state: BreakerState = 'closed'
  #failures = 0
  /** Since it closed. */
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

  /** @returns whether it closed */
  succeed(probe: boolean): boolean {
    this.#failures = 0
    if (this.#state === 'closed') {
      if (this.#openings > 0 && ++this.#successes >= RECOVERED) this.#openings = 0
      return false
    }
    // A success of a request that went out before it opened is no news of now.
    return probe && this.close()
  }

  /** @returns whether it opened */
  fail(probe: boolean, now: number): boolean {
    if (probe) this.#probing = false
    if (this.#state === 'open') return false
    if (this.#state === 'closed' && ++this.#failures < THRESHOLD) return false
    this.open(now)
    return true
  }

  /** The request ended in a way that says nothing about the provider. */
  forget(probe: boolean): void {
    if (probe) this.#probing = false
  }

  open(now: number): void {
    this.#openings++
    this.#begin(now + Math.min(OPEN_MS * this.#openings, LONGEST_MS))
  }

  get closed(): boolean {
    return this.#state === 'closed'
  }

  /** @returns true: it was not closed before */
  close(): true {
    this.#state = 'closed'
    this.#failures = 0
    this.#successes = 1
    this.#probing = false
    return true
  }

  /** As it is kept; null where it is closed. */
  opening(now: number): Opening | null {
    if (this.#state === 'closed') return null
    return { remaining: Math.ceil(this.wait(now)), openings: this.#openings }
  }

  /** Takes over what an earlier life or another process found: null: that it works again. */
  recall(opening: Opening | null, now: number): void {
    if (opening === null) {
      if (!this.closed) this.close()
      return
    }
    this.#openings = Math.max(this.#openings, opening.openings)
    this.#begin(now + Math.min(opening.remaining, LONGEST_MS))
  }

  #begin(until: number): void {
    this.#state = 'open'
    this.#failures = 0
    this.#successes = 0
    this.#reopenAt = until
    this.#probing = false
  }
}

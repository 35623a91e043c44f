/**
 * A rate limit by the generic cell rate algorithm (GCRA, ITU-T I.371): one number of state.
 * Allows `perMinute` requests a minute on average and the same number at once.
 */
export class Bucket {
  readonly #interval: number
  readonly #tolerance: number
  /** When the next request would be due if all came evenly; ms on the caller's clock. */
  #due = 0

  constructor(perMinute: number) {
    this.#interval = 60_000 / perMinute
    this.#tolerance = 60_000 - this.#interval
  }

  /** Milliseconds until one request would be admitted; 0: now. */
  wait(now: number): number {
    return Math.max(0, this.#due - this.#tolerance - now)
  }

  /** Admits one request, or leaves the bucket as it was. */
  take(now: number): boolean {
    if (this.wait(now) > 0) return false
    this.#due = Math.max(this.#due, now) + this.#interval
    return true
  }
}

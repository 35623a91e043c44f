const FULL = 100
const COST = 5

/**
 * Bounds how much work retries may add when a provider fails: 100 tokens, a retry after a provider
 * or ambiguous failure costs 5, a success gives 1 back. Rotating to another key is free.
 * The shape is that of the AWS SDKs' standard retry mode.
 */
export class RetryBudget {
  #tokens = FULL

  spend(): boolean {
    if (this.#tokens < COST) return false
    this.#tokens -= COST
    return true
  }

  earn(): void {
    if (this.#tokens < FULL) this.#tokens++
  }
}

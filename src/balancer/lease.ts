import type { Outcome } from '../model/outcome.ts'
import type { Breakers } from './breakers.ts'
import type { KeyState } from './key-state.ts'
import type { Mark } from './mark.ts'
import type { Pool } from './pool.ts'

/** An in-flight claim on a key, released exactly once with what became of it. */
export class Lease {
  readonly pool: Pool
  readonly key: KeyState
  readonly model: string
  /** Its pool's when it was claimed: the owner's word gives the pool others. */
  readonly breakers: Breakers
  /** It is the one request that finds out whether an open breaker may close. */
  readonly probe: boolean
  /** It is the one request that finds out whether the key, past its limit, works again. */
  readonly trial: boolean
  /** The key's when it was claimed: what the attempt teaches is void once the owner raised it. */
  readonly generation: number
  /** It brought a good answer; that is told before a long one has ended. */
  worked = false
  #held = true

  constructor(
    pool: Pool,
    key: KeyState,
    model: string,
    breakers: Breakers,
    probe: boolean,
    trial: boolean,
  ) {
    this.pool = pool
    this.key = key
    this.model = model
    this.breakers = breakers
    this.probe = probe
    this.trial = trial
    this.generation = key.generation
  }

  /** The answer has begun, and is good. What is learned from that does not wait for its end. */
  succeed(now: number): void {
    if (this.worked || !this.#held) return
    this.worked = true
    this.pool.succeed(this, now)
  }

  /**
   * Gives the claim back; later calls do nothing. Times: monotonic and wall ms.
   * @returns the mark that the outcome left on the key; it is provisional until it is judged
   */
  release(outcome: Outcome, now: number, wall: number): Mark | null {
    if (!this.#held) return null
    if (outcome.fault === 'none') this.succeed(now)
    this.#held = false
    return this.pool.settle(this, outcome, now, wall)
  }
}

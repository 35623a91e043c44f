import type { Outcome } from '../model/outcome.ts'
import type { KeyState } from './key-state.ts'
import type { Pool } from './pool.ts'

/** An in-flight claim on a key, released exactly once with what became of it. */
export class Lease {
  readonly key: KeyState
  readonly model: string
  /** It is the one request that finds out whether an open breaker may close. */
  readonly probe: boolean
  /** The key's when it was claimed: what the attempt teaches is void once the owner raised it. */
  readonly generation: number
  readonly #pool: Pool
  #held = true

  constructor(pool: Pool, key: KeyState, model: string, probe: boolean) {
    this.#pool = pool
    this.key = key
    this.model = model
    this.probe = probe
    this.generation = key.generation
  }

  /** Gives the claim back; later calls do nothing. Times: monotonic and wall ms. */
  release(outcome: Outcome, now: number, wall: number): void {
    if (!this.#held) return
    this.#held = false
    this.#pool.settle(this, outcome, now, wall)
  }
}

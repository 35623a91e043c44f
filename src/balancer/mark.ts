import type { Fault } from '../model/outcome.ts'
import type { KeyState, Limit } from './key-state.ts'
import type { Pool } from './pool.ts'

/** What `settle` wrote into a key, with what stood there before: enough to take it back. */
export interface Writing {
  readonly invalid: KeyState['invalid']
  readonly exhausted: Limit | null
  readonly cooling: Limit | null
  /** What `exhausted` or `cooling` took the place of. */
  readonly before: Limit | null
}

/**
 * What an attempt wrote into its key by the key's fault. It is in force at once, but provisional: when
 * the exchange ends it may turn out that the fault was not the key's (see {@link judge}).
 */
export class Mark {
  readonly pool: Pool
  readonly key: KeyState
  readonly model: string
  readonly fault: Fault
  readonly #generation: number
  readonly #writing: Writing

  constructor(pool: Pool, key: KeyState, model: string, fault: Fault, writing: Writing) {
    this.pool = pool
    this.key = key
    this.model = model
    this.fault = fault
    this.#generation = key.generation
    this.#writing = writing
  }

  /** Takes back what was written, as far as it is still what stands there. */
  undo(): void {
    const { key, model } = this
    const { invalid, exhausted, cooling, before } = this.#writing
    if (key.generation !== this.#generation) return
    if (this.fault === 'auth') key.failures = Math.max(0, key.failures - 1)
    if (invalid !== null && key.invalid === invalid) key.invalid = null
    if (exhausted !== null && key.exhausted === exhausted) key.exhausted = before
    if (cooling !== null && key.cooling.get(model) === cooling) {
      if (before === null) key.cooling.delete(model)
      else key.cooling.set(model, before)
    }
  }
}

/**
 * Says of an exchange's marks which stand. Those of the pool where an attempt worked, or was told that
 * the request is wrong, were the keys' own fault. Elsewhere, two or more keys that failed in the same
 * way had a cause in common: their marks are dropped and the provider is charged one failure.
 * @param worked the pool of the attempt that got an answer; null where none did
 * @param givenUp before all was tried: its client left, or its time was over. Then nobody knows the
 * cause, and nobody is charged.
 */
export function judge(
  marks: readonly Mark[],
  worked: Pool | null,
  now: number,
  givenUp = false,
): void {
  for (const pool of new Set(marks.map(mark => mark.pool))) {
    const ours = marks.filter(mark => mark.pool === pool)
    for (const fault of new Set(ours.map(mark => mark.fault))) {
      const alike = ours.filter(mark => mark.fault === fault)
      const shared = pool !== worked && new Set(alike.map(mark => mark.key)).size > 1
      if (!shared) pool.keep(alike, now)
      else {
        pool.takeBack(alike, now)
        if (!givenUp) pool.charge(alike, now)
      }
    }
  }
}

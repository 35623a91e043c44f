import type { Clock } from '../base/clock.ts'

/** So many are remembered; beyond them the oldest are asked about again. */
const MOST = 4_096
/** For so long nobody is asked again: another node may have made an object of this id meanwhile, ms. */
const KEPT_MS = 1_000

/** Ids of which somebody just said that he does not know them. */
export class UnknownIds {
  readonly #clock: Clock
  /** Until when, monotonic ms; in the order in which they were added. */
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#until.size
  }

  has(id: string): boolean {
    return (this.#until.get(id) ?? 0) > this.#clock.now()
  }

  add(id: string): void {
    this.#until.delete(id)
    this.#until.set(id, this.#clock.now() + KEPT_MS)
    if (this.#until.size <= MOST) return
    const [oldest] = this.#until.keys()
    this.#until.delete(oldest as string)
  }

  remove(id: string): void {
    this.#until.delete(id)
  }
}

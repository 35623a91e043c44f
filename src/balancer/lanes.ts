import { evictOldest } from './evict.ts'
import type { KeyState } from './key-state.ts'
import { Lane } from './lane.ts'
import { Schedule } from './schedule.ts'

/**
 * Which keys of a pool stand where: in one lane for the models that no key is limited for, and in one
 * for each model that some are. Keys that rest come back when their time has come; nothing polls.
 */
export class Lanes {
  readonly #keys: ReadonlyMap<string, KeyState>
  readonly #byModel = new Map<string, Lane>()
  readonly #returns = new Schedule<KeyState>()
  #any = new Lane(null)

  /** @param keys the pool's own, by id, as they are at any time */
  constructor(keys: ReadonlyMap<string, KeyState>) {
    this.#keys = keys
  }

  /** Where keys for this model stand now. */
  for(model: string, now: number): Lane {
    this.#takeBack(now)
    return this.#byModel.get(model) ?? this.#any
  }

  /**
   * Puts the key in or takes it out, as its state now says, and sees to it that it comes back.
   * @param models that it may be limited for since it was placed last
   */
  place(key: KeyState, models: Iterable<string>, now: number): void {
    // A key that left the pool may still be in flight, or due to return.
    if (this.#keys.get(key.id) !== key) return
    this.#schedule(key, now)
    for (const model of models) if (key.cooling.has(model)) this.#watch(model, now)
    this.#settle(key, now)
  }

  /** After the pool's keys changed; rotations go on where they stood. */
  rebuild(now: number): void {
    const before = this.#any
    this.#any = new Lane(null)
    this.#byModel.clear()
    for (const key of this.#keys.values()) this.#any.place(key, now)
    this.#any.resume(before)
    for (const key of this.#keys.values()) {
      this.#schedule(key, now)
      for (const model of key.cooling.keys()) this.#watch(model, now)
    }
  }

  #takeBack(now: number): void {
    for (let key = this.#returns.due(now); key !== null; key = this.#returns.due(now)) {
      if (this.#keys.get(key.id) === key) this.#settle(key, now)
      // It may stand there twice, where a sooner time was found after a later one.
      if (key.dueAt > now) continue
      key.dueAt = Number.POSITIVE_INFINITY
      this.#schedule(key, now)
    }
  }

  /** Once for the next of its limits, however many. */
  #schedule(key: KeyState, now: number): void {
    const next = key.nextReturn(now)
    if (next >= key.dueAt) return
    key.dueAt = next
    this.#returns.add(next, key)
  }

  /** Gives a model that a key is limited for a lane of its own. */
  #watch(model: string, now: number): void {
    if (this.#byModel.has(model)) return
    evictOldest(this.#byModel)
    const lane = new Lane(model)
    for (const key of this.#keys.values()) lane.place(key, now)
    lane.resume(this.#any)
    this.#byModel.set(model, lane)
  }

  #settle(key: KeyState, now: number): void {
    this.#any.place(key, now)
    for (const lane of this.#byModel.values()) lane.place(key, now)
  }
}

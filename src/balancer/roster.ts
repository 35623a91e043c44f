import type { Key, KeyMemory } from '../model/catalog.ts'
import { spanOf } from '../model/key-span.ts'
import { KeyState } from './key-state.ts'

/** So many keys are placed one by one: more are quicker placed all anew. */
const FEW = 64

/** The keys of a pool, as their owner gave them last. */
export class Roster {
  readonly byId = new Map<string, KeyState>()
  #given: readonly Key[] = []

  /**
   * Takes over the owner's keys; what was learned stays with keys that stay. Of ten thousand keys mostly
   * few have changed, which are known by being other objects: the rest is not looked at.
   * @returns those that are to be placed anew; null: all, since some left or many changed
   */
  update(
    keys: readonly Key[],
    memories: ReadonlyMap<string, KeyMemory>,
    now: number,
    wall: number,
  ): readonly KeyState[] | null {
    const { from, to, before, inPlace } = spanOf(this.#given, keys)
    this.#given = keys
    const gone = new Set(before.map(({ id }) => id))
    const changed: KeyState[] = []
    for (let order = from; order < to; order++) {
      const key = keys[order] as Key
      gone.delete(key.id)
      changed.push(this.#configure(key, order, memories.get(key.id), now, wall))
    }
    for (const id of gone) this.byId.delete(id)
    return inPlace && changed.length <= FEW ? changed : null
  }

  #configure(
    key: Key,
    order: number,
    memory: KeyMemory | undefined,
    now: number,
    wall: number,
  ): KeyState {
    const known = this.byId.get(key.id)
    const state = known ?? new KeyState(key.id, key.generation)
    // What others learned under the new generation may be known already.
    const forgot = state.configure(key, order)
    if (known && !forgot) return state
    if (memory) state.recall(memory, now, wall)
    this.byId.set(key.id, state)
    return state
  }
}

import type { KeyState } from './key-state.ts'

/** The usable keys of one tier, in the order they were added, with the turn that is next. */
export class Ring {
  readonly tier: number
  readonly keys: KeyState[] = []
  /** Index of the key whose turn is next. */
  turn = 0

  constructor(tier: number) {
    this.tier = tier
  }

  get next(): KeyState | null {
    return this.keys[this.turn] ?? null
  }

  /** Gives the turn to this key, or to the one that stands where it would. */
  resume(next: KeyState): void {
    const place = this.#place(next)
    this.turn = place < this.keys.length ? place : 0
  }

  has(key: KeyState): boolean {
    return this.keys[this.#place(key)] === key
  }

  add(key: KeyState): void {
    const index = this.#place(key)
    this.keys.splice(index, 0, key)
    if (index < this.turn) this.turn++
  }

  remove(key: KeyState): void {
    const index = this.#place(key)
    if (this.keys[index] !== key) return
    this.keys.splice(index, 1)
    if (index < this.turn) this.turn--
    if (this.turn >= this.keys.length) this.turn = 0
  }

  /** Where the key stands, or would: binary search by its order. Most come behind all others. */
  #place(key: KeyState): number {
    let low = 0
    let high = this.keys.length
    if ((this.keys[high - 1]?.order ?? -1) < key.order) return high
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.keys[middle] as KeyState).order < key.order) low = middle + 1
      else high = middle
    }
    return low
  }
}

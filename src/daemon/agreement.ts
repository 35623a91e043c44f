import type { Clock } from '../base/clock.ts'
import type { KeyMemory } from '../model/catalog.ts'
import { mergeMemories } from '../model/key-memory.ts'

/** What one worker says the others hear sooner; until then each speaks without knowing of it. ms. */
const HEARD_AFTER = 250

interface Word {
  readonly memory: KeyMemory
  /** Monotonic ms. */
  readonly at: number
}

/**
 * What several workers say of the same key in the same moment, as one word: the last one to speak
 * did not know of what the others had just learned, and must not take it back.
 */
export class Agreement {
  readonly #clock: Clock
  /** Key → worker → what it said last, where that was a moment ago. */
  readonly #recent = new Map<string, Map<number, Word>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns what is to be taken for true; without what is of an older generation than another's word */
  take(worker: number, batch: readonly KeyMemory[]): KeyMemory[] {
    const now = this.#clock.now()
    this.#forget(now - HEARD_AFTER)
    return batch.flatMap(memory => this.#agree(worker, memory, now) ?? [])
  }

  #agree(worker: number, memory: KeyMemory, now: number): KeyMemory | null {
    const words = this.#recent.get(memory.keyId) ?? new Map<number, Word>()
    this.#recent.set(memory.keyId, words)
    let agreed = memory
    for (const [other, word] of words) {
      if (word.memory.generation > memory.generation) return null
      if (other === worker || word.memory.generation < memory.generation) continue
      agreed = mergeMemories(word.memory, agreed)
    }
    words.set(worker, { memory, at: now })
    return agreed
  }

  #forget(before: number): void {
    for (const [key, words] of this.#recent) {
      for (const [worker, { at }] of words) if (at < before) words.delete(worker)
      if (words.size === 0) this.#recent.delete(key)
    }
  }
}

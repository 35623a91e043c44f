import type { Catalog, KeyMemory } from '../model/catalog.ts'

/** What is known about keys now, from whichever gateway or node said it last. */
export class Learned {
  readonly #byKey = new Map<string, KeyMemory>()

  /** Takes over a catalogue: its keys are the ones there are, and its memories may be newer. */
  seed({ keys, memories }: Catalog): void {
    const present = new Map(keys.map(key => [key.id, key.generation]))
    for (const [id, memory] of this.#byKey) {
      if (present.get(id) !== memory.generation) this.#byKey.delete(id)
    }
    for (const memory of memories) {
      if (present.get(memory.keyId) === memory.generation && !this.#byKey.has(memory.keyId)) {
        this.#byKey.set(memory.keyId, memory)
      }
    }
  }

  take(memories: readonly KeyMemory[]): void {
    for (const memory of memories) this.#byKey.set(memory.keyId, memory)
  }

  list(): KeyMemory[] {
    return [...this.#byKey.values()]
  }
}

import type { Catalog, KeyMemory } from '../model/catalog.ts'

/** What is known about keys now, from whichever gateway or node said it last. */
export class Learned {
  readonly #byKey = new Map<string, KeyMemory>()

  /** Takes over a catalogue: its keys are the ones there are, and its memories may be newer. */
  seed({ keys, memories }: Catalog): void {
    const present = new Map(keys.map(key => [key.id, key.generation]))
    for (const [id, memory] of this.#byKey) {
      // One of a newer generation is of a change that this catalogue does not know yet.
      if (memory.generation < (present.get(id) ?? Number.POSITIVE_INFINITY)) this.#byKey.delete(id)
    }
    for (const memory of memories) {
      if (present.get(memory.keyId) === memory.generation && !this.#byKey.has(memory.keyId)) {
        this.#byKey.set(memory.keyId, memory)
      }
    }
  }

  /** What was learned under an older generation than is known has no say any more. */
  take(memories: readonly KeyMemory[]): void {
    for (const memory of memories) {
      const known = this.#byKey.get(memory.keyId)
      if (known === undefined || known.generation <= memory.generation) {
        this.#byKey.set(memory.keyId, memory)
      }
    }
  }

  of(keyId: string): KeyMemory | undefined {
    return this.#byKey.get(keyId)
  }

  list(): KeyMemory[] {
    return [...this.#byKey.values()]
  }
}

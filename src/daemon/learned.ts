import type { Catalog, KeyMemory, Lessons, ProviderMemory } from '../model/catalog.ts'
import { addOutages } from '../model/outage.ts'

/** What is known about keys and providers now, from whichever gateway or node said it last. */
export class Learned {
  readonly #byKey = new Map<string, KeyMemory>()
  readonly #byProvider = new Map<string, ProviderMemory>()

  /** Takes over a catalogue: its keys and providers are the ones there are, and its memories may be newer. */
  seed({ keys, providers, memories, outages }: Catalog): void {
    const any = this.#byKey.size > 0 || memories.length > 0
    const present = generations(any ? keys : [])
    forgetOlder(this.#byKey, present)
    for (const memory of memories) {
      if (present.get(memory.keyId) === memory.generation && !this.#byKey.has(memory.keyId)) {
        this.#byKey.set(memory.keyId, memory)
      }
    }
    forgetOlder(this.#byProvider, generations(providers))
    this.takeOutages(outages)
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

  takeOutages(outages: readonly ProviderMemory[]): void {
    addOutages(this.#byProvider, outages)
  }

  get lessons(): Lessons {
    return { memories: [...this.#byKey.values()], outages: [...this.#byProvider.values()] }
  }
}

interface Aged {
  readonly generation: number
}

function generations(owned: readonly (Aged & { readonly id: string })[]): Map<string, number> {
  return new Map(owned.map(({ id, generation }) => [id, generation]))
}

/** One of a newer generation is of a change that this catalogue does not know yet. */
function forgetOlder(memories: Map<string, Aged>, present: ReadonlyMap<string, number>): void {
  for (const [id, { generation }] of memories) {
    if (generation < (present.get(id) ?? Number.POSITIVE_INFINITY)) memories.delete(id)
  }
}

import { hostname } from 'node:os'
import { type Finding, isAccepted, verdict } from '../balancer/verdict.ts'
import type { Clock } from '../base/clock.ts'
import type { Key, KeyMemory } from '../model/catalog.ts'
import { HEARD_WITHIN_MS } from '../model/node.ts'
import type { ProviderSettings } from '../model/settings.ts'
import type { Store } from '../model/store.ts'

/** What was known of a key before a test and after it; undefined where that is nothing. */
export interface Lesson {
  readonly before: KeyMemory | undefined
  readonly after: KeyMemory | undefined
}

/** Writes what tests teach into the store, beside what gateways learn from traffic meanwhile. */
export class Lessons {
  /** Who learned it, as nodes are named. */
  readonly #node = `test:${hostname()}:${process.pid}`
  readonly #store: Store
  readonly #clock: Clock
  /** By key, as the store has it. */
  readonly #known: Map<string, KeyMemory>
  #number: number

  private constructor(store: Store, clock: Clock, known: Map<string, KeyMemory>, number: number) {
    this.#store = store
    this.#clock = clock
    this.#known = known
    this.#number = number
  }

  static async open(store: Store, clock: Clock): Promise<Lessons> {
    const { learned } = await store.heads()
    return new Lessons(store, clock, await store.memories(), learned)
  }

  /** Adds what came of a test; what the store then says of the key is what is true. */
  async add(key: Key, found: Finding, settings: ProviderSettings): Promise<Lesson> {
    await this.#read()
    if (isAccepted(found)) await this.#settle(this.#of(key))
    const before = this.#of(key)
    const by = {
      maxFailures: settings.max_failures,
      now: this.#clock.now(),
      wall: this.#clock.wall(),
      random: Math.random,
    }
    const learned = verdict(key, before, found, settings.test_model, by)
    if (learned !== null) {
      await this.#store.remember([learned], this.#node)
      await this.#read()
    }
    return { before, after: this.#of(key) }
  }

  /** A test that teaches nothing. */
  none(key: Key): Lesson {
    const known = this.#of(key)
    return { before: known, after: known }
  }

  /**
   * What a gateway said against a key a moment ago the store keeps: whoever speaks so soon after it
   * is taken not to have heard of it. This one has, and waits until that is believed.
   */
  async #settle(memory: KeyMemory | undefined): Promise<void> {
    if (!memory?.invalid && !memory?.exhausted) return
    const age = Math.max(0, this.#clock.wall() - memory.savedAt)
    if (age > HEARD_WITHIN_MS) return
    await this.#clock.sleep(HEARD_WITHIN_MS - age + 1)
    await this.#read()
  }

  #of({ id, generation }: Key): KeyMemory | undefined {
    const memory = this.#known.get(id)
    return memory?.generation === generation ? memory : undefined
  }

  async #read(): Promise<void> {
    const { learned, memories } = await this.#store.learnedSince(this.#number)
    this.#number = Math.max(this.#number, learned)
    for (const memory of memories) this.#known.set(memory.keyId, memory)
  }
}

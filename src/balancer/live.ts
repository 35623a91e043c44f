import type { Clock } from '../base/clock.ts'
import type { KeyMemory } from '../model/catalog.ts'
import { Caller } from './caller.ts'
import type { KeyState } from './key-state.ts'
import { Pool } from './pool.ts'

/**
 * All state that reloads carry over: pools by provider id, callers by token id.
 * It also gathers which keys learned something since it was last asked.
 */
export class Live {
  readonly #clock: Clock
  readonly #pools = new Map<string, Pool>()
  readonly #callers = new Map<string, Caller>()
  readonly #learned = new Set<KeyState>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  pool(providerId: string): Pool {
    const known = this.#pools.get(providerId)
    if (known) return known
    const pool = new Pool(key => this.#learned.add(key))
    this.#pools.set(providerId, pool)
    return pool
  }

  caller(tokenId: string): Caller {
    const known = this.#callers.get(tokenId)
    if (known) return known
    const caller = new Caller()
    this.#callers.set(tokenId, caller)
    return caller
  }

  /** Forgets what is no longer configured. */
  retain(providerIds: ReadonlySet<string>, tokenIds: ReadonlySet<string>): void {
    for (const id of this.#pools.keys()) if (!providerIds.has(id)) this.#pools.delete(id)
    for (const id of this.#callers.keys()) if (!tokenIds.has(id)) this.#callers.delete(id)
  }

  /** Takes over what another process learned. */
  learn(memories: readonly KeyMemory[]): void {
    const now = this.#clock.now()
    const wall = this.#clock.wall()
    for (const memory of memories) {
      for (const pool of this.#pools.values()) pool.learn(memory, now, wall)
    }
  }

  /** What keys learned since the last call, each as a whole. */
  takeLearned(): KeyMemory[] {
    if (this.#learned.size === 0) return []
    const now = this.#clock.now()
    const wall = this.#clock.wall()
    const memories = Array.from(this.#learned, key => key.memory(now, wall))
    this.#learned.clear()
    return memories
  }
}

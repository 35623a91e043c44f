import type { Clock } from '../base/clock.ts'
import type { KeyMemory, ProviderMemory } from '../model/catalog.ts'
import { Caller } from './caller.ts'
import type { KeyState } from './key-state.ts'
import { Pool } from './pool.ts'
import { Rotation } from './rotation.ts'

/**
 * All state that reloads carry over: pools by provider id, callers by token id.
 * It also gathers which keys learned something since it was last asked.
 */
export class Live {
  readonly #clock: Clock
  readonly #pools = new Map<string, Pool>()
  readonly #callers = new Map<string, Caller>()
  readonly #rotations = new Map<string, Rotation>()
  readonly #learned = new Set<KeyState>()
  /** Providers of which a breaker opened or closed. */
  readonly #changed = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  pool(providerId: string): Pool {
    const known = this.#pools.get(providerId)
    if (known) return known
    const pool = new Pool({
      keyLearned: key => this.#learned.add(key),
      breakersChanged: () => this.#changed.add(providerId),
    })
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

  /** Whose turn it is among the targets of a route. */
  rotation(route: string): Rotation {
    const known = this.#rotations.get(route)
    if (known) return known
    const rotation = new Rotation()
    this.#rotations.set(route, rotation)
    return rotation
  }

  /** Forgets what is no longer configured. */
  retain(
    providerIds: ReadonlySet<string>,
    tokenIds: ReadonlySet<string>,
    routes: ReadonlySet<string>,
  ): void {
    for (const route of this.#rotations.keys())
      if (!routes.has(route)) this.#rotations.delete(route)
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

  /** Of providers whose breakers opened or closed since the last call: all that are open. */
  takeOutages(): ProviderMemory[] {
    if (this.#changed.size === 0) return []
    const now = this.#clock.now()
    const savedAt = this.#clock.wall()
    const outages = Array.from(this.#changed, providerId => ({
      providerId,
      breakers: this.#pools.get(providerId)?.openings(now) ?? {},
      savedAt,
    }))
    this.#changed.clear()
    return outages
  }

  /** Takes over what another process, or an earlier life, found of providers. */
  learnOutages(memories: readonly ProviderMemory[]): void {
    const now = this.#clock.now()
    const wall = this.#clock.wall()
    for (const { providerId, breakers, savedAt } of memories) {
      const passed = Math.max(0, wall - savedAt)
      const aged = Object.entries(breakers).map(([model, opening]) => [
        model,
        { ...opening, remaining: Math.max(0, opening.remaining - passed) },
      ])
      this.#pools.get(providerId)?.recallOpenings(Object.fromEntries(aged), now)
    }
  }
}

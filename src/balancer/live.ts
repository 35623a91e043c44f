import type { Clock } from '../base/clock.ts'
import type { KeyMemory, Provider, ProviderMemory } from '../model/catalog.ts'
import { mergeOutages, newsIn, openingAt } from '../model/outage.ts'
import { Caller } from './caller.ts'
import type { KeyState } from './key-state.ts'
import { Pool } from './pool.ts'
import { ProxyHealth } from './proxy-health.ts'
import { Rotation } from './rotation.ts'

/**
 * All state that reloads carry over: pools by provider id, callers by token id.
 * It also gathers which keys and providers something was learned of since it was last asked.
 */
export class Live {
  readonly #clock: Clock
  readonly #pools = new Map<string, Pool>()
  readonly #callers = new Map<string, Caller>()
  readonly #rotations = new Map<string, Rotation>()
  readonly #learned = new Set<KeyState>()
  /** By provider id: what was said last of its breakers, here or elsewhere. */
  readonly #outages = new Map<string, ProviderMemory>()
  /** Providers of which a breaker opened or closed here. */
  readonly #changed = new Set<string>()

  readonly proxies = new ProxyHealth()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  pool(providerId: string): Pool {
    const known = this.#pools.get(providerId)
    if (known) return known
    const pool = new Pool({
      keyLearned: key => this.#learned.add(key),
      breakerChanged: (pool, model) => this.#noteBreaker(providerId, pool, model),
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
    for (const id of this.#outages.keys()) if (!providerIds.has(id)) this.#outages.delete(id)
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

  /** Takes over the owner's providers: a raised generation voids what was learned about one. */
  configure(providers: readonly Provider[]): void {
    for (const { id, generation } of providers) {
      if (this.#outages.get(id)?.generation === generation) continue
      this.#pools.get(id)?.forgetOpenings()
      this.#outages.set(id, { providerId: id, generation, breakers: {} })
    }
  }

  /** Of providers whose breakers opened or closed here since the last call: the last words on each. */
  takeOutages(): ProviderMemory[] {
    if (this.#changed.size === 0) return []
    const outages = Array.from(this.#changed, id => this.#outages.get(id) ?? []).flat()
    this.#changed.clear()
    return outages
  }

  /**
   * Takes over what another process, or an earlier life, found of providers under their present
   * generation. Only later words than are known here count (see {@link mergeOutages}): a breaker that
   * opened or closed here since stays as it is.
   */
  learnOutages(outages: readonly ProviderMemory[]): void {
    const now = this.#clock.now()
    const wall = this.#clock.wall()
    for (const told of outages) {
      const { providerId, generation } = told
      const known = this.#outages.get(providerId)
      if (known?.generation !== generation) continue
      for (const [model, word] of newsIn(told, known)) {
        this.#pools.get(providerId)?.recallOpening(model, openingAt(word, wall), now)
      }
      this.#outages.set(providerId, mergeOutages(known, told))
    }
  }

  #noteBreaker(providerId: string, pool: Pool, model: string): void {
    const known = this.#outages.get(providerId)
    if (known === undefined) return
    const at = Math.max(this.#clock.wall(), (known.breakers[model]?.at ?? 0) + 1)
    const word = { at, opening: pool.opening(model, this.#clock.now()) }
    this.#outages.set(providerId, mergeOutages(known, { ...known, breakers: { [model]: word } }))
    this.#changed.add(providerId)
  }
}

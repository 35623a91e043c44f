import type { Opening } from '../model/catalog.ts'
import { Breaker, type BreakerState } from './breaker.ts'
import { evictOldest } from './evict.ts'
import type { KeyState } from './key-state.ts'

/** So many keys refused together, and this share of the pool, within this time: it is not the keys. */
const REFUSED_KEYS = 3
const REFUSED_SHARE = 0.5
const REFUSED_WITHIN_MS = 60_000

/** Stands for all models where breakers are named by model; one that is called so has no breaker of its own. */
export const ALL_MODELS = '*'

/** The breakers of one provider: one for each model that failed, and one for all of them. */
export class Breakers {
  readonly #byModel = new Map<string, Breaker>()
  readonly #all = new Breaker()
  readonly #changed: (model: string) => void
  /** Keys that were refused together with others → when, monotonic ms. */
  readonly #refused = new Map<KeyState, number>()

  /** @param changed is told when one opens or closes, and which; not of what it recalls */
  constructor(changed: (model: string) => void) {
    this.#changed = changed
  }

  allows(model: string, now: number): boolean {
    return this.#all.allows(now) && (this.#byModel.get(model)?.allows(now) ?? true)
  }

  /** Call once for a request that goes out; true when it is the probe of any of them. */
  enter(model: string, now: number): boolean {
    const one = this.#byModel.get(model)?.enter(now) ?? false
    return this.#all.enter(now) || one
  }

  /** Milliseconds until a request may pass. */
  wait(model: string, now: number): number {
    return Math.max(this.#all.wait(now), this.#byModel.get(model)?.wait(now) ?? 0)
  }

  succeed(model: string, probe: boolean): void {
    if (this.#refused.size > 0) this.#refused.clear()
    const one = this.#byModel.get(model)?.succeed(probe) ?? false
    // That all are refused is disproved by any success, whenever its request went out.
    const all = this.#all.closed ? this.#all.succeed(false) : this.#all.close()
    this.#tell(model, one, all)
  }

  /** One is made at a model's first failure. */
  fail(model: string, probe: boolean, now: number): void {
    const breaker = this.#byModel.get(model) ?? (model === ALL_MODELS ? null : this.#add(model))
    const one = breaker?.fail(probe, now) ?? false
    // A failing probe of all models keeps them closed; other failures are the model's alone.
    const all = probe && this.#all.state(now) === 'half-open' && this.#all.fail(probe, now)
    this.#tell(model, one, all)
  }

  forget(model: string, probe: boolean): void {
    this.#byModel.get(model)?.forget(probe)
    this.#all.forget(probe)
  }

  /**
   * These keys were refused in one exchange that ended without an answer. Where so many are, it is the
   * provider that refuses: then all its models are left alone for a while.
   * @param size of the pool
   */
  refuse(keys: readonly KeyState[], size: number, now: number): void {
    for (const [key, at] of this.#refused) {
      if (at <= now - REFUSED_WITHIN_MS) this.#refused.delete(key)
    }
    for (const key of keys) this.#refused.set(key, now)
    const many = this.#refused.size >= REFUSED_KEYS && this.#refused.size >= size * REFUSED_SHARE
    if (!many || this.#all.state(now) === 'open') return
    this.#all.open(now)
    this.#refused.clear()
    this.#changed(ALL_MODELS)
  }

  /** By model, where it is not closed; {@link ALL_MODELS} for all. */
  states(now: number): Record<string, Exclude<BreakerState, 'closed'>> {
    const open: Record<string, Exclude<BreakerState, 'closed'>> = Object.create(null)
    for (const [model, breaker] of this.#list()) {
      const state = breaker.state(now)
      if (state !== 'closed') open[model] = state
    }
    return open
  }

  /** As it is told to others; null where it is closed. */
  opening(model: string, now: number): Opening | null {
    return this.#of(model)?.opening(now) ?? null
  }

  /** Takes over what an earlier life or another process found of one; null: that it works again. */
  recall(model: string, opening: Opening | null, now: number): void {
    const breaker = this.#of(model) ?? (opening === null ? null : this.#add(model))
    breaker?.recall(opening, now)
  }

  #tell(model: string, one: boolean, all: boolean): void {
    if (one) this.#changed(model)
    if (all) this.#changed(ALL_MODELS)
  }

  #of(model: string): Breaker | undefined {
    return model === ALL_MODELS ? this.#all : this.#byModel.get(model)
  }

  #add(model: string): Breaker {
    evictOldest(this.#byModel)
    const breaker = new Breaker()
    this.#byModel.set(model, breaker)
    return breaker
  }

  #list(): [model: string, breaker: Breaker][] {
    return [[ALL_MODELS, this.#all], ...this.#byModel]
  }
}

import type { KeyState } from '../balancer/key-state.ts'
import type { Lease } from '../balancer/lease.ts'
import { UNUSED } from '../model/outcome.ts'
import type { CompiledTarget } from '../snapshot/route-table.ts'
import type { CompiledKey, CompiledProvider } from '../snapshot/snapshot.ts'
import type { Exit } from '../snapshot/way.ts'
import { claimLister } from './ask-models.ts'
import { chooseTarget } from './choose-target.ts'
import { Detours } from './detours.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { claimPinned } from './pinned.ts'

/** What the next attempt is made with. */
export interface Step {
  readonly target: CompiledTarget
  readonly key: CompiledKey
  readonly lease: Lease
  readonly exit: Exit
  /** On a connection of its own. */
  readonly fresh: boolean
}

/** The targets and keys that are still open to one exchange, and its claims on them. */
export class Claims {
  readonly detours = new Detours()
  /** A provider whose proxies all fail was passed over. */
  unreachable: CompiledProvider | null = null
  readonly #exchange: Exchange
  readonly #gateway: Gateway
  /** Keys that refused this exchange. */
  readonly #tried: KeyState[] = []
  /** Targets that are not asked again. */
  readonly #passed: CompiledTarget[] = []
  /** Targets that failed, and are asked again only where no other is left. */
  readonly #failed: CompiledTarget[] = []
  #target: CompiledTarget | null = null
  /** The key that is asked once more, on a fresh connection or through another proxy. */
  #again: { readonly key: KeyState; readonly fresh: boolean } | null = null
  /** Faults of the same kind in a row at one target. */
  #alike = 0

  constructor(exchange: Exchange, gateway: Gateway) {
    this.#exchange = exchange
    this.#gateway = gateway
  }

  /** Claims a key for the next attempt; null when none may be had now. */
  next(): Step | null {
    for (;;) {
      this.#target ??= this.#choose()
      const target = this.#target
      if (target === null) return null
      const step = this.#claim(target)
      if (step !== null) return step
      this.leave(target)
    }
  }

  #choose(): CompiledTarget | null {
    this.#alike = 0
    const { targets } = this.#exchange
    const [only = null] = targets
    // Whether it can serve is found out by asking it.
    if (targets.length === 1) return only !== null && this.#passed.includes(only) ? null : only
    return (
      this.#turn(target => !this.#failed.includes(target), true) ?? this.#turn(() => true, true)
    )
  }

  /** Whose turn it is of those that are still asked at all. */
  #turn(open: (target: CompiledTarget) => boolean, take: boolean): CompiledTarget | null {
    const isOpen = (target: CompiledTarget) => !this.#passed.includes(target) && open(target)
    const now = this.#gateway.clock.now()
    return chooseTarget(this.#exchange, isOpen, now, take, this.#tried)
  }

  #claim(target: CompiledTarget): Step | null {
    const { provider } = target
    const model = target.model ?? this.#exchange.model ?? ''
    const again = this.#again
    this.#again = null
    for (;;) {
      const now = this.#gateway.clock.now()
      // What took that key away meanwhile is nothing against the others.
      const lease =
        (again && provider.pool.reclaim(again.key, model, now)) ??
        this.#select(provider, model, now)
      if (lease === null) return null
      const key = provider.keys.get(lease.key.id)
      const exit = key === undefined ? null : this.detours.exitOf(key)
      if (key !== undefined && exit !== null) {
        return { target, key, lease, exit, fresh: again?.fresh ?? false }
      }
      // Without a compiled key it was added after this exchange began, and belongs to a newer snapshot.
      lease.release(UNUSED, now, this.#gateway.clock.wall())
      if (key !== undefined) {
        this.unreachable = provider
        // Its own proxies fail, and those of the other keys may not.
        if (key.way.scope === provider.scope) return null
      }
      this.#tried.push(lease.key)
    }
  }

  #select(provider: CompiledProvider, model: string, now: number): Lease | null {
    const { pin } = this.#exchange
    if (pin !== null) return claimPinned(pin, model, this.#tried, now)
    if (this.#exchange.endpoint.name === 'models') return claimLister(provider, this.#tried, now)
    return provider.pool.select(model, this.#tried, now)
  }

  /** This key may be claimed once more, with the next claim only. */
  again(key: KeyState, fresh: boolean): void {
    this.#again = { key, fresh }
  }

  /** This key is not asked again. */
  refused(key: KeyState): void {
    this.#tried.push(key)
  }

  /** Counts a fault that keys of the same target may share; gives how many there were in a row. */
  alike(): number {
    return ++this.#alike
  }

  /** This target is asked again only where no other is left. */
  failed(target: CompiledTarget): void {
    this.#failed.push(target)
    this.#target = null
  }

  /** This target is not asked again. */
  leave(target: CompiledTarget): void {
    this.#passed.push(target)
    this.#target = null
  }

  hasFailed(target: CompiledTarget): boolean {
    return this.#failed.includes(target)
  }

  /** The target that would be next of those that did not fail yet, and can serve. */
  elsewhere(target: CompiledTarget): CompiledTarget | null {
    return this.#turn(other => other !== target && !this.#failed.includes(other), false)
  }

  /** The same of all that are asked at all. */
  anywhere(): CompiledTarget | null {
    return this.#turn(() => true, false)
  }
}

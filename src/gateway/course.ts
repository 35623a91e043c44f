import type { KeyState } from '../balancer/key-state.ts'
import type { Lease } from '../balancer/lease.ts'
import { judge, type Mark } from '../balancer/mark.ts'
import type { Pool } from '../balancer/pool.ts'
import { isPermanent, isTransient, type Outcome, UNUSED } from '../model/outcome.ts'
import type { CompiledTarget } from '../snapshot/route-table.ts'
import type { CompiledKey, CompiledProvider } from '../snapshot/snapshot.ts'
import type { Exit } from '../snapshot/way.ts'
import { claimLister } from './ask-models.ts'
import { chooseTarget } from './choose-target.ts'
import { Detours } from './detours.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { pauseBefore } from './pause.ts'
import { claimPinned } from './pinned.ts'

/** Keys of one provider that may fail alike before the next target is asked: a third would fail too. */
const ALIKE = 2

/** What the next attempt is made with. */
export interface Step {
  readonly target: CompiledTarget
  readonly key: CompiledKey
  readonly lease: Lease
  readonly exit: Exit
  /** On a connection of its own. */
  readonly fresh: boolean
}

/** The way of one exchange through targets and keys: what it tried, and what it may still try. */
export class Course {
  /** More might have been tried, but for the time. */
  late = false
  readonly detours = new Detours()
  /** A provider whose proxies all fail was passed over. */
  unreachable: CompiledProvider | null = null
  readonly #exchange: Exchange
  readonly #gateway: Gateway
  /** Keys that refused this exchange. */
  readonly #tried: KeyState[] = []
  readonly #marks: Mark[] = []
  /** Targets that are not asked again. */
  readonly #passed: CompiledTarget[] = []
  /** Targets that failed, and are asked again only where no other is left. */
  readonly #failed: CompiledTarget[] = []
  #target: CompiledTarget | null = null
  /** The last attempt was ended by the client, or by us. */
  #givenUp = false
  /** The key that is asked once more, on a fresh connection or through another proxy. */
  #again: { readonly key: KeyState; readonly fresh: boolean } | null = null
  /** Attempts that ended in a transient fault. */
  #transient = 0
  /** Repeats of a request that may have acted. */
  #ambiguous = 0
  /** Repeats after a conflict. */
  #conflicts = 0
  /** Faults of the same kind in a row at one target. */
  #alike = 0

  constructor(exchange: Exchange, gateway: Gateway) {
    this.#exchange = exchange
    this.#gateway = gateway
  }

  /** More than one attempt failed, so that the client's own retries would only multiply them. */
  get repeated(): boolean {
    return this.#transient > 1
  }

  /** Claims a key for the next attempt; null when none may be had now. */
  next(): Step | null {
    for (;;) {
      this.#target ??= this.#choose()
      const target = this.#target
      if (target === null) return null
      const step = this.#claim(target)
      if (step !== null) return step
      this.#leave(target)
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
      if (key !== undefined) {
        lease.release(UNUSED, now, this.#gateway.clock.wall())
        this.unreachable = provider
        // Its own proxies fail, and those of the other keys may not.
        if (key.way.scope === provider.scope) return null
        this.#tried.push(lease.key)
        continue
      }
      // Added after this exchange began: it belongs to a newer snapshot than ours.
      lease.release(UNUSED, now, this.#gateway.clock.wall())
      this.#tried.push(lease.key)
    }
  }

  #select(provider: CompiledProvider, model: string, now: number): Lease | null {
    const { pin } = this.#exchange
    if (pin !== null) return claimPinned(pin, model, this.#tried, now)
    if (this.#exchange.endpoint.name === 'models') return claimLister(provider, this.#tried, now)
    return provider.pool.select(model, this.#tried, now)
  }

  /**
   * Gives the attempt's key back with what it taught.
   * @returns the ms to wait before the next attempt; null when none may follow
   */
  settle({ target, lease }: Step, outcome: Outcome): number | null {
    const { clock } = this.#gateway
    const mark = lease.release(outcome, clock.now(), clock.wall())
    if (mark !== null) this.#marks.push(mark)
    this.#givenUp = outcome.fault === 'gone'
    // The key was accepted, or the answer would be another one.
    if (outcome.fault === 'client') this.confirm(lease.pool)
    return this.#exchange.left || this.#isSpent(target, outcome)
      ? null
      : this.#goOn(target, lease, outcome)
  }

  /** An answer came from this pool: the marks that were made there stand. */
  confirm(pool: Pool): void {
    this.#judge(pool)
  }

  /** No attempt follows. */
  end(): void {
    this.#judge(null)
  }

  #judge(worked: Pool | null): void {
    const { clock } = this.#gateway
    const givenUp = this.late || this.#givenUp || this.#exchange.left
    if (this.#marks.length > 0) judge(this.#marks, worked, clock.now(), givenUp)
    this.#marks.length = 0
  }

  /** Whether a budget of the exchange is used up, wherever the next attempt would go. */
  #isSpent({ provider: { settings } }: CompiledTarget, outcome: Outcome): boolean {
    const { body, endpoint, startedAt } = this.#exchange
    if (isTransient(outcome.fault)) this.#transient++
    // What was streamed through is gone.
    if (outcome.retry === 'no' || body?.streaming?.begun) return true
    if (this.#transient >= settings.max_retries) return true
    if (this.#gateway.clock.now() >= startedAt + settings.first_byte_timeout) {
      this.late = true
      return true
    }
    if (outcome.fault !== 'provider') return false
    if (outcome.reach !== 'not-sent' && endpoint.repeat === 'stateful') return true
    return outcome.reach === 'ambiguous' && this.#ambiguous++ > 0
  }

  #goOn(target: CompiledTarget, { key }: Lease, outcome: Outcome): number | null {
    switch (outcome.retry) {
      case 'no':
        return null
      case 'fresh':
        this.#again = { key, fresh: true }
        return 0
      case 'key':
        this.#tried.push(key)
        return this.#afterKey(target, outcome)
      case 'target':
        return this.#onlyElsewhere(target)
      case 'proxy':
        return this.#throughAnother(target, key)
      case 'same':
        if (this.#exchange.endpoint.repeat === 'stateful' || this.#conflicts++ > 0) return null
        return pauseBefore(outcome, 1)
      case 'any':
        this.#failed.push(target)
        this.#target = null
        return this.#afterProvider(target, outcome)
    }
  }

  /** Another key may do better; after two that failed alike another target is the better guess. */
  #afterKey(target: CompiledTarget, { fault }: Outcome): number | null {
    const counted = fault === 'rate' || fault === 'model'
    if (!counted || ++this.#alike < ALIKE) return 0
    if (this.#elsewhere(target) !== null) {
      this.#leave(target)
      return 0
    }
    // Where two keys may not use the model, it is not for the keys of this provider at all.
    return isPermanent(fault) ? null : 0
  }

  /** Nothing was sent, so this costs nothing; it ends with the proxies. */
  #throughAnother(target: CompiledTarget, key: KeyState): number | null {
    const compiled = target.provider.keys.get(key.id)
    if (compiled !== undefined && this.detours.exitOf(compiled) !== null) {
      this.#again = { key, fresh: false }
      return 0
    }
    if (compiled === undefined || compiled.way.scope === target.provider.scope) {
      return this.#onlyElsewhere(target)
    }
    // Its own proxies fail, and those of the other keys may not.
    this.#tried.push(key)
    return 0
  }

  #onlyElsewhere(target: CompiledTarget): number | null {
    const elsewhere = this.#elsewhere(target)
    this.#leave(target)
    return elsewhere === null ? null : 0
  }

  /**
   * To move to another provider is free. Work added to the one that fails is paid for, and where it
   * said when to come back that is waited for.
   */
  #afterProvider(target: CompiledTarget, outcome: Outcome): number | null {
    const next = this.#elsewhere(target) ?? this.#turn(() => true, false)
    if (next === null) return null
    if (next.provider !== target.provider && !this.#failed.includes(next)) return 0
    const pause = pauseBefore(outcome, this.#transient)
    return pause !== null && next.provider.pool.budget.spend() ? pause : null
  }

  #leave(target: CompiledTarget): void {
    this.#passed.push(target)
    this.#target = null
  }

  /** The target that would be next of those that did not fail yet, and can serve. */
  #elsewhere(target: CompiledTarget): CompiledTarget | null {
    return this.#turn(other => other !== target && !this.#failed.includes(other), false)
  }
}

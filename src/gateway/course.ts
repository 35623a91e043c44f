import type { KeyState } from '../balancer/key-state.ts'
import type { Lease } from '../balancer/lease.ts'
import { judge, type Mark } from '../balancer/mark.ts'
import type { Pool } from '../balancer/pool.ts'
import { isPermanent, isTransient, type Outcome } from '../model/outcome.ts'
import type { CompiledTarget } from '../snapshot/route-table.ts'
import { Claims, type Step } from './claims.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { pauseBefore } from './pause.ts'

/** Keys of one provider that may fail alike before the next target is asked: a third would fail too. */
const ALIKE = 2

/** The way of one exchange through targets and keys: what it tried, and what it may still try. */
export class Course {
  /** More might have been tried, but for the time. */
  late = false
  readonly claims: Claims
  readonly #exchange: Exchange
  readonly #gateway: Gateway
  readonly #marks: Mark[] = []
  /** The last attempt was ended by the client, or by us. */
  #givenUp = false
  /** Attempts that ended in a transient fault. */
  #transient = 0
  /** Repeats of a request that may have acted. */
  #ambiguous = 0
  /** Repeats after a conflict. */
  #conflicts = 0

  constructor(exchange: Exchange, gateway: Gateway) {
    this.#exchange = exchange
    this.#gateway = gateway
    this.claims = new Claims(exchange, gateway)
  }

  /** More than one attempt failed, so that the client's own retries would only multiply them. */
  get repeated(): boolean {
    return this.#transient > 1
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
        this.claims.again(key, true)
        return 0
      case 'key':
        this.claims.refused(key)
        return this.#afterKey(target, outcome)
      case 'target':
        return this.#onlyElsewhere(target)
      case 'proxy':
        return this.#throughAnother(target, key)
      case 'same':
        if (this.#exchange.endpoint.repeat === 'stateful' || this.#conflicts++ > 0) return null
        return pauseBefore(outcome, 1)
      case 'any':
        this.claims.failed(target)
        return this.#afterProvider(target, outcome)
    }
  }

  /** Another key may do better; after two that failed alike another target is the better guess. */
  #afterKey(target: CompiledTarget, { fault }: Outcome): number | null {
    const counted = fault === 'rate' || fault === 'model'
    if (!counted || this.claims.alike() < ALIKE) return 0
    if (this.claims.elsewhere(target) !== null) {
      this.claims.leave(target)
      return 0
    }
    // Where two keys may not use the model, it is not for the keys of this provider at all.
    return isPermanent(fault) ? null : 0
  }

  /** Nothing was sent, so this costs nothing; it ends with the proxies. */
  #throughAnother(target: CompiledTarget, key: KeyState): number | null {
    const compiled = target.provider.keys.get(key.id)
    if (compiled !== undefined && this.claims.detours.exitOf(compiled) !== null) {
      this.claims.again(key, false)
      return 0
    }
    if (compiled === undefined || compiled.way.scope === target.provider.scope) {
      return this.#onlyElsewhere(target)
    }
    // Its own proxies fail, and those of the other keys may not.
    this.claims.refused(key)
    return 0
  }

  #onlyElsewhere(target: CompiledTarget): number | null {
    const elsewhere = this.claims.elsewhere(target)
    this.claims.leave(target)
    return elsewhere === null ? null : 0
  }

  /**
   * To move to another provider is free. Work added to the one that fails is paid for, and where it
   * said when to come back that is waited for.
   */
  #afterProvider(target: CompiledTarget, outcome: Outcome): number | null {
    const next = this.claims.elsewhere(target) ?? this.claims.anywhere()
    if (next === null) return null
    if (next.provider !== target.provider && !this.claims.hasFailed(next)) return 0
    const pause = pauseBefore(outcome, this.#transient)
    return pause !== null && next.provider.pool.budget.spend() ? pause : null
  }
}

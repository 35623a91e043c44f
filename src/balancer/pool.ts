import type { Key, KeyMemory, Opening } from '../model/catalog.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Policy } from '../model/settings.ts'
import type { BreakerState } from './breaker.ts'
import { Breakers } from './breakers.ts'
import type { KeyState } from './key-state.ts'
import { Lanes } from './lanes.ts'
import { Lease } from './lease.ts'
import { Mark } from './mark.ts'
import { CHOOSE } from './policy.ts'
import { RetryBudget } from './retry-budget.ts'
import { Roster } from './roster.ts'
import { absolve, settle } from './settle.ts'

export interface PoolRules {
  readonly policy: Policy
  readonly maxFailures: number
}

/** Who is told of what is worth keeping, and telling others. */
export interface PoolWatcher {
  keyLearned(key: KeyState): void
  /** The breaker of this model opened or closed; `*` for that of all. */
  breakerChanged(pool: Pool, model: string): void
}

/**
 * The keys of one provider: which may be handed out now, whose turn it is, and what became of
 * them. It lives as long as its provider, through every reload. Times are monotonic ms given by
 * the caller; nothing here waits.
 */
export class Pool {
  readonly budget = new RetryBudget()
  readonly #roster = new Roster()
  readonly #keys: ReadonlyMap<string, KeyState> = this.#roster.byId
  readonly #lanes = new Lanes(this.#keys)
  readonly #watcher: PoolWatcher
  readonly #random: () => number
  #breakers: Breakers
  #rules: PoolRules = { policy: 'round-robin', maxFailures: 3 }

  constructor(watcher: PoolWatcher, random: () => number = Math.random) {
    this.#watcher = watcher
    this.#random = random
    this.#breakers = this.#makeBreakers()
  }

  /** Takes over the owner's keys and rules; what was learned stays with keys that stay. */
  update(
    keys: readonly Key[],
    rules: PoolRules,
    memories: ReadonlyMap<string, KeyMemory>,
    now: number,
    wall: number,
  ): void {
    this.#rules = rules
    const changed = this.#roster.update(keys, memories, now, wall)
    if (changed === null) this.#lanes.rebuild(now)
    else for (const key of changed) this.#lanes.place(key, key.cooling.keys(), now)
  }

  /**
   * Claims a key for one attempt, or gives null when none may be had now: see {@link wait}.
   * @param model as it will be sent; '' where the request names none
   * @param tried keys that already refused this exchange
   */
  select(model: string, tried: readonly KeyState[], now: number): Lease | null {
    const key = this.#choose(model, tried, now, true)
    return key === null ? null : this.#claim(key, model, now)
  }

  /** The key that {@link select} would claim. */
  peek(model: string, tried: readonly KeyState[], now: number): KeyState | null {
    return this.#choose(model, tried, now, false)
  }

  /** Claims this very key once more, or gives null where it may not be had any longer. */
  reclaim(key: KeyState, model: string, now: number): Lease | null {
    const usable = this.#keys.get(key.id) === key && key.usableFor(model, now)
    return usable && this.#breakers.allows(model, now) ? this.#claim(key, model, now) : null
  }

  #choose(model: string, tried: readonly KeyState[], now: number, take: boolean): KeyState | null {
    if (!this.#breakers.allows(model, now)) return null
    return this.#lanes.for(model, now).choose(CHOOSE[this.#rules.policy], tried, now, take)
  }

  #claim(key: KeyState, model: string, now: number): Lease {
    const trial = key.claim(model, now)
    if (trial) this.#lanes.place(key, [model], now)
    const probe = this.#breakers.enter(model, now)
    return new Lease(this, key, model, this.#breakers, probe, trial)
  }

  /** Called by {@link Lease.succeed}, at most once per lease. */
  succeed({ key, model, breakers, probe, trial, generation }: Lease, now: number): void {
    breakers.succeed(model, probe)
    this.budget.earn()
    // The owner's word came after this attempt began, and stands.
    if (generation !== key.generation) return
    if (trial) key.endTrial(model)
    const changed = absolve(key, model)
    if (changed || trial) this.#lanes.place(key, [model], now)
    if (changed) this.#learn(key, now)
  }

  /**
   * Called by {@link Lease.release}, once per lease. A mark is not told to others before it is judged.
   * @returns the mark on the key; null where the outcome left none
   */
  settle(lease: Lease, outcome: Outcome, now: number, wall: number): Mark | null {
    const { key, model, trial, worked, generation } = lease
    key.inFlight--
    this.#inform(lease, outcome, now)
    if (generation !== key.generation) return null
    const ended = trial && !worked
    if (ended) key.endTrial(model)
    const by = { maxFailures: this.#rules.maxFailures, now, wall, random: this.#random }
    const writing = settle(key, model, outcome, by)
    if (writing !== null || ended) this.#lanes.place(key, [model], now)
    // What others said before does not take it back.
    if (writing !== null) key.learnedAt = now
    return writing && new Mark(this, key, model, outcome.fault, writing)
  }

  /** These marks stand. */
  keep(marks: readonly Mark[], now: number): void {
    for (const { key } of marks) this.#learn(key, now)
  }

  /** These marks had a cause in common: the keys are cleared of them. */
  takeBack(marks: readonly Mark[], now: number): void {
    for (const mark of marks) {
      mark.undo()
      this.#lanes.place(mark.key, [mark.model], now)
      // It may have been told of together with something else.
      this.#learn(mark.key, now)
    }
  }

  /** Charges the provider one failure for marks that its keys were cleared of. */
  charge(marks: readonly Mark[], now: number): void {
    const { fault, model } = marks[0] as Mark
    // That no key has this model is no failure of the provider's.
    if (fault === 'model') return
    this.#breakers.fail(model, false, now)
    if (fault !== 'auth') return
    const keys = marks.map(({ key }) => key)
    this.#breakers.refuse(keys, this.#keys.size, now)
  }

  /** Takes over what another process learned about one of its keys; nobody is told of that again. */
  learn(memory: KeyMemory, now: number, wall: number): void {
    const key = this.#keys.get(memory.keyId)
    if (key === undefined) return
    key.recall(memory, now, wall)
    this.#lanes.place(key, key.cooling.keys(), now)
  }

  /** Milliseconds until a key may be had for this model; null when no time is known. */
  wait(model: string, now: number): number | null {
    let soonest: number | null = null
    for (const key of this.#keys.values()) {
      const until = key.wait(model, now)
      if (until !== null && (soonest === null || until < soonest)) soonest = until
    }
    const refusing = this.#breakers.wait(model, now)
    return soonest === null ? null : Math.max(soonest, refusing)
  }

  get list(): Iterable<KeyState> {
    return this.#keys.values()
  }

  /** How many keys it holds, whatever their state. */
  get size(): number {
    return this.#keys.size
  }

  key(id: string): KeyState | undefined {
    return this.#keys.get(id)
  }

  /** Whether its breakers let a request for this model pass now. */
  passes(model: string, now: number): boolean {
    return this.#breakers.allows(model, now)
  }

  /** Milliseconds until they do; 0 also while a probe is under way. */
  breakerWait(model: string, now: number): number {
    return this.#breakers.wait(model, now)
  }

  /** Models whose breaker is not closed; `*` for all of them. */
  breakers(now: number): Record<string, Exclude<BreakerState, 'closed'>> {
    return this.#breakers.states(now)
  }

  /** One of them, as it is told to others; null where it is closed. */
  opening(model: string, now: number): Opening | null {
    return this.#breakers.opening(model, now)
  }

  /** Takes over what another process, or an earlier life, found of one of them. */
  recallOpening(model: string, opening: Opening | null, now: number): void {
    this.#breakers.recall(model, opening, now)
  }

  /** What was learned about the provider is void, also by attempts that are out. */
  forgetOpenings(): void {
    this.#breakers = this.#makeBreakers()
  }

  #makeBreakers(): Breakers {
    const made: Breakers = new Breakers(model => {
      if (made === this.#breakers) this.#watcher.breakerChanged(this, model)
    })
    return made
  }

  /** Tells the breaker. A key's fault says nothing about the provider, whether it is one or not. */
  #inform({ model, breakers, probe, worked }: Lease, { fault }: Outcome, now: number): void {
    if (fault === 'provider') breakers.fail(model, probe && !worked, now)
    else if (worked) return
    else if (fault === 'client') breakers.succeed(model, probe)
    else breakers.forget(model, probe)
  }

  #learn(key: KeyState, now: number): void {
    key.learnedAt = now
    this.#watcher.keyLearned(key)
  }
}

import type { Key, KeyMemory } from '../model/catalog.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Policy } from '../model/settings.ts'
import { Breaker, type BreakerState } from './breaker.ts'
import { KeyState } from './key-state.ts'
import { Lane } from './lane.ts'
import { Lease } from './lease.ts'
import { CHOOSE } from './policy.ts'
import { RetryBudget } from './retry-budget.ts'
import { Schedule } from './schedule.ts'
import { settle } from './settle.ts'

/** Models with a breaker or a lane of their own at once; they are made by upstream refusals only. */
const MOST_MODELS = 256

export interface PoolRules {
  readonly policy: Policy
  readonly maxFailures: number
}

/**
 * The keys of one provider: which may be handed out now, whose turn it is, and what became of
 * them. It lives as long as its provider, through every reload. Times are monotonic ms given by
 * the caller; nothing here waits.
 */
export class Pool {
  readonly budget = new RetryBudget()
  readonly #keys = new Map<string, KeyState>()
  readonly #lanes = new Map<string, Lane>()
  readonly #breakers = new Map<string, Breaker>()
  readonly #returns = new Schedule<KeyState>()
  readonly #changed: (key: KeyState) => void
  readonly #random: () => number
  #any = new Lane(null)
  #rules: PoolRules = { policy: 'round-robin', maxFailures: 3 }

  /** @param changed is told of each key whose state is worth keeping */
  constructor(changed: (key: KeyState) => void, random: () => number = Math.random) {
    this.#changed = changed
    this.#random = random
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
    const gone = new Set(this.#keys.keys())
    keys.forEach((key, order) => {
      gone.delete(key.id)
      const known = this.#keys.get(key.id)
      const state = known ?? new KeyState(key.id, key.generation)
      // What others learned under the new generation may be known already.
      const forgot = state.configure(key, order)
      if (known && !forgot) return
      const memory = memories.get(key.id)
      if (memory) state.recall(memory, now, wall)
      this.#keys.set(key.id, state)
    })
    for (const id of gone) this.#keys.delete(id)
    this.#rebuild(now)
  }

  /**
   * Claims a key for one attempt, or gives null when none may be had now: see {@link wait}.
   * @param model as it will be sent; '' where the request names none
   * @param tried keys that already refused this exchange
   */
  select(model: string, tried: readonly KeyState[], now: number): Lease | null {
    for (let key = this.#returns.due(now); key !== null; key = this.#returns.due(now)) {
      this.#place(key, now)
      // It may stand there twice, where a sooner time was found after a later one.
      if (key.dueAt > now) continue
      key.dueAt = Number.POSITIVE_INFINITY
      this.#schedule(key, now)
    }
    const breaker = this.#breakers.get(model)
    if (breaker !== undefined && !breaker.allows(now)) return null
    const lane = this.#lanes.get(model) ?? this.#any
    const key = lane.choose(CHOOSE[this.#rules.policy], tried, now)
    if (key === null) return null
    key.claim(now)
    if (key.onTrial) this.#place(key, now)
    return new Lease(this, key, model, breaker?.enter(now) ?? false)
  }

  /** Called by {@link Lease.release}, once per lease. */
  settle(lease: Lease, outcome: Outcome, now: number, wall: number): void {
    const { key, model } = lease
    key.inFlight--
    this.#inform(lease, outcome, now)
    if (outcome.fault === 'none') this.budget.earn()
    // The owner's word came after this attempt began, and stands.
    if (lease.generation !== key.generation) return
    const trial = key.onTrial
    key.onTrial = false
    const by = { maxFailures: this.#rules.maxFailures, now, wall, random: this.#random }
    const changed = settle(key, model, outcome, by)
    if (!changed && !trial) return
    this.#schedule(key, now)
    this.#watch(key, model, now)
    this.#place(key, now)
    if (!changed) return
    key.learnedAt = now
    this.#changed(key)
  }

  /** Takes over what another process learned about one of its keys; nobody is told of that again. */
  learn(memory: KeyMemory, now: number, wall: number): void {
    const key = this.#keys.get(memory.keyId)
    if (key === undefined) return
    key.recall(memory, now, wall)
    this.#schedule(key, now)
    for (const model of key.cooling.keys()) this.#watch(key, model, now)
    this.#place(key, now)
  }

  /** Milliseconds until a key may be had for this model; null when no time is known. */
  wait(model: string, now: number): number | null {
    let soonest: number | null = null
    for (const key of this.#keys.values()) {
      const until = waitFor(key, model, now)
      if (until !== null && (soonest === null || until < soonest)) soonest = until
    }
    const refusing = this.#breakers.get(model)?.wait(now) ?? 0
    return soonest === null ? null : Math.max(soonest, refusing)
  }

  /** How many keys it holds, whatever their state. */
  get size(): number {
    return this.#keys.size
  }

  key(id: string): KeyState | undefined {
    return this.#keys.get(id)
  }

  /** Models whose breaker is not closed. */
  breakers(now: number): Record<string, Exclude<BreakerState, 'closed'>> {
    const open: Record<string, Exclude<BreakerState, 'closed'>> = Object.create(null)
    for (const [model, breaker] of this.#breakers) {
      const state = breaker.state(now)
      if (state !== 'closed') open[model] = state
    }
    return open
  }

  /** Tells the model's breaker; one is made at its first failure. */
  #inform({ model, probe }: Lease, { fault }: Outcome, now: number): void {
    const breaker = this.#breakers.get(model)
    if (fault === 'provider') (breaker ?? this.#newBreaker(model)).fail(probe, now)
    else if (breaker === undefined) return
    else if (fault === 'gone' || fault === 'local') breaker.forget(probe)
    else breaker.succeed(probe)
  }

  #newBreaker(model: string): Breaker {
    evictOldest(this.#breakers)
    const breaker = new Breaker()
    this.#breakers.set(model, breaker)
    return breaker
  }

  /** Sees to it that a key comes back when its limits end: once for the next of them, however many. */
  #schedule(key: KeyState, now: number): void {
    const next = key.nextReturn(now)
    if (next >= key.dueAt) return
    key.dueAt = next
    this.#returns.add(next, key)
  }

  /** Gives a model that a key is limited for a lane of its own. */
  #watch(key: KeyState, model: string, now: number): void {
    if (key.cooling.has(model) && !this.#lanes.has(model)) this.#addLane(model, now)
  }

  #addLane(model: string, now: number): void {
    evictOldest(this.#lanes)
    const lane = new Lane(model)
    for (const key of this.#keys.values()) lane.place(key, now)
    lane.resume(this.#any)
    this.#lanes.set(model, lane)
  }

  #place(key: KeyState, now: number): void {
    // A key that left the pool may still be in flight, or due to return.
    if (this.#keys.get(key.id) !== key) return
    this.#any.place(key, now)
    for (const lane of this.#lanes.values()) lane.place(key, now)
  }

  #rebuild(now: number): void {
    const before = this.#any
    this.#any = new Lane(null)
    this.#lanes.clear()
    for (const key of this.#keys.values()) this.#any.place(key, now)
    this.#any.resume(before)
    for (const key of this.#keys.values()) {
      this.#schedule(key, now)
      for (const model of key.cooling.keys()) this.#watch(key, model, now)
    }
  }
}

/** Milliseconds until this key may serve this model; null for keys that need the owner. */
function waitFor(key: KeyState, model: string, now: number): number | null {
  if (!key.enabled || !key.opened || key.invalid !== null) return null
  const until = Math.max(key.exhausted?.until ?? 0, key.cooling.get(model)?.until ?? 0)
  return Math.max(0, until - now, key.limited(now))
}

function evictOldest(map: Map<string, unknown>): void {
  if (map.size < MOST_MODELS) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

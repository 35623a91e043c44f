import type { Key, KeyMemory, Mark } from '../model/catalog.ts'
import { Bucket } from './bucket.ts'

/** What was learned so recently that another process cannot have heard of it, ms. */
const RECENT_MS = 1_000

/** When to come back while a trial is under way, ms. */
const TRIAL_MS = 1_000

/** Models that a key keeps a limit of at once: clients may ask for any they can think of. */
const MOST_COOLING = 256

/**
 * A time limit; `until` is monotonic ms, `strikes` counts those in a row. When its time has come a
 * single request at a time may find out whether it has really ended; a success removes it.
 */
export interface Limit {
  until: number
  reason: string
  strikes: number
  /** Such a request is out. */
  onTrial: boolean
}

/**
 * What is known of one key now. It outlives every reload: config is copied into it at a swap,
 * what was learned stays until the key's generation is raised.
 */
export class KeyState {
  readonly id: string
  /** Place in the rotation: the order in which keys were added. */
  order = 0
  generation: number
  enabled = true
  /** Its secret can be used; false for sealed keys and unresolved references. */
  opened = true
  weight = 1
  tier = 1
  concurrency: number | null = null
  rpm: number | null = null

  /** Consecutive authentication faults. */
  failures = 0
  /** `since` is wall ms. */
  invalid: { reason: string; since: number } | null = null
  exhausted: Limit | null = null
  /** By model; '' for requests that name none. */
  readonly cooling = new Map<string, Limit>()

  /** When it is next looked at, monotonic ms: it stands in its pool's schedule for then. */
  dueAt = Number.POSITIVE_INFINITY

  /** When this process last learned something about it, monotonic ms. */
  learnedAt = Number.NEGATIVE_INFINITY

  inFlight = 0
  /** Smooth weighted round-robin's running weight. */
  credit = 0
  #bucket: Bucket | null = null

  constructor(id: string, generation: number) {
    this.id = id
    this.generation = generation
  }

  /**
   * Takes over the owner's values.
   * @returns whether a raised generation voided what was learned
   */
  configure(key: Key, order: number): boolean {
    this.order = order
    this.enabled = key.enabled
    this.opened = key.secret !== null
    this.weight = key.weight
    this.tier = key.tier
    this.concurrency = key.concurrency
    if (key.rpm !== this.rpm) this.#bucket = key.rpm === null ? null : new Bucket(key.rpm)
    this.rpm = key.rpm
    if (key.generation === this.generation) return false
    this.#forget(key.generation)
    return true
  }

  #forget(generation: number): void {
    this.generation = generation
    this.failures = 0
    this.invalid = null
    this.exhausted = null
    this.cooling.clear()
    this.learnedAt = Number.NEGATIVE_INFINITY
  }

  /** Whether it can serve any model now, its own limits aside. */
  usable(now: number): boolean {
    if (!this.enabled || !this.opened || this.invalid !== null) return false
    return this.exhausted === null || isOver(this.exhausted, now)
  }

  usableFor(model: string, now: number): boolean {
    if (!this.usable(now)) return false
    const limit = this.cooling.get(model)
    return limit === undefined || isOver(limit, now)
  }

  /** Milliseconds until its own limits (rpm, concurrency) let a request through; 0: now. */
  limited(now: number): number {
    if (this.concurrency !== null && this.inFlight >= this.concurrency) return 1_000
    return this.#bucket === null ? 0 : this.#bucket.wait(now)
  }

  /** Milliseconds until it may serve this model; null where only its owner can bring it back. */
  wait(model: string, now: number): number | null {
    if (!this.enabled || !this.opened || this.invalid !== null) return null
    const exhausted = this.exhausted === null ? 0 : limitWait(this.exhausted, now)
    const cooling = this.cooling.get(model)
    return Math.max(0, exhausted, cooling ? limitWait(cooling, now) : 0, this.limited(now))
  }

  /** @returns whether it is a trial: a limit's time has come, but not yet a success */
  claim(model: string, now: number): boolean {
    this.inFlight++
    this.#bucket?.take(now)
    return this.#try(model, true)
  }

  /** Ends a trial, whatever it brought. */
  endTrial(model: string): void {
    this.#try(model, false)
  }

  #try(model: string, onTrial: boolean): boolean {
    const cooling = this.cooling.size === 0 ? undefined : this.cooling.get(model)
    if (this.exhausted !== null) this.exhausted.onTrial = onTrial
    if (cooling !== undefined) cooling.onTrial = onTrial
    return this.exhausted !== null || cooling !== undefined
  }

  /** Limits it for a model. Where there are too many, those that have ended make room, or the oldest. */
  cool(model: string, limit: Limit, now: number): void {
    if (this.cooling.size >= MOST_COOLING && !this.cooling.has(model)) this.#makeRoom(now)
    this.cooling.set(model, limit)
  }

  #makeRoom(now: number): void {
    for (const [model, { until }] of this.cooling) if (until <= now) this.cooling.delete(model)
    const [oldest] = this.cooling.keys()
    if (this.cooling.size >= MOST_COOLING && oldest !== undefined) this.cooling.delete(oldest)
  }

  /** When the next of its limits ends, monotonic ms; Infinity where none is running. */
  nextReturn(now: number): number {
    let next = Number.POSITIVE_INFINITY
    if (this.exhausted !== null && this.exhausted.until > now) next = this.exhausted.until
    for (const { until } of this.cooling.values()) if (until > now && until < next) next = until
    return next
  }

  /** What was learned, with times as the ms that remain. */
  memory(now: number, wall: number): KeyMemory {
    const cooling: Record<string, Mark> = Object.create(null)
    for (const [model, limit] of this.cooling) {
      if (limit.until > now) cooling[model] = mark('cooling', limit, now)
    }
    return {
      keyId: this.id,
      generation: this.generation,
      failures: this.failures,
      invalid: this.invalid,
      exhausted: this.exhausted && mark('exhausted', this.exhausted, now),
      cooling,
      savedAt: wall,
    }
  }

  /**
   * Takes over what another process or an earlier life learned under the same generation. What this
   * process learned in the last second stays: the other did not know of it when it spoke.
   */
  recall(memory: KeyMemory, now: number, wall: number): void {
    if (memory.generation !== this.generation) return
    const ours = now - this.learnedAt < RECENT_MS
    this.failures = ours ? Math.max(this.failures, memory.failures) : memory.failures
    this.invalid = memory.invalid ?? (ours ? this.invalid : null)
    if (memory.exhausted !== null)
      this.exhausted = limit(memory.exhausted, memory.savedAt, now, wall)
    else if (!ours) this.exhausted = null
    if (!ours) this.cooling.clear()
    for (const [model, kept] of Object.entries(memory.cooling)) {
      const restored = limit(kept, memory.savedAt, now, wall)
      const until = this.cooling.get(model)?.until ?? now
      if (restored.until > until) this.cool(model, restored, now)
    }
  }
}

/** How long a trial takes nobody knows. */
function limitWait({ until, onTrial }: Limit, now: number): number {
  return until <= now && onTrial ? TRIAL_MS : until - now
}

function isOver(limit: Limit, now: number): boolean {
  return now >= limit.until && !limit.onTrial
}

function mark(kind: Mark['kind'], limit: Limit, now: number): Mark {
  return { kind, remaining: Math.max(0, Math.round(limit.until - now)), reason: limit.reason }
}

/** Remaining time shrinks by the wall time that passed, clamped: a clock set back adds nothing. */
function limit(kept: Mark, savedAt: number, now: number, wall: number): Limit {
  const passed = Math.max(0, wall - savedAt)
  return {
    until: now + Math.max(0, kept.remaining - passed),
    reason: kept.reason,
    strikes: 1,
    onTrial: false,
  }
}

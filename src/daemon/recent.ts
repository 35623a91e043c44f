import type { Clock } from '../base/clock.ts'
import type { ExchangeRecord } from '../model/record.ts'
import type { Traffic } from '../model/status.ts'

/** Slots of five seconds: an hour of them, and the one that is being filled. */
const SLOT_MS = 5_000
const SLOTS = 721

interface Slot {
  /** Which five seconds, since the clock's start. */
  number: number
  requests: number
  errors: number
  tokens: number
}

/** What was served in the last minute and hour, whoever served it. */
export class Recent {
  readonly #clock: Clock
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({
    number: -1,
    requests: 0,
    errors: 0,
    tokens: 0,
  }))

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(batch: readonly ExchangeRecord[]): void {
    const slot = this.#slot()
    for (const record of batch) {
      slot.requests++
      if (record.status >= 400 || record.errorCode !== null) slot.errors++
      slot.tokens += (record.promptTokens ?? 0) + (record.completionTokens ?? 0)
    }
  }

  /** Sums over the last `ms`, to five seconds. */
  sum(ms: number): Traffic {
    const oldest = this.#number() - Math.ceil(ms / SLOT_MS)
    const sum = { requests: 0, errors: 0, tokens: 0 }
    for (const { number, requests, errors, tokens } of this.#slots) {
      if (number <= oldest) continue
      sum.requests += requests
      sum.errors += errors
      sum.tokens += tokens
    }
    return sum
  }

  #slot(): Slot {
    const number = this.#number()
    const slot = this.#slots[number % SLOTS] as Slot
    if (slot.number !== number) Object.assign(slot, { number, requests: 0, errors: 0, tokens: 0 })
    return slot
  }

  #number(): number {
    return Math.floor(this.#clock.now() / SLOT_MS)
  }
}

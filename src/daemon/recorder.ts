import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { KeyMemory } from '../model/catalog.ts'
import type { Link } from '../model/link.ts'
import type { ExchangeRecord } from '../model/record.ts'
import type { Store } from '../model/store.ts'

/** Records kept while the store takes none; beyond it the oldest are dropped, and counted. */
const MOST_WAITING = 50_000
/** Records written in one go. */
const BATCH = 500
/** How soon a store that failed is tried again, and how soon verdicts are written. */
const AGAIN_MS = 1_000
const VERDICTS_MS = 250

export interface RecorderParts {
  readonly store: Store
  /** Who served what is recorded: `host:pid`. */
  readonly node: string
  readonly clock: Clock
  readonly log: Logger
  /** Are given every batch as it arrives: those who follow live, and those who share what is learned. */
  readonly onRecords: (batch: readonly ExchangeRecord[]) => void
  readonly onVerdicts: (batch: readonly KeyMemory[]) => void
}

/**
 * Writes down what gateways report: the owner's end of the link. Nothing of it ever waits for the
 * store on a request's path; while the store is locked, full or gone, records wait here.
 */
export class Recorder implements Link {
  readonly #parts: RecorderParts
  readonly #timer: Timer
  #waiting: ExchangeRecord[] = []
  #verdicts = new Map<string, KeyMemory>()
  #writing: Promise<void> | null = null
  #failedAt = Number.NEGATIVE_INFINITY
  written = 0
  dropped = 0

  constructor(parts: RecorderParts) {
    this.#parts = parts
    this.#timer = parts.clock.every(VERDICTS_MS, () => this.#wake())
  }

  records(batch: readonly ExchangeRecord[]): void {
    this.#parts.onRecords(batch)
    for (const record of batch) this.#waiting.push(record)
    const surplus = this.#waiting.length - MOST_WAITING
    if (surplus > 0) {
      this.#waiting.splice(0, surplus)
      this.dropped += surplus
    }
    this.#wake()
  }

  verdicts(batch: readonly KeyMemory[]): void {
    this.#parts.onVerdicts(batch)
    for (const memory of batch) this.#verdicts.set(memory.keyId, memory)
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Writes all that waits; rejects when the store does not take it. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing.catch(() => {})
    await this.#begin()
  }

  /** Writes what it can and stops; what the store would not take is lost, and said so. */
  async close(): Promise<void> {
    this.#timer.stop()
    try {
      await this.flush()
    } catch (error) {
      this.#parts.log.error(
        { err: error, records: this.#waiting.length },
        'records lost: the store did not take them',
      )
    }
  }

  #wake(): void {
    if (this.#writing !== null || (this.#waiting.length === 0 && this.#verdicts.size === 0)) return
    if (this.#parts.clock.now() < this.#failedAt + AGAIN_MS) return
    this.#begin().catch(error => this.#fail(error))
  }

  /** One writer at a time: two would write the same batch. */
  #begin(): Promise<void> {
    this.#writing = this.#write().finally(() => {
      this.#writing = null
    })
    return this.#writing
  }

  async #write(): Promise<void> {
    await this.#writeVerdicts()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH)
      await this.#parts.store.record(batch, this.#parts.node)
      // New ones were only added behind, and at most the oldest dropped meanwhile.
      this.#waiting.splice(0, this.#waiting.indexOf(batch[batch.length - 1] as ExchangeRecord) + 1)
      this.written += batch.length
    }
  }

  async #writeVerdicts(): Promise<void> {
    if (this.#verdicts.size === 0) return
    const verdicts = this.#verdicts
    this.#verdicts = new Map()
    try {
      await this.#parts.store.remember([...verdicts.values()])
    } catch (error) {
      // Newer ones win over those that could not be written.
      this.#verdicts = new Map([...verdicts, ...this.#verdicts])
      throw error
    }
  }

  #fail(error: unknown): void {
    this.#failedAt = this.#parts.clock.now()
    this.#parts.log.warn(
      { err: error, waiting: this.#waiting.length },
      'the store does not take records; they wait',
    )
  }
}

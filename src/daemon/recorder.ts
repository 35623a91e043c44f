import { randomUUID } from 'node:crypto'
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

/** Stays the same until the store says that it has it: it may have been written without a word. */
interface Batch {
  readonly id: string
  readonly records: readonly ExchangeRecord[]
}

/**
 * Writes down what gateways report: the owner's end of the link. Nothing of it ever waits for the
 * store on a request's path; while the store is locked, full or gone, records wait here.
 */
export class Recorder implements Link {
  readonly #parts: RecorderParts
  readonly #timer: Timer
  #waiting: ExchangeRecord[] = []
  #batch: Batch | null = null
  #verdicts = new Map<string, KeyMemory>()
  #writing: Promise<void> | null = null
  /** Monotonic ms; null while the store takes what it is given. */
  #failedAt: number | null = null
  written = 0
  dropped = 0

  constructor(parts: RecorderParts) {
    this.#parts = parts
    this.#timer = parts.clock.every(VERDICTS_MS, () => this.#wake())
  }

  records(batch: readonly ExchangeRecord[]): void {
    this.#parts.onRecords(batch)
    for (const record of batch) this.#waiting.push(record)
    const surplus = this.waiting - MOST_WAITING
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
    return this.#waiting.length + (this.#batch?.records.length ?? 0)
  }

  /** Writes all that waits; rejects when the store does not take it. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing.catch(() => {})
    await this.#begin()
  }

  /** Writes what it can and stops; what the store would not take is lost, and said so. */
  async close(): Promise<void> {
    this.#timer.stop()
    await this.flush().catch(error =>
      this.#parts.log.error(
        { err: error, records: this.waiting },
        'records lost: the store did not take them',
      ),
    )
  }

  #wake(): void {
    if (this.#writing !== null || (this.waiting === 0 && this.#verdicts.size === 0)) return
    const { clock } = this.#parts
    if (this.#failedAt !== null && clock.now() < this.#failedAt + AGAIN_MS) return
    this.#begin().catch(() => {})
  }

  /** One writer at a time: two would write the same batch. */
  #begin(): Promise<void> {
    this.#writing = this.#write()
      .then(
        () => this.#recover(),
        error => this.#fail(error),
      )
      .finally(() => {
        this.#writing = null
      })
    return this.#writing
  }

  /** Verdicts and records may lie in different files: neither waits for the other. */
  async #write(): Promise<void> {
    const outcomes = await Promise.allSettled([this.#writeVerdicts(), this.#writeRecords()])
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  async #writeRecords(): Promise<void> {
    const { store, node } = this.#parts
    for (;;) {
      this.#batch ??= this.#takeBatch()
      if (this.#batch === null) return
      await store.record(this.#batch.records, node, this.#batch.id)
      this.written += this.#batch.records.length
      this.#batch = null
    }
  }

  #takeBatch(): Batch | null {
    if (this.#waiting.length === 0) return null
    return { id: randomUUID(), records: this.#waiting.splice(0, BATCH) }
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

  #recover(): void {
    if (this.#failedAt !== null) this.#parts.log.info('the store takes records again')
    this.#failedAt = null
  }

  /** Said once: a store may be gone for hours. */
  #fail(error: unknown): never {
    if (this.#failedAt === null) {
      const fields = { err: error, waiting: this.waiting }
      this.#parts.log.warn(fields, 'the store does not take records; they wait')
    }
    this.#failedAt = this.#parts.clock.now()
    throw error
  }
}

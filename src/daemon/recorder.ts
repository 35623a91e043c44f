import { randomUUID } from 'node:crypto'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { KeyMemory, ProviderMemory } from '../model/catalog.ts'
import type { Link } from '../model/link.ts'
import { addOutages } from '../model/outage.ts'
import type { ExchangeRecord } from '../model/record.ts'
import type { Store } from '../model/store.ts'
import { Writer } from './writer.ts'

/** Records kept while the store takes none; beyond it the oldest are dropped, and counted. */
const MOST_WAITING = 50_000
/** Records written in one go. */
const BATCH = 500
/** How soon what was learned is written, and what failed is tried again. */
const WAKE_MS = 250

export interface RecorderParts {
  readonly store: Store
  /** Who served what is recorded: `host:pid`. */
  readonly node: string
  readonly clock: Clock
  readonly log: Logger
  /** Are given every batch as it arrives: those who follow live, and those who share what is learned. */
  readonly onRecords: (batch: readonly ExchangeRecord[]) => void
  readonly onVerdicts: (batch: readonly KeyMemory[]) => void
  readonly onOutages: (batch: readonly ProviderMemory[]) => void
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
  #outages = new Map<string, ProviderMemory>()
  /** They may lie in different files, and neither waits for the other. */
  readonly #recordWriter: Writer
  readonly #lessonWriter: Writer
  written = 0
  dropped = 0

  constructor(parts: RecorderParts) {
    this.#parts = parts
    this.#recordWriter = new Writer({
      ...parts,
      what: 'records',
      write: () => this.#writeRecords(),
      waiting: () => this.waiting,
    })
    this.#lessonWriter = new Writer({
      ...parts,
      what: 'what was learned',
      write: async () => {
        await this.#writeVerdicts()
        await this.#writeOutages()
      },
      waiting: () => this.#lessons,
    })
    this.#timer = parts.clock.every(WAKE_MS, () => {
      this.#recordWriter.wake()
      this.#lessonWriter.wake()
    })
  }

  records(batch: readonly ExchangeRecord[]): void {
    this.#parts.onRecords(batch)
    for (const record of batch) this.#waiting.push(record)
    const surplus = this.waiting - MOST_WAITING
    if (surplus > 0) {
      this.#waiting.splice(0, surplus)
      this.dropped += surplus
    }
    this.#recordWriter.wake()
  }

  verdicts(batch: readonly KeyMemory[]): void {
    this.#parts.onVerdicts(batch)
    for (const memory of batch) this.#verdicts.set(memory.keyId, memory)
  }

  outages(batch: readonly ProviderMemory[]): void {
    this.#parts.onOutages(batch)
    addOutages(this.#outages, batch)
  }

  get #lessons(): number {
    return this.#verdicts.size + this.#outages.size
  }

  get waiting(): number {
    return this.#waiting.length + (this.#batch?.records.length ?? 0)
  }

  /** Writes all that waits; rejects when the store does not take it. */
  async flush(): Promise<void> {
    const writers = [this.#recordWriter, this.#lessonWriter]
    const outcomes = await Promise.allSettled(writers.map(writer => writer.flush()))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  /** Writes what it can and stops; what the store would not take is lost, and said so. */
  async close(): Promise<void> {
    this.#timer.stop()
    await this.flush().catch(error =>
      this.#parts.log.error(
        { err: error, records: this.waiting, learned: this.#lessons },
        'lost: the store did not take what waited',
      ),
    )
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
      await this.#parts.store.remember([...verdicts.values()], this.#parts.node)
    } catch (error) {
      // Newer ones win over those that could not be written.
      this.#verdicts = new Map([...verdicts, ...this.#verdicts])
      throw error
    }
  }

  async #writeOutages(): Promise<void> {
    if (this.#outages.size === 0) return
    const outages = [...this.#outages.values()]
    this.#outages = new Map()
    try {
      await this.#parts.store.rememberOutages(outages)
    } catch (error) {
      addOutages(this.#outages, outages)
      throw error
    }
  }
}

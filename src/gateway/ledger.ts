import type { Live } from '../balancer/live.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Link } from '../model/link.ts'
import type { ExchangeRecord } from '../model/record.ts'

/** How long records wait at most, and how many of them: who follows another node waits for it twice. */
const FLUSH_MS = 50
const FLUSH_RECORDS = 500
/** What was learned is news to other processes, which would go on asking keys and providers that fail. */
const TELL_MS = 25

/** Gathers records and what was learned, and hands them to the owner in batches, off the request's path. */
export class Ledger {
  readonly #link: Link
  readonly #live: Live
  readonly #timers: readonly Timer[]
  #batch: ExchangeRecord[] = []

  constructor(link: Link, live: Live, clock: Clock) {
    this.#link = link
    this.#live = live
    this.#timers = [
      clock.every(TELL_MS, () => this.#tell()),
      clock.every(FLUSH_MS, () => this.flush()),
    ]
  }

  add(record: ExchangeRecord): void {
    this.#batch.push(record)
    if (this.#batch.length >= FLUSH_RECORDS) this.flush()
  }

  flush(): void {
    this.#tell()
    if (this.#batch.length === 0) return
    const batch = this.#batch
    this.#batch = []
    this.#link.records(batch)
  }

  close(): void {
    for (const timer of this.#timers) timer.stop()
    this.flush()
  }

  #tell(): void {
    const verdicts = this.#live.takeLearned()
    if (verdicts.length > 0) this.#link.verdicts(verdicts)
    const outages = this.#live.takeOutages()
    if (outages.length > 0) this.#link.outages(outages)
  }
}

import { createHash } from 'node:crypto'
import { LocalTime } from '../model/moving/local-time.ts'
import { OriginalLog } from '../model/moving/original-log.ts'
import type { ImportedBatch, ImportedHeads } from '../model/record.ts'
import { formatDuration } from '../model/units.ts'
import type { OriginalDatabase } from '../store/original/database.ts'
import { formatCount } from './amount.ts'
import { plural } from './plural.ts'
import { type Progress, startProgress } from './progress.ts'
import type { Session } from './session.ts'
import { readSettings } from './state.ts'

/** Rows read and written at once. */
const PAGE_ROWS = 500

/** The log of the original, as far as it is not here yet. */
export class PendingLog {
  readonly #session: Session
  readonly #database: OriginalDatabase
  readonly #time: LocalTime
  /** Names it in the store, wherever its database lies. */
  readonly #source: string
  readonly #taken: ImportedHeads
  readonly #heads: ImportedHeads

  private constructor(
    session: Session,
    database: OriginalDatabase,
    time: LocalTime,
    source: string,
    taken: ImportedHeads,
    heads: ImportedHeads,
  ) {
    this.#session = session
    this.#database = database
    this.#time = time
    this.#source = source
    this.#taken = taken
    this.#heads = heads
  }

  /** @param zone that its times were written in; this host's where it is undefined */
  static async open(
    session: Session,
    database: OriginalDatabase,
    zone: string | undefined,
  ): Promise<PendingLog> {
    const time = new LocalTime(zone)
    const identity = (await database.identity()) || database.url
    const source = `import:${createHash('sha256').update(identity).digest('hex').slice(0, 12)}`
    const taken = await (await session.store()).importedHeads(source)
    return new PendingLog(session, database, time, source, taken, await database.heads())
  }

  /** What there is to do, in words. */
  get changes(): string[] {
    const { requests, failures } = this.#taken
    const [left, failed] = [this.#heads.requests - requests, this.#heads.failures - failures]
    if (left <= 0 && failed <= 0) return []
    const counts = counted(Math.max(left, 0), Math.max(failed, 0))
    return [`bring along up to ${counts} of its log`]
  }

  /**
   * Brings it along page by page. It may be ended at any time: the next run goes on from there, and
   * so does this one from where another has come that runs beside it.
   * @param names what its providers are called here
   */
  async bringAlong(names: ReadonlyMap<string, string>): Promise<void> {
    const { out } = this.#session
    const store = await this.#session.store()
    const { keys } = await store.catalog()
    const log = new OriginalLog(this.#source, this.#time, names, keys)
    const bar = out.wordsOnTerminal ? await startProgress(['importing', 'rows'], this.#total) : null
    const done = new Done(bar)
    let heads = this.#taken
    const write = async (what: 'requests' | 'failures', read: number, page: Page) => {
      const batch = { exchanges: [], failures: [], ...page, after: heads }
      const { written, heads: now } = await store.importLog(this.#source, batch)
      heads = now
      if (written) done.add(what, read, batch[what === 'requests' ? 'exchanges' : 'failures'])
      else done.shared = true
    }
    try {
      for (;;) {
        const rows = await this.#database.requests(heads.requests, PAGE_ROWS)
        const last = rows.at(-1)
        if (!last) break
        const exchanges = rows.map(row => log.exchange(row)).filter(known => known !== null)
        const page = { exchanges, heads: { ...heads, requests: last.id } }
        await write('requests', rows.length, page)
      }
      for (;;) {
        const rows = await this.#database.failures(heads.failures, PAGE_ROWS)
        const last = rows.at(-1)
        if (!last) break
        const failures = rows.map(row => log.failure(row)).filter(known => known !== null)
        const page = { failures, heads: { ...heads, failures: last.id } }
        await write('failures', rows.length, page)
      }
    } finally {
      bar?.end()
    }
    await this.#tell(done)
  }

  get #total(): number {
    const { requests, failures } = this.#taken
    return Math.max(this.#heads.requests - requests + (this.#heads.failures - failures), 1)
  }

  async #tell({ requests, failures, timeless, oldest, shared }: Done): Promise<void> {
    const { out, clock } = this.#session
    out.say(`brought along ${counted(requests, failures)} of its log`)
    if (shared)
      out.say('Another import of this log ran beside this one, and brought along the rest.')
    if (timeless > 0) out.warn(`left out, for want of a time: ${plural(timeless, 'row')}`)
    const { log_max_age } = await readSettings(await this.#session.store())
    if (clock.wall() - oldest > log_max_age) {
      out.say(
        `Those older than log_max_age (${formatDuration(log_max_age)}) leave the log again; their hourly sums stay for balance stats.`,
      )
    }
  }
}

type Page = Pick<ImportedBatch, 'heads'> & Partial<ImportedBatch>

function counted(requests: number, failures: number): string {
  const [some, others] = [requests, failures].map(formatCount)
  return `${some} request${requests === 1 ? '' : 's'} and ${others} failed attempt${failures === 1 ? '' : 's'}`
}

/** What was written. */
class Done {
  requests = 0
  failures = 0
  timeless = 0
  /** Another import wrote some of it. */
  shared = false
  /** Wall ms. */
  oldest = Number.POSITIVE_INFINITY
  #rows = 0
  readonly #bar: Progress | null

  constructor(bar: Progress | null) {
    this.#bar = bar
  }

  add(
    what: 'requests' | 'failures',
    rows: number,
    kept: readonly { readonly time: number }[],
  ): void {
    this[what] += kept.length
    this.timeless += rows - kept.length
    for (const { time } of kept) this.oldest = Math.min(this.oldest, time)
    this.#rows += rows
    this.#bar?.advance(this.#rows, this.#rows)
  }
}

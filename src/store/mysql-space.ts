import { type Kysely, sql } from 'kysely'
import type { Clock } from '../base/clock.ts'
import type { LogSpace } from './dialect.ts'
import type { Tables } from './tables.ts'

/** Beyond it InnoDB's statistics have been brought up to date after a large change. */
const MEASURE_EVERY = 60_000

interface Measure {
  readonly at: number
  /** Bytes of exchanges with their failures, and of the rollups. */
  readonly rows: number
  readonly rollups: number
  readonly ids: IdRange | null
}

interface IdRange {
  readonly first: number
  readonly last: number
}

/**
 * What InnoDB's statistics say that the log tables take: data and indexes, without the pages that
 * are free within the files (INFORMATION_SCHEMA.TABLES; DATA_FREE is not part of the two lengths).
 * The files themselves never shrink: InnoDB fills what is free with new rows, and gives it back to
 * the disk only where the owner rebuilds a table (`OPTIMIZE TABLE exchanges, failures`).
 *
 * The statistics follow after seconds, so within a minute the part of the exchanges that was
 * removed since is taken off.
 */
export class MysqlSpace {
  readonly #db: Kysely<Tables>
  readonly #clock: Clock
  #measured: Measure | null = null

  constructor(db: Kysely<Tables>, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  async measure(): Promise<LogSpace> {
    const now = this.#clock.now()
    const ids = await this.#ids()
    if (this.#measured === null || now - this.#measured.at >= MEASURE_EVERY) {
      this.#measured = { at: now, ids, ...(await this.#sizes()) }
    }
    const { rows, rollups } = this.#measured
    const used = rollups + rows * shareLeft(this.#measured.ids, ids)
    return { used, disk: used }
  }

  async measureRollups(): Promise<number> {
    return (await this.#sizes()).rollups
  }

  async #ids(): Promise<IdRange | null> {
    const { first, last } = await this.#db
      .selectFrom('exchanges')
      .select(({ fn }) => [fn.min('id').as('first'), fn.max('id').as('last')])
      .executeTakeFirstOrThrow()
    return first === null || last === null ? null : { first, last }
  }

  async #sizes(): Promise<Pick<Measure, 'rows' | 'rollups'>> {
    const { rows } = await sql<{ name: string; bytes: number }>`
      select table_name as name, data_length + index_length as bytes
      from information_schema.tables
      where table_schema = database() and table_name in ('exchanges', 'failures', 'rollups')
    `.execute(this.#db)
    const bytes = new Map(rows.map(row => [row.name, Number(row.bytes)]))
    const size = (name: string) => bytes.get(name) ?? 0
    return { rows: size('exchanges') + size('failures'), rollups: size('rollups') }
  }
}

/** How much of what was there is there still, 0 to 1. */
function shareLeft(then: IdRange | null, now: IdRange | null): number {
  if (then === null) return 1
  if (now === null) return 0
  const left = (then.last - now.first + 1) / (then.last - then.first + 1)
  return Math.min(1, Math.max(0, left))
}

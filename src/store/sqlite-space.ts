import { statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import type { Clock } from '../base/clock.ts'
import type { LogSpace } from './dialect.ts'
import { BLOCKING_WAIT } from './sqlite-file.ts'

/** Bytes that the write-ahead log of the log tables may keep on the disk: SQLite's own measure. */
export const JOURNAL_LIMIT = 4 * 1024 * 1024

/** Free pages that are kept, as the next records would only make the file grow again: 1 MiB. */
const SPARE_PAGES = 256
const PAGES_AT_ONCE = 32
const BUDGET_MS = 4

const ROLLUP_BYTES = `select pgsize from dbstat where name = 'rollups' and aggregate = 1`

/** The room that the log's file and its write-ahead log take on the disk. */
export class SqliteSpace {
  readonly #raw: Database
  readonly #clock: Clock
  /** Removed rows have gone into the write-ahead log, but not yet out of the file. */
  #unsettled = false

  constructor(raw: Database, clock: Clock) {
    this.#raw = raw
    this.#clock = clock
  }

  /** What is used includes a full write-ahead log: it will be full again soon. */
  measure(): LogSpace {
    const pages = this.#number('page_count') - this.#number('freelist_count')
    return { used: pages * this.#number('page_size') + JOURNAL_LIMIT, disk: this.#onDisk() }
  }

  /** Reads all of their pages: some 0.5 ms for each MB. */
  measureRollups(): number {
    return this.#raw.prepare<[], number>(ROLLUP_BYTES).pluck().get() ?? 0
  }

  /** Moves pages from the file's end into free ones and cuts it; true while more could be moved. */
  reclaim(): boolean {
    const end = this.#clock.now() + BUDGET_MS
    for (let free = this.#number('freelist_count'); free > SPARE_PAGES; ) {
      this.#raw.pragma(`incremental_vacuum(${Math.min(free - SPARE_PAGES, PAGES_AT_ONCE)})`)
      const left = this.#number('freelist_count')
      // A file that was not made to be cut.
      if (left >= free) break
      free = left
      this.#unsettled = true
      if (this.#clock.now() >= end) return free > SPARE_PAGES
    }
    if (this.#unsettled) this.#settle()
    return false
  }

  /**
   * Brings what is in the write-ahead log into the file, and both to their true size
   * (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint). Where somebody reads, that is
   * left to a later time: it must not hold up records.
   */
  #settle(): void {
    this.#raw.pragma('busy_timeout = 0')
    try {
      const [outcome] = this.#raw.pragma('wal_checkpoint(truncate)') as { busy: number }[]
      this.#unsettled = outcome?.busy !== 0
    } finally {
      this.#raw.pragma(`busy_timeout = ${BLOCKING_WAIT}`)
    }
  }

  #number(pragma: string): number {
    return this.#raw.pragma(pragma, { simple: true }) as number
  }

  #onDisk(): number {
    return sizeOf(this.#raw.name) + sizeOf(`${this.#raw.name}-wal`)
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

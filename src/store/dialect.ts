import type { Kysely } from 'kysely'
import type { LogEntry } from './record-rows.ts'
import type { RollupValues } from './rollups.ts'
import type { Tables } from './tables.ts'

/**
 * All that differs between the engines; what is above it is written once.
 *
 * Outside the two implementations nothing uses `returning`, `on conflict`, boolean columns or
 * integers above 2^53: each of them goes wrong on one engine without an error.
 * Every call throws BalanceError: store_unavailable, store_invalid, or what its callback threw.
 */
export interface Engine {
  /** Fit to be shown: no password. */
  readonly url: string
  /** Statements that need not agree with each other. */
  query<T>(read: (db: Kysely<Tables>) => Promise<T>): Promise<T>
  /** Statements that see the store as of one moment. */
  snapshot<T>(read: (db: Kysely<Tables>) => Promise<T>): Promise<T>
  /**
   * One transaction that holds the write lock of the whole store from its first statement on:
   * what it has read cannot change before it writes. It may run again where the lock was not free.
   */
  write<T>(change: (db: Kysely<Tables>) => Promise<T>): Promise<T>
  /** As `query`, of the log tables. */
  queryLog<T>(read: (db: Kysely<Tables>) => Promise<T>): Promise<T>
  /**
   * Statements that see the whole store: the control tables as of one moment, and the log tables as
   * of one moment (on MySQL the same). None of them is given up for the time it takes.
   */
  snapshotAll<T>(read: (control: Kysely<Tables>, log: Kysely<Tables>) => Promise<T>): Promise<T>
  /**
   * As `write`, of the whole store, however long it takes. Where control and log are two files, who
   * is killed between their commits leaves a store that does not open: restore_unfinished.
   */
  writeAll<T>(change: (control: Kysely<Tables>, log: Kysely<Tables>) => Promise<T>): Promise<T>
  /** Appends to the log tables and adds to the hourly sums: all of it or nothing; whether it did. */
  append(batch: LogBatch): Promise<boolean>
  /**
   * Has what was overwritten in the control tables leave the engine's files; false where somebody who
   * reads hinders it, null where the engine alone decides when.
   */
  erase(): Promise<boolean | null>
  logSpace(): Promise<LogSpace>
  /** Bytes that the rollups take of it; not cheap. */
  rollupSpace(): Promise<number>
  /** Gives back a little of what removed rows have left, in a few ms; whether there is more. */
  reclaimLog(): Promise<boolean>
  /**
   * Wall time, ms since the epoch, of the one clock that all users of the store go by: the
   * database server's, or this host's where only this host can open the store.
   */
  wall(db: Kysely<Tables>): Promise<number>
  close(): Promise<void>
}

/** A node that wrote nothing for so long, ms, is gone: nobody asks for its last batch any more. */
export const MARK_KEPT = 86_400_000

/** The time of a mark that is no node's, and is never swept. */
export const FOR_EVER = Number.MAX_SAFE_INTEGER

/** In place of the exchange's id, where a failed attempt has none. */
export const NO_EXCHANGE = 0

/** What is appended to the log tables in one transaction. */
export interface LogBatch {
  readonly entries: readonly LogEntry[]
  /** Failed attempts of no exchange, as the failures of an entry. */
  readonly loose: LogEntry['failures']
  readonly rollups: readonly RollupValues[]
  /** Of rows that are imported, the time of the oldest of each table: it is kept where they are. */
  readonly oldest: { readonly exchanges: number; readonly failures: number } | null
  /** Written only where it is not this node's last one already; null: it is never written again. */
  readonly mark: BatchMark | null
}

export interface BatchMark {
  readonly node: string
  readonly id: string
  readonly time: number
  /** What must be the node's last one before it, null being none; where it is not given, any. */
  readonly after?: string | null
}

/** @param last the batch that the node wrote last */
export function isToBeWritten({ id, after }: BatchMark, last: string | undefined): boolean {
  return last !== id && (after === undefined || after === (last ?? null))
}

/** Bytes that the log tables take. */
export interface LogSpace {
  /** By rows, and by what the engine must have besides; falls at once when rows are removed. */
  readonly used: number
  /** In files, as far as the engine can tell. */
  readonly disk: number
}

/** The column types that migrations are written in; lengths are characters, digests 32 bytes. */
export interface ColumnTypes {
  /** Primary key, given by the engine, never used twice. */
  readonly serial: string
  /** Compared byte by byte: case, accents and trailing spaces count. */
  text(length: number): string
  readonly longText: string
  /** Up to 2^53. */
  readonly integer: string
  readonly real: string
  readonly digest: string
  readonly bytes: string
  /** What follows the column list. */
  readonly table: string
  /** The same of a table whose rows lie in the order of their primary key. */
  readonly keyed: string
}

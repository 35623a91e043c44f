import type { Kysely } from 'kysely'
import type { LogEntry } from './record-rows.ts'
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
  /** Appends to the log tables: all of it or nothing. */
  append(entries: readonly LogEntry[]): Promise<void>
  close(): Promise<void>
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
}

import type { MasterKeyState } from './secrets.ts'

/** What a backup says of itself, before everything else in it. */
export interface BackupHead {
  /** Of the program that wrote it. */
  readonly version: string
  /** Of the store when it was written. */
  readonly revision: number
  /** Wall ms. */
  readonly created: number
  /** What kind of store it was written from; it may be restored to any. */
  readonly engine: 'sqlite' | 'mysql'
  readonly logs: boolean
}

export interface BackupOptions {
  /** Whether requests, failures and sums are in it too. */
  readonly logs: boolean
  /** Of the program that writes it. */
  readonly version: string
}

/**
 * Hears how far a backup is that is written or read.
 * @param done of the total, in whatever both are counted in
 * @param rows how many rows that was
 */
export type TellProgress = (done: number, total: number, rows: number) => Promise<void>

/** A backup that is whole. */
export interface Backup extends BackupHead {
  /** Table → how many rows. */
  readonly rows: Readonly<Record<string, number>>
}

/** A backup that was looked at, with what the master key at hand would open of it. */
export interface ReadBackup extends Backup {
  readonly masterKey: MasterKeyState
}

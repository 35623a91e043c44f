import type { Backup } from '../../model/backup.ts'
import { formatCount } from '../amount.ts'
import { plural } from '../plural.ts'

/** What `backup --json` prints, and `restore --json` in `restored`. */
export interface BackupShape {
  readonly file: string
  /** Of the program that wrote it. */
  readonly version: string
  readonly revision: number
  /** ISO 8601. */
  readonly created: string
  readonly engine: Backup['engine']
  readonly logs: boolean
  /** Table → how many rows; empty ones are left out. */
  readonly rows: Readonly<Record<string, number>>
}

export function backupShape(file: string, backup: Backup): BackupShape {
  const { version, revision, created, engine, logs, rows } = backup
  return { file, version, revision, created: new Date(created).toISOString(), engine, logs, rows }
}

/** `2 providers, 5 keys, 1 token, 0 routes, 1,200 requests`. */
export function contentsOf({ rows, logs }: BackupShape): string {
  const counted = (table: string, name: string) => plural(rows[table] ?? 0, name)
  const parts = [
    counted('providers', 'provider'),
    counted('provider_keys', 'key'),
    counted('tokens', 'token'),
    counted('routes', 'target'),
  ]
  return [...parts, logs ? `${formatCount(rows.exchanges ?? 0)} requests` : 'no logs'].join(', ')
}

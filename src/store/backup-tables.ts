import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Cell, Page } from './archive.ts'
import type { Part } from './migrations.ts'
import type { Tables } from './tables.ts'

export interface BackupTable {
  readonly part: Part
  readonly table: keyof Tables
  /** The primary key, by which it is read in pages. */
  readonly key: readonly string[]
}

/** What a backup holds. Left out: who serves now, whose turn it is, which batches were the last. */
export const BACKUP_TABLES: readonly BackupTable[] = [
  { part: 'control', table: 'revision', key: ['id'] },
  { part: 'control', table: 'audit', key: ['id'] },
  { part: 'control', table: 'vault', key: ['id'] },
  { part: 'control', table: 'settings', key: ['name', 'origin'] },
  { part: 'control', table: 'providers', key: ['seq'] },
  { part: 'control', table: 'provider_keys', key: ['seq'] },
  { part: 'control', table: 'memories', key: ['key_id'] },
  { part: 'control', table: 'outages', key: ['provider_id'] },
  { part: 'control', table: 'tokens', key: ['seq'] },
  { part: 'control', table: 'routes', key: ['seq'] },
  { part: 'log', table: 'exchanges', key: ['id'] },
  { part: 'log', table: 'failures', key: ['id'] },
  { part: 'log', table: 'rollups', key: ['dimension', 'hour', 'name'] },
]

const PAGE_ROWS = 2_000

/** All rows of a table in the order of its key; nothing of an empty one. */
export async function* readTable(
  db: Kysely<Tables>,
  { table, key }: BackupTable,
): AsyncGenerator<Page> {
  const order = sql.join(key.map(column => sql.ref(column)))
  const page = (where: RawBuilder<unknown>) =>
    sql<Row>`select * from ${sql.table(table)} ${where} order by ${order} limit ${PAGE_ROWS}`
  let { rows } = await page(sql``).execute(db)
  while (rows.length > 0) {
    const columns = Object.keys(rows[0] as Row)
    yield { table, columns, rows: rows.map(row => columns.map(column => row[column] ?? null)) }
    const last = rows.at(-1) as Row
    const values = sql.join(key.map(column => last[column]))
    rows = (await page(sql`where (${order}) > (${values})`).execute(db)).rows
  }
}

type Row = Record<string, Cell>

/** @throws what the engine says of a column that there is not */
export async function writePage(db: Kysely<Tables>, { table, columns, rows }: Page) {
  const names = sql.join(columns.map(column => sql.ref(column)))
  const lines = sql.join(rows.map(row => sql`(${sql.join(row)})`))
  await sql`insert into ${sql.table(table)} (${names}) values ${lines}`.execute(db)
}

export async function emptyTable(db: Kysely<Tables>, { table }: BackupTable): Promise<void> {
  await sql`delete from ${sql.table(table)}`.execute(db)
}

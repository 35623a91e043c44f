import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Cell, Page } from './archive.ts'
import type { Part } from './migrations.ts'
import type { Tables } from './tables.ts'

export interface BackupTable {
  readonly part: Part
  readonly table: keyof Tables
  /** The primary key, by which it is read in pages. */
  readonly key: readonly string[]
  /** Columns of bytes, which MySQL would take any text for. */
  readonly bytes?: readonly string[]
  /** Columns of JSON, which is text to both engines. */
  readonly json?: readonly string[]
}

/**
 * What a backup holds. Left out: who serves now, whose turn it is, which batches were the last, and who
 * is logged in.
 */
export const BACKUP_TABLES: readonly BackupTable[] = [
  { part: 'control', table: 'revision', key: ['id'] },
  { part: 'control', table: 'audit', key: ['id'] },
  { part: 'control', table: 'vault', key: ['id'], bytes: ['check_value', 'wrapped'] },
  { part: 'control', table: 'settings', key: ['name', 'origin'], json: ['value'] },
  { part: 'control', table: 'providers', key: ['seq'], json: ['overrides'] },
  { part: 'control', table: 'provider_keys', key: ['seq'], bytes: ['sealed', 'fingerprint'] },
  { part: 'control', table: 'memories', key: ['key_id'], json: ['learned'] },
  { part: 'control', table: 'outages', key: ['provider_id'], json: ['learned'] },
  {
    part: 'control',
    table: 'tokens',
    key: ['seq'],
    bytes: ['hash'],
    json: ['providers', 'models'],
  },
  { part: 'control', table: 'routes', key: ['seq'] },
  { part: 'control', table: 'objects', key: ['id', 'provider_id'] },
  { part: 'control', table: 'proxies', key: ['seq'], bytes: ['sealed'] },
  { part: 'control', table: 'admin_password', key: ['id'], bytes: ['hash', 'salt'] },
  { part: 'log', table: 'exchanges', key: ['id'] },
  { part: 'log', table: 'failures', key: ['id'] },
  { part: 'log', table: 'imported_spans', key: ['kind', 'first_id'] },
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

export async function countRows(db: Kysely<Tables>, { table }: BackupTable): Promise<number> {
  const { rows } = await sql<{
    rows: number
  }>`select count(*) as ${sql.ref('rows')} from ${sql.table(table)}`.execute(db)
  return Number(rows[0]?.rows)
}

/** The first row of a page that has bytes, text or JSON where its column has something else; -1: none. */
export function misfit({ bytes = [], json = [] }: BackupTable, { columns, rows }: Page): number {
  const fits = (cell: Cell, index: number) => {
    const column = columns[index] as string
    if (cell === null) return true
    if (Buffer.isBuffer(cell) !== bytes.includes(column)) return false
    return !json.includes(column) || isJson(cell)
  }
  return rows.findIndex(row => !row.every(fits))
}

function isJson(cell: Cell): boolean {
  try {
    JSON.parse(String(cell))
    return true
  } catch {
    return false
  }
}

/**
 * Writes the rows of a page.
 * @returns null, or the first row that is none of this table
 */
export async function writePage(db: Kysely<Tables>, page: Page): Promise<Refused | null> {
  const whole = await tryWrite(db, page)
  if (whole === null) return null
  for (const [index, row] of page.rows.entries()) {
    const code = await tryWrite(db, { ...page, rows: [row] })
    if (code !== null) return { index, code }
  }
  return { index: 0, code: whole }
}

export interface Refused {
  readonly index: number
  /** The engine's; its message would tell values too. */
  readonly code: string
}

/** A statement that fails is undone by itself in both engines, and its transaction goes on. */
async function tryWrite(db: Kysely<Tables>, page: Page): Promise<string | null> {
  try {
    await insert(db, page)
    return null
  } catch (error) {
    const code = refusalOf(error)
    if (code === null) throw error
    return code
  }
}

/** The code of an error where the engine is well, and does not take these columns or values. */
function refusalOf(error: unknown): string | null {
  const { code = '', sqlState = '' } = (error ?? {}) as { code?: string; sqlState?: string }
  return REFUSED.test(code) || /^2[123]/.test(sqlState) ? code : null
}

const REFUSED =
  /^(SQLITE_(ERROR|CONSTRAINT|MISMATCH|TOOBIG|RANGE)|ER_(BAD_FIELD|FIELD_SPECIFIED_TWICE|TOO_LONG_IDENT|WRONG_COLUMN_NAME|PARSE|NO_DEFAULT_FOR_FIELD|TRUNCATED_WRONG_VALUE)|WARN_DATA_TRUNCATED)/

async function insert(db: Kysely<Tables>, { table, columns, rows }: Page): Promise<void> {
  const names = sql.join(columns.map(column => sql.ref(column)))
  const lines = sql.join(rows.map(row => sql`(${sql.join(row)})`))
  await sql`insert into ${sql.table(table)} (${names}) values ${lines}`.execute(db)
}

export async function emptyTable(db: Kysely<Tables>, { table }: BackupTable): Promise<void> {
  await sql`delete from ${sql.table(table)}`.execute(db)
}

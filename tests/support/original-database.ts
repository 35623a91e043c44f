import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Connection } from 'mysql2/promise'

/** The tables of OpenAI Balance 1.3.3 as its ORM creates them; columns and types are facts of its schema. */
const TABLES = {
  t_settings:
    'id INTEGER NOT NULL PRIMARY KEY @, @key@ VARCHAR(100) NOT NULL UNIQUE, value TEXT, description VARCHAR(255), created_at DATETIME, updated_at DATETIME',
  t_error_logs:
    'id INTEGER NOT NULL PRIMARY KEY @, gemini_key VARCHAR(100), model_name VARCHAR(100), error_type VARCHAR(50), error_log TEXT, error_code INTEGER, request_msg JSON, request_time DATETIME',
  t_request_log:
    'id INTEGER NOT NULL PRIMARY KEY @, request_time DATETIME, model_name VARCHAR(100), api_key VARCHAR(100), is_success BOOLEAN NOT NULL, status_code INTEGER, latency_ms INTEGER',
} as const

export interface OriginalRows {
  readonly settings?: Readonly<Record<string, string | null>>
  /** Values in the order of the columns, without the id. */
  readonly requests?: readonly (readonly unknown[])[]
  readonly errors?: readonly (readonly unknown[])[]
}

const REQUEST = ['request_time', 'model_name', 'api_key', 'is_success', 'status_code', 'latency_ms']
const ERROR = [
  'gemini_key',
  'model_name',
  'error_type',
  'error_log',
  'error_code',
  'request_msg',
  'request_time',
]

/** Creates the file as the original would have it, in rollback-journal mode. */
export function writeOriginal(path: string, rows: OriginalRows): void {
  mkdirSync(dirname(path), { recursive: true })
  const db = new Sqlite(path)
  for (const statement of creations('', '"')) db.exec(statement)
  for (const [statement, values] of insertions(rows, '"')) db.prepare(statement).run(...values)
  db.close()
}

/** The same in an empty database of MariaDB. */
export async function fillOriginal(connection: Connection, rows: OriginalRows): Promise<void> {
  for (const statement of creations('AUTO_INCREMENT', '`')) await connection.query(statement)
  for (const [statement, values] of insertions(rows, '`')) await connection.query(statement, values)
}

export function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

function creations(serial: string, quote: string): string[] {
  return Object.entries(TABLES).map(
    ([name, columns]) =>
      `CREATE TABLE ${name} (${columns.replaceAll('@key@', `${quote}key${quote}`).replaceAll(' @', ` ${serial}`)})`,
  )
}

function insertions(rows: OriginalRows, quote: string): [statement: string, values: unknown[]][] {
  const settings = Object.entries(rows.settings ?? {}).map(([key, value]) => [
    key,
    value,
    '2025-12-22 10:00:00.123456',
  ])
  return [
    ...settings.map(values =>
      into('t_settings', [`${quote}key${quote}`, 'value', 'created_at'], values),
    ),
    ...(rows.requests ?? []).map(values => into('t_request_log', REQUEST, values)),
    ...(rows.errors ?? []).map(values => into('t_error_logs', ERROR, values)),
  ]
}

function into(
  table: string,
  columns: readonly string[],
  values: readonly unknown[],
): [string, unknown[]] {
  const marks = columns.map(() => '?').join(', ')
  return [`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`, [...values]]
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { RowDataPacket } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { Store } from '../../src/model/store.ts'
import { openStore, type StoreOptions } from '../../src/store/open.ts'
import { hasMariadb, Mariadb } from '../support/mariadb.ts'
import { storeOptions } from '../support/store.ts'

export type EngineName = 'sqlite' | 'mariadb'

export const ENGINES: readonly EngineName[] = hasMariadb ? ['sqlite', 'mariadb'] : ['sqlite']

type Row = Record<string, unknown>

/** An empty store of one engine, and a way past the store to what it wrote. */
export interface Place {
  readonly folder: string
  readonly options: StoreOptions
  /** Opens it; closed after the test. */
  open(overrides?: Partial<StoreOptions>): Promise<Store>
  /**
   * Opens it once for each of several who are to use it at once. On SQLite once for all: its calls
   * block, so that two in one thread would wait for each other; see processes.test.ts.
   */
  openSeveral(): Promise<Store[]>
  /** Runs one statement on the control tables, or on the log tables. */
  sql(statement: string, values?: unknown[], log?: boolean): Promise<Row[]>
}

export type MakePlace = (options?: { readonly untouched?: boolean }) => Promise<Place>

/**
 * For a `describe`: gives each test empty places of this engine, and clears up behind it.
 * Databases of MariaDB are emptied and used again, unless one never opened is asked for.
 */
export function usePlaces(engine: EngineName): MakePlace {
  let server: Mariadb | null = null
  const stores: Store[] = []
  const folders: string[] = []
  const used: string[] = []
  const free: string[] = []

  beforeAll(async () => {
    if (engine === 'mariadb') server = await sharedServer()
  })
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
    free.push(...used.splice(0))
  })

  async function database(from: Mariadb, untouched: boolean): Promise<string> {
    const again = untouched ? undefined : free.pop()
    const name = again ?? (await from.database())
    if (again) await empty(from, again)
    if (!untouched) used.push(name)
    return name
  }

  return async ({ untouched = false } = {}) => {
    const folder = mkdtempSync(join(tmpdir(), 'bal-store-'))
    folders.push(folder)
    const defaults = storeOptions(folder)
    const name = server ? await database(server, untouched) : ''
    const options = server ? { ...defaults, url: server.url(name) } : defaults
    const open = async (overrides: Partial<StoreOptions> = {}) => {
      const store = await openStore({ ...options, ...overrides })
      stores.push(store)
      return store
    }
    return {
      folder,
      options,
      open,
      openSeveral: () => Promise.all(Array.from({ length: server ? 3 : 1 }, () => open())),
      async sql(statement, values = [], log = false) {
        if (server) return onMariadb(server, name, statement, values)
        return onSqlite(join(folder, log ? 'balance-log.db' : 'balance.db'), statement, values)
      },
    }
  }
}

async function empty(server: Mariadb, database: string): Promise<void> {
  const connection = await server.connect(database)
  const [tables] = await connection.query<RowDataPacket[]>('show tables')
  for (const table of tables.map(row => Object.values(row)[0])) {
    if (table === 'revision') await connection.query('update revision set number = 0, learned = 0')
    else if (table !== 'balance_migrations') await connection.query(`delete from ${table}`)
  }
  await connection.end()
}

let shared: Promise<Mariadb> | null = null

/** One server for all suites of a test file. */
export function sharedServer(): Promise<Mariadb> {
  shared ??= Mariadb.start()
  return shared
}

export function stopSharedServer(): void {
  afterAll(async () => {
    await (await shared)?.stop()
    // Another file of this process may come.
    shared = null
  })
}

function onSqlite(file: string, statement: string, values: unknown[]): Row[] {
  const db = new Sqlite(file)
  try {
    const prepared = db.prepare<unknown[], Row>(statement)
    if (prepared.reader) return prepared.all(...values)
    prepared.run(...values)
    return []
  } finally {
    db.close()
  }
}

async function onMariadb(
  server: Mariadb,
  database: string,
  statement: string,
  values: unknown[],
): Promise<Row[]> {
  const connection = await server.connect(database)
  try {
    const [rows] = await connection.query(statement, values)
    return Array.isArray(rows) ? (rows as Row[]) : []
  } finally {
    await connection.end()
  }
}

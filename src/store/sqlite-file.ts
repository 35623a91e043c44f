import { dirname } from 'node:path'
import type { Database, Statement } from 'better-sqlite3'
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type SqliteStatement,
  sql,
  type TransactionSettings,
} from 'kysely'
import type { Clock } from '../base/clock.ts'
import type { ColumnTypes } from './dialect.ts'
import { isCurrent, type MigrationStep, type MigrationTarget, migrate } from './migrate.ts'
import type { Part } from './migrations.ts'
import { createPrivate, ensureFolder, refuseWritableByOthers } from './private-file.ts'
import { isBusy, sqliteFault } from './sqlite-fault.ts'
import { loadSqlite } from './sqlite-library.ts'
import type { Tables } from './tables.ts'

/** How long one try waits for a lock inside SQLite, where it blocks the thread. */
export const BLOCKING_WAIT = 250
/** How long a call tries again, between which other calls run. */
const PATIENCE = 5_000
const MIGRATION_PATIENCE = 30_000
/** How long readers are waited for, so that the write-ahead log can be emptied. */
const JOURNAL_PATIENCE = 3_000
const CACHED_STATEMENTS = 200

/** One SQLite file of a store, opened, checked and brought to the newest schema. */
export class SqliteFile {
  readonly raw: Database
  readonly db: Kysely<Tables>
  readonly #path: string
  readonly #clock: Clock

  private constructor(path: string, raw: Database, clock: Clock) {
    this.raw = raw
    this.db = new Kysely({ dialect: new ImmediateDialect({ database: cachingStatements(raw) }) })
    this.#path = path
    this.#clock = clock
  }

  /**
   * Creates the file (0600) and its folder (0700) where they are missing.
   * @param pragmas of this file, in their order; set before anything is written to it
   * @throws BalanceError store_unavailable, store_invalid, store_too_new, config_unsafe
   */
  static async open(path: string, part: Part, pragmas: readonly string[], clock: Clock) {
    const raw = await openRaw(path)
    const file = new SqliteFile(path, raw, clock)
    try {
      await file.patiently(async () => {
        const target = file.#target(part)
        // Before the first write: a stranger's database stays as it is.
        await isCurrent(target)
        for (const pragma of [...pragmas, ...PRAGMAS]) raw.pragma(pragma)
        await migrate(target)
      })
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Runs, and again while another process holds the lock, for as long as `patience` ms. */
  async patiently<T>(run: () => Promise<T>, patience = PATIENCE): Promise<T> {
    const start = this.#clock.now()
    for (;;) {
      try {
        return await run()
      } catch (error) {
        const waited = this.#clock.now() - start
        if (!isBusy(error) || waited >= patience) throw sqliteFault(error, this.#path)
        await this.#clock.sleep(10 + Math.random() * 40)
      }
    }
  }

  /**
   * Empties the write-ahead log, which has pages as they were before; false where others read it for
   * longer than some seconds.
   */
  async emptyJournal(): Promise<boolean> {
    const start = this.#clock.now()
    for (;;) {
      const [outcome] = this.raw.pragma('wal_checkpoint(truncate)') as { readonly busy: number }[]
      if (outcome?.busy === 0) return true
      if (this.#clock.now() - start >= JOURNAL_PATIENCE) return false
      await this.#clock.sleep(10 + Math.random() * 40)
    }
  }

  async close(): Promise<void> {
    // Kysely closes only what it has used.
    await this.db.destroy()
    this.raw.close()
  }

  #target(part: Part): MigrationTarget {
    const { raw, db } = this
    return {
      part,
      place: this.#path,
      types: TYPES,
      tables: async () => raw.prepare<[], string>(TABLES).pluck().all(),
      newest: async () => raw.prepare<[Part], number>(NEWEST).pluck().get(part) ?? 0,
      locked: run =>
        this.patiently(
          () => db.transaction().execute(trx => run(this.#step(trx, part))),
          MIGRATION_PATIENCE,
        ),
    }
  }

  #step(trx: Kysely<Tables>, part: Part): MigrationStep {
    return {
      execute: async statement => void (await sql.raw(statement).execute(trx)),
      record: async (number, name) => {
        const row = { part, number, name, applied_at: this.#clock.wall() }
        await trx.insertInto('balance_migrations').values(row).execute()
      },
    }
  }
}

const PRAGMAS = ['journal_mode = wal', 'trusted_schema = off']

const TYPES: ColumnTypes = {
  serial: 'integer not null primary key autoincrement',
  text: () => 'text',
  longText: 'text',
  integer: 'integer',
  real: 'real',
  digest: 'blob',
  bytes: 'blob',
  table: 'strict',
  keyed: 'strict, without rowid',
}

const TABLES = `select name from sqlite_schema where type = 'table' and name not like 'sqlite!_%' escape '!'`
const NEWEST = 'select max(number) from balance_migrations where part = ?'

async function openRaw(path: string): Promise<Database> {
  try {
    ensureFolder(dirname(path))
    createPrivate(path, '')
    refuseWritableByOthers(path)
    const Sqlite = await loadSqlite()
    return new Sqlite(path, { timeout: BLOCKING_WAIT, fileMustExist: true })
  } catch (error) {
    throw sqliteFault(error, path)
  }
}

/**
 * Writing transactions take the lock when they begin: one that took it at its first write, after
 * it has read, would fail at once (SQLITE_BUSY_SNAPSHOT) whenever somebody wrote in between.
 */
class ImmediateDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig

  constructor(config: SqliteDialectConfig) {
    super(config)
    this.#config = config
  }

  override createDriver(): SqliteDriver {
    return new ImmediateDriver(this.#config)
  }
}

class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(
    connection: DatabaseConnection,
    settings?: TransactionSettings,
  ): Promise<void> {
    const reading = settings?.accessMode === 'read only'
    await connection.executeQuery(CompiledQuery.raw(reading ? 'begin' : 'begin immediate'))
  }
}

/** Kysely prepares a statement for each call; most calls repeat one of a few. */
function cachingStatements(raw: Database): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>()
  return {
    close: () => raw.close(),
    prepare(text) {
      const known = statements.get(text)
      if (known) return known
      if (statements.size >= CACHED_STATEMENTS) statements.clear()
      const statement = quicker(raw.prepare<unknown[]>(text))
      statements.set(text, statement)
      return statement
    },
  }
}

/** The library makes its objects as dictionaries: of many rows that is most of the time of reading them. */
function quicker(statement: Statement<unknown[]>): SqliteStatement {
  if (!statement.reader) return statement as SqliteStatement
  return {
    reader: true,
    run: values => statement.run(...values),
    iterate: values => statement.raw(false).iterate(...values),
    all(values) {
      const rows = statement.raw().all(...values) as unknown[][]
      // Asked for each time: somebody may have added a column since.
      const names = rows.length === 0 ? [] : statement.columns().map(({ name }) => name)
      return rows.map(row => objectOf(names, row))
    },
  }
}

function objectOf(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (let n = 0; n < names.length; n++) row[names[n] as string] = values[n]
  return row
}

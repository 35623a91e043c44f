import { Kysely, MysqlDialect, sql } from 'kysely'
import type { Clock } from '../base/clock.ts'
import type { ColumnTypes, Engine } from './dialect.ts'
import { migrate } from './migrate.ts'
import { appendBatch } from './mysql-batch.ts'
import { mysqlFault } from './mysql-fault.ts'
import { migrationTarget } from './mysql-migration.ts'
import { openPool } from './mysql-pool.ts'
import { MysqlSpace } from './mysql-space.ts'
import type { Tables } from './tables.ts'
import type { MysqlAddress } from './url.ts'

const CONNECTIONS = 4
const QUERY_TIMEOUT = 2_000
/** Not UNIX_TIMESTAMP of NOW, which goes by the server's zone: that repeats an hour every autumn. */
const WALL = sql.raw(`timestampdiff(microsecond, '1970-01-01', utc_timestamp(3)) div 1000`)

/** A store in one database of MySQL 8 or MariaDB 10.3 and newer. */
export async function openMysql(address: MysqlAddress, clock: Clock): Promise<Engine> {
  const limits = { connections: CONNECTIONS, queryTimeout: QUERY_TIMEOUT }
  const pool = await openPool(address, limits, clock)
  const db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool }) })
  const guarded = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (error) {
      throw mysqlFault(error, address.url)
    }
  }
  const space = new MysqlSpace(db, clock)
  const engine: Engine = {
    url: address.url,
    query: read => guarded(() => read(db)),
    snapshot: read => guarded(() => snapshot(db, read)),
    write: change => guarded(() => locked(db, change)),
    queryLog: read => guarded(() => read(db)),
    snapshotAll: read =>
      guarded(() => onPatient(address, clock, on => snapshot(on, trx => read(trx, trx)))),
    writeAll: change =>
      guarded(() => onPatient(address, clock, on => locked(on, trx => change(trx, trx)))),
    append: batch => guarded(() => appendBatch(db, server.step, batch)),
    // Its undo and binary logs are the server's own.
    erase: async () => null,
    logSpace: () => guarded(() => space.measure()),
    rollupSpace: () => guarded(() => space.measureRollups()),
    // InnoDB gives pages that become free to new rows, and to the disk only when a table is rebuilt.
    reclaimLog: async () => false,
    wall: async on => {
      const { rows } = await sql<{ now: number }>`select ${WALL} as now`.execute(on)
      return (rows[0] as { now: number }).now
    },
    close: () => db.destroy(),
  }
  let server: Server
  try {
    server = await guarded(() => identify(db))
    await guarded(() => migrateAll(db, address, server, clock))
    return engine
  } catch (error) {
    await engine.close()
    throw error
  }
}

function snapshot<T>(db: Kysely<Tables>, read: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(read)
}

/** A transaction that holds the write lock of the store. */
function locked<T>(db: Kysely<Tables>, change: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
  return db.transaction().execute(async trx => {
    await sql`select number from revision where id = 1 for update`.execute(trx)
    return change(trx)
  })
}

/** On a connection of its own, whose statements may take long. */
async function onPatient<T>(
  address: MysqlAddress,
  clock: Clock,
  run: (db: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  const pool = await openPool(address, { connections: 1, queryTimeout: 0 }, clock)
  const own = new Kysely<Tables>({ dialect: new MysqlDialect({ pool }) })
  try {
    return await run(own)
  } finally {
    await own.destroy()
  }
}

interface Server {
  readonly types: ColumnTypes
  /** Distance of two automatic ids; other than 1 on clusters with several writers. */
  readonly step: number
}

async function identify(db: Kysely<Tables>): Promise<Server> {
  const { rows } = await sql<{ version: string; step: number }>`
    select version() as version, @@auto_increment_increment as step`.execute(db)
  const { version = '', step = 1 } = rows[0] ?? {}
  return { types: columnTypes(/mariadb/i.test(version)), step }
}

/** The collations that count every byte; `utf8mb4_bin` takes trailing spaces for nothing. */
function columnTypes(isMariadb: boolean): ColumnTypes {
  const collation = isMariadb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'
  // Statistics that keep up by themselves, whatever the server's default: sizes are taken from them.
  const table = `engine=InnoDB row_format=dynamic stats_persistent=1 stats_auto_recalc=1
    default charset=utf8mb4 collate=${collation}`
  return {
    serial: 'bigint not null auto_increment primary key',
    text: length => `varchar(${length})`,
    longText: 'mediumtext',
    integer: 'bigint',
    real: 'double',
    digest: 'binary(32)',
    bytes: 'blob',
    table,
    keyed: table,
  }
}

async function migrateAll(
  db: Kysely<Tables>,
  address: MysqlAddress,
  { types }: Server,
  clock: Clock,
): Promise<void> {
  for (const part of ['control', 'log'] as const) {
    await migrate(migrationTarget(db, address, part, types, clock))
  }
}

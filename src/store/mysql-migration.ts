import { Kysely, MysqlDialect, sql } from 'kysely'
import type { Clock } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import type { ColumnTypes } from './dialect.ts'
import type { MigrationStep, MigrationTarget } from './migrate.ts'
import type { Part } from './migrations.ts'
import { openPool } from './mysql-pool.ts'
import type { Tables } from './tables.ts'
import type { MysqlAddress } from './url.ts'

const PATIENCE = 30_000
/** MySQL takes lock names of up to 64 characters, and has them for the whole server. */
const LOCK = sql`left(concat('balance:', database()), 64)`
/** What is there already when a migration that was cut short runs again. */
const ALREADY = new Set(['ER_TABLE_EXISTS_ERROR', 'ER_DUP_KEYNAME', 'ER_DUP_FIELDNAME'])

/** How a MySQL database is migrated: on a connection of its own, whose statements may take long. */
export function migrationTarget(
  db: Kysely<Tables>,
  address: MysqlAddress,
  part: Part,
  types: ColumnTypes,
  clock: Clock,
): MigrationTarget {
  return {
    part,
    place: address.url,
    types,
    async tables() {
      const { rows } = await sql<{ name: string }>`
        select table_name as name from information_schema.tables
        where table_schema = database()`.execute(db)
      return rows.map(({ name }) => name)
    },
    async newest() {
      const { newest } = await db
        .selectFrom('balance_migrations')
        .select(query => query.fn.max('number').as('newest'))
        .where('part', '=', part)
        .executeTakeFirstOrThrow()
      return newest ?? 0
    },
    async locked(run) {
      const pool = await openPool(address, { connections: 1, queryTimeout: 0 }, clock)
      const own = new Kysely<Tables>({ dialect: new MysqlDialect({ pool }) })
      try {
        await own.connection().execute(async connection => {
          await takeLock(connection, address.url, clock)
          await run(step(connection, part, clock))
        })
      } finally {
        // The lock is the connection's and goes with it.
        await own.destroy()
      }
    },
  }
}

async function takeLock(db: Kysely<Tables>, url: string, clock: Clock): Promise<void> {
  const start = clock.now()
  for (;;) {
    const { rows } = await sql<{ taken: number }>`select get_lock(${LOCK}, 1) as taken`.execute(db)
    if (rows[0]?.taken === 1) return
    if (clock.now() - start < PATIENCE) continue
    throw new BalanceError('store_unavailable', `${url} is being migrated by another process.`, {
      hint: 'Try again when that has ended.',
    })
  }
}

function step(db: Kysely<Tables>, part: Part, clock: Clock): MigrationStep {
  return {
    async execute(statement) {
      try {
        await sql.raw(statement).execute(db)
      } catch (error) {
        if (!ALREADY.has((error as { code?: string }).code ?? '')) throw error
      }
    },
    async record(number, name) {
      const row = { part, number, name, applied_at: clock.wall() }
      await db.insertInto('balance_migrations').values(row).execute()
    },
  }
}

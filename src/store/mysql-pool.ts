import type { MysqlPool, MysqlPoolConnection, MysqlQueryResult } from 'kysely'
import type { Pool, PoolConnection } from 'mysql2'
import type { Clock } from '../base/clock.ts'
import { loginOf } from './mysql-login.ts'
import type { MysqlAddress } from './url.ts'

const CONNECT_TIMEOUT = 2_000
/** How long the server may take to say good-bye. */
const END_TIMEOUT = 2_000

/**
 * Strict, or MySQL cuts what is too long without an error; and without NO_BACKSLASH_ESCAPES,
 * under which the escaping that mysql2 does would let a quote through. MySQL 8 alone reads the
 * comment (MariaDB passes over those numbered 50700 to 99999): it would tell the sizes of tables
 * as they were a day ago.
 */
const SESSION = `set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'
  /*!80000 , information_schema_stats_expiry = 0 */`

export interface PoolLimits {
  readonly connections: number
  /** Of one statement, in ms; 0: none. */
  readonly queryTimeout: number
}

/** A mysql2 pool as Kysely takes one, whose connections are set up and whose statements time out. */
export async function openPool(
  address: MysqlAddress,
  limits: PoolLimits,
  clock: Clock,
): Promise<MysqlPool> {
  const { createPool } = await import('mysql2')
  const pool = createPool({
    ...loginOf(address),
    connectTimeout: CONNECT_TIMEOUT,
    connectionLimit: limits.connections,
    queueLimit: 1_000,
    supportBigNumbers: true,
    stringifyObjects: true,
    multipleStatements: false,
  })
  return preparedPool(pool, limits.queryTimeout, clock)
}

function preparedPool(pool: Pool, queryTimeout: number, clock: Clock): MysqlPool {
  const prepared = new WeakMap<PoolConnection, TimedConnection>()
  const open = new Set<PoolConnection>()
  pool.on('connection', raw => {
    open.add(raw)
    raw.once('end', () => open.delete(raw))
  })
  return {
    getConnection(give) {
      pool.getConnection((error, raw) => {
        if (error) return give(error, raw as never)
        const known = prepared.get(raw)
        if (known) return give(null, known)
        const connection = new TimedConnection(raw, queryTimeout)
        connection.query(SESSION, [], failed => {
          if (failed) {
            raw.destroy()
            return give(failed, connection)
          }
          prepared.set(raw, connection)
          give(null, connection)
        })
      })
    },
    end: done => endPool(pool, open, clock, done),
  }
}

/** Politely; but a server that is frozen must not hold up the end of a command. */
function endPool(
  pool: Pool,
  open: ReadonlySet<PoolConnection>,
  clock: Clock,
  done: (error: unknown) => void,
): void {
  const late = clock.after(END_TIMEOUT, () => {
    for (const raw of open) raw.destroy()
    done(null)
  })
  pool.end(error => {
    late.stop()
    done(error)
  })
}

/** A connection whose statements time out, and which is given up when one did. */
class TimedConnection implements MysqlPoolConnection {
  readonly #raw: PoolConnection
  readonly #timeout: number

  constructor(raw: PoolConnection, timeout: number) {
    this.#raw = raw
    this.#timeout = timeout
  }

  query(
    text: string,
    values: unknown[],
    done?: (error: unknown, result: MysqlQueryResult) => void,
  ): never {
    this.#raw.query({ sql: text, values, timeout: this.#timeout }, (error, result) => {
      // The answer may still come, or the server may hold a lock for it: nobody can use this one.
      if (error?.code === 'PROTOCOL_SEQUENCE_TIMEOUT') this.#raw.destroy()
      done?.(error, result as unknown as MysqlQueryResult)
    })
    return undefined as never
  }

  release(): void {
    this.#raw.release()
  }
}

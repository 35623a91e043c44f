import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { World } from '../support/daemon.ts'
import { DatabaseWorld } from '../support/database-world.ts'
import { Mariadb } from '../support/mariadb.ts'

/** Surroundings whose log can be measured. */
export interface LogPlace {
  readonly world: World
  /** Bytes that the log takes. */
  size(): Promise<number>
  /** Has the engine find out how large it is, where it knows that only some seconds later. */
  measure(): Promise<void>
  remove(): Promise<void>
}

export async function onSqlite(): Promise<LogPlace> {
  const world = new World()
  const sizeOf = (name: string) =>
    statSync(join(world.dataDir, name), { throwIfNoEntry: false })?.size ?? 0
  return {
    world,
    size: async () => sizeOf('balance-log.db') + sizeOf('balance-log.db-wal'),
    measure: async () => {},
    remove: () => world.remove(),
  }
}

const LOG_TABLES = ['exchanges', 'failures', 'rollups']

/** Where files never shrink, and what counts is what InnoDB's statistics say. */
export async function onMariadb(): Promise<LogPlace> {
  const server = await Mariadb.start()
  const database = await server.database()
  const world = new DatabaseWorld(server, database, randomBytes(32).toString('base64'))
  const tables = LOG_TABLES.map(table => `${database}.${table}`).join(', ')
  return {
    world,
    async size() {
      const [row] = await server.sql(
        `select sum(data_length + index_length) as bytes from information_schema.tables
         where table_schema = '${database}'
         and table_name in (${LOG_TABLES.map(table => `'${table}'`).join(', ')})`,
      )
      return Number(row?.bytes)
    },
    measure: async () => void (await server.sql(`analyze table ${tables}`)),
    async remove() {
      await world.remove()
      await server.stop()
    },
  }
}

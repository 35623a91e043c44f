import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type FSWatcher, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect } from 'vitest'
import { World } from '../support/daemon.ts'
import { DatabaseWorld } from '../support/database-world.ts'
import { hasMariadb, Mariadb } from '../support/mariadb.ts'

/** What a store can be kept in, each with surroundings whose store is kept so. */
export interface Engine {
  readonly name: string
  /** A daemon that was killed must serve again within this time, ms. */
  readonly readyWithin: number
  world(): Promise<World>
  /** Runs one statement on the control tables of the world's store, past the store. */
  sql(world: World, statement: string): Promise<void>
  /** Fails where the files of the world's store are damaged. */
  expectSound(world: World): void
  /** Resolves when something of the world's store is next being written, or after a while. */
  writing(world: World): Promise<void>
  /** Ends what the engine itself needed. */
  close(): Promise<void>
}

const LONGEST_WATCH_MS = 300

class SqliteEngine implements Engine {
  readonly name = 'SQLite'
  readonly readyWithin = 1_500

  async world(): Promise<World> {
    return new World()
  }

  async sql({ dataDir }: World, statement: string): Promise<void> {
    const db = new Sqlite(join(dataDir, 'balance.db'))
    db.exec(statement)
    db.close()
  }

  expectSound({ dataDir }: World): void {
    for (const name of ['balance.db', 'balance-log.db']) {
      const db = new Sqlite(join(dataDir, name), { readonly: true })
      expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
      db.close()
    }
  }

  writing({ dataDir }: World): Promise<void> {
    return nextChange(dataDir)
  }

  async close(): Promise<void> {}
}

class MariadbEngine implements Engine {
  readonly name = 'MariaDB'
  readonly readyWithin = 3_000
  readonly #databases = new WeakMap<World, string>()
  #server: Mariadb | null = null

  async world(): Promise<World> {
    this.#server ??= await Mariadb.start()
    const masterKey = randomBytes(32).toString('base64')
    const database = await this.#server.database()
    const world = new DatabaseWorld(this.#server, database, masterKey)
    this.#databases.set(world, database)
    return world
  }

  async sql(world: World, statement: string): Promise<void> {
    const connection = await this.#server?.connect(this.#databases.get(world))
    await connection?.query(statement)
    await connection?.end()
  }

  /** The server was not killed: what there is to be damaged is its own. */
  expectSound(): void {}

  writing(): Promise<void> {
    return nextChange(join(dirname(this.#server?.socket ?? ''), 'data'))
  }

  async close(): Promise<void> {
    await this.#server?.stop()
  }
}

export const ENGINES: readonly (() => Engine)[] = hasMariadb
  ? [() => new SqliteEngine(), () => new MariadbEngine()]
  : [() => new SqliteEngine()]

async function nextChange(folder: string): Promise<void> {
  const watcher: FSWatcher = watch(folder)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), LONGEST_WATCH_MS)
  await once(watcher, 'change', { signal: late.signal }).catch(() => {})
  clearTimeout(timer)
  watcher.close()
}

import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { count } from '../support/count.ts'
import { DatabaseDoor } from '../support/database-door.ts'
import { DatabaseWorld } from '../support/database-world.ts'
import { hasMariadb, Mariadb } from '../support/mariadb.ts'
import { outlast } from './trouble.ts'

const HOLD_MS = count(5, 60) * 1_000
const RESTARTS = count(3, 20)
const NAMED = /does not answer/

describe.runIf(hasMariadb)('a daemon under load serves on, tells of it and loses no record', () => {
  let server: Mariadb
  let door: DatabaseDoor
  let mock: Mock
  let worlds: DatabaseWorld[] = []

  /** On a database of its own, reached over this address. */
  async function newWorld(address: Mariadb | DatabaseDoor): Promise<DatabaseWorld> {
    const masterKey = randomBytes(32).toString('base64')
    const world = new DatabaseWorld(address, await server.database(), masterKey)
    worlds.push(world)
    return world
  }

  beforeAll(async () => {
    server = await Mariadb.start()
    door = await DatabaseDoor.open(server)
  })
  beforeEach(async () => {
    mock = await startMock({ tokens: 4 })
  })
  afterEach(async () => {
    for (const world of worlds) await world.remove()
    worlds = []
    await mock.close()
  })
  afterAll(async () => {
    door.close()
    await server.stop()
  })

  it('while MariaDB is gone', async ({ annotate }) => {
    const trouble = { named: NAMED, begin: () => server.kill(), end: () => server.up() }
    await outlast(await newWorld(server), mock.url, trouble, { holdMs: HOLD_MS, annotate })
  })

  it('while MariaDB is frozen in the midst of a commit', async ({ annotate }) => {
    const trouble = {
      named: NAMED,
      // It goes on to commit what the daemon took for lost, and must not write once more.
      begin: () => door.beforeCommit(() => server.freeze()),
      end: async () => server.freeze(false),
    }
    await outlast(await newWorld(door), mock.url, trouble, { holdMs: HOLD_MS, annotate })
  })

  it('while MariaDB is restarted again and again', async ({ annotate }) => {
    const trouble = { named: NAMED, begin: () => server.shutDown(), end: () => server.up() }
    const course = { turns: RESTARTS, holdMs: 0, annotate }
    await outlast(await newWorld(server), mock.url, trouble, course)
  })
})

import { randomBytes } from 'node:crypto'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import { type Daemon, eventually } from '../support/daemon.ts'
import { DatabaseWorld } from '../support/database-world.ts'
import { Mariadb } from '../support/mariadb.ts'

/** Two daemons on one MariaDB, each in surroundings of its own, as on two hosts. */
export interface TwoNodes {
  readonly database: Mariadb
  readonly mock: Mock
  readonly here: DatabaseWorld
  readonly there: DatabaseWorld
  readonly first: Daemon
  readonly second: Daemon
  readonly token: string
  /** The database's name on its server. */
  readonly name: string
  remove(): Promise<void>
}

/** Resolves once each knows the other. */
export async function startTwoNodes(keys: readonly string[]): Promise<TwoNodes> {
  const database = await Mariadb.start()
  const mock = await startMock({ tokens: 4 })
  const [name, masterKey] = [await database.database(), randomBytes(32).toString('base64')]
  const here = new DatabaseWorld(database, name, masterKey)
  const there = new DatabaseWorld(database, name, masterKey)
  await here.balance(['providers', 'add', 'mock', '--base-url', mock.url])
  await here.balance(['keys', 'add', 'mock'], keys.join('\n'))
  const { token } = await here.json<{ token: string }>(['tokens', 'create', 'test'])
  const [first, second] = await Promise.all([here.serve(), there.serve()])
  await eachKnowsTheOther(here, there)
  return {
    ...{ database, mock, here, there, first, second, token, name },
    async remove() {
      await here.remove()
      await there.remove()
      await mock.close()
      await database.stop()
    },
  }
}

export async function eachKnowsTheOther(...worlds: readonly DatabaseWorld[]): Promise<void> {
  await eventually(
    async () => {
      const known = await Promise.all(worlds.map(world => world.json<DaemonStatus>(['status'])))
      return known.every(({ nodes }) => nodes.length === worlds.length)
    },
    'each knows the other',
    15_000,
  )
}

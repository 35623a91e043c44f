import { afterAll, beforeAll } from 'vitest'
import { DaemonClient } from '../../../src/control/client.ts'
import { type Mock, startMock } from '../../../src/mock/server.ts'
import { type Daemon, World } from '../../support/daemon.ts'

/** A running daemon with a provider `mock`, and the control socket to ask it at. */
export interface Desk {
  readonly world: World
  readonly daemon: Daemon
  readonly client: DaemonClient
  readonly mock: Mock
  /** A client's. */
  readonly token: string
}

/** Secrets that the mock answers by a script of its own; labels are `key-1` and so on. */
export const KEYS = ['one', 'two', 'three'].map(name => `sk-${name}-0123456789abcdef`)

/** A host that does much else starts a daemon late, ms. */
export const PATIENCE = 60_000

/** For a `describe`: one desk for all of its tests. */
export function useDesk(): () => Desk {
  let desk: Desk
  beforeAll(async () => {
    const mock = await startMock()
    const world = new World()
    const token = await world.furnish(mock.url, ...KEYS)
    const daemon = await world.serve()
    const client = await DaemonClient.connect(storeUrl(world), [world.dataDir])
    if (client === null) throw new Error('The daemon has no control socket.')
    desk = { world, daemon, client, mock, token }
  }, PATIENCE)
  afterAll(async () => {
    await desk.world.remove()
    await desk.mock.close()
  })
  return () => desk
}

export function storeUrl({ dataDir }: World): string {
  return `sqlite:${dataDir}/balance.db`
}

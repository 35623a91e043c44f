import { type Mock, type MockOptions, startMock } from '../../src/mock/server.ts'
import type { Store } from '../../src/model/store.ts'
import { type Browsing, browse, LOOKS } from './browser.ts'
import { type Daemon, World } from './daemon.ts'

/** A daemon as its owner has it, the provider it asks, and a browser that was not at its dashboard yet. */
export interface DashboardWorld {
  readonly mock: Mock
  readonly world: World
  readonly daemon: Daemon
  /** A caller's. */
  readonly token: string
  readonly browsing: Browsing
  readonly url: string
  readonly close: () => Promise<void>
}

/** @param prepare has the store before the daemon has it */
export async function startDashboardWorld(
  options: MockOptions,
  prepare: (store: Store) => Promise<void>,
): Promise<DashboardWorld> {
  const mock = await startMock({ tokens: 4, ...options })
  const world = new World()
  const token = await world.furnish(mock.url)
  const store = await world.openStore()
  await prepare(store).finally(() => store.close())
  const daemon = await world.serve()
  const browsing = await browse(LOOKS[0])
  return {
    ...{ mock, world, daemon, token, browsing },
    url: `${daemon.url}/admin/`,
    close: async () => {
      await browsing.close()
      await world.remove()
      await mock.close()
    },
  }
}

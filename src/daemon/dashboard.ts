import { fileURLToPath } from 'node:url'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { Assets } from '../control/admin/assets.ts'
import { DashboardDoor } from '../control/admin/door.ts'
import type { LoginLinks } from '../control/admin/links.ts'
import { DashboardSocket } from '../control/admin/pipe.ts'
import { visitorOf } from '../control/admin/visitor.ts'
import type { Operator } from '../control/api.ts'
import type { TailHub } from '../control/tail.ts'
import type { Dashboard } from '../gateway/dashboard.ts'
import type { Follower } from './follower.ts'
import type { DaemonStore } from './operator.ts'

interface DashboardParts {
  readonly operator: Operator
  readonly store: DaemonStore
  readonly tail: TailHub
  readonly links: LoginLinks
  readonly follower: Follower
  /** Of what is listened on. */
  readonly listening: readonly string[]
  readonly version: string
  readonly clock: Clock
  readonly log: Logger
}

/** Any address of the host, and no name of it. */
const ANY: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** The dashboard as the daemon has it: its door, and the socket by which workers bring visitors to it. */
export class DaemonDashboard {
  readonly #door: DashboardDoor
  #socket: DashboardSocket | null = null

  constructor({ follower, listening, ...parts }: DashboardParts) {
    const own = listening.filter(host => !ANY.has(host)).map(host => host.toLowerCase())
    this.#door = new DashboardDoor({
      ...parts,
      // Where the build has put it, whichever bundle this is in.
      assets: new Assets(fileURLToPath(new URL('./dashboard/', import.meta.url))),
      hosts: () => [...own, ...(follower.catalog?.settings.dashboard_hosts ?? [])],
      revision: () => follower.revision,
    })
  }

  readonly answer: Dashboard = (request, response) =>
    void this.#door.answer(request, response, visitorOf(request))

  /** @throws Error before {@link openSocket} */
  readonly socketPath = (): string => {
    if (this.#socket === null) throw new Error('No worker is started before it.')
    return this.#socket.path
  }

  /** @param controlPath of the control socket, beside which it lies */
  async openSocket(controlPath: string): Promise<void> {
    this.#socket = await DashboardSocket.open(controlPath, this.#door)
  }

  /** Before the control socket is closed, for the next daemon may have its own at the same path then. */
  async close(): Promise<void> {
    await this.#door.close()
    this.#socket?.close()
  }
}

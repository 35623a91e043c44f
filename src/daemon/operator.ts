import type { Clock } from '../base/clock.ts'
import { asBalanceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { Operations, Operator } from '../control/api.ts'
import type { LoadedConfig } from '../model/config.ts'
import { providerStatuses } from '../model/key-status.ts'
import type { DaemonStatus } from '../model/status.ts'
import type { Store } from '../model/store.ts'
import type { StoreHealth } from '../store/threaded.ts'
import type { Follower } from './follower.ts'
import type { LocalGateway } from './local-gateway.ts'
import type { Recorder } from './recorder.ts'

/** The store of a daemon: in a thread of its own, whose health can be asked. */
export type DaemonStore = Store & { readonly health: StoreHealth }

interface OperatorParts {
  readonly config: LoadedConfig
  readonly reread: () => LoadedConfig
  readonly clock: Clock
  readonly version: string
  readonly store: DaemonStore
  readonly recorder: Recorder
  readonly gateway: LocalGateway
  readonly follower: Follower
  readonly log: Logger
}

/** Carries out what operators ask of this daemon, from whichever door they ask. */
export class DaemonOperator implements Operator {
  url: string | null = null
  /** Resolves with the milliseconds to drain for, once a stop was asked for. */
  readonly stopped: Promise<number>
  readonly #parts: OperatorParts
  readonly #started: string
  #stop: (drainMs: number) => void = () => {}
  #stopping = false

  constructor(parts: OperatorParts) {
    this.#parts = parts
    this.#started = new Date(parts.clock.wall()).toISOString()
    this.stopped = new Promise(resolve => {
      this.#stop = resolve
    })
  }

  /** The second call, or one that says so, cuts off what is in flight. */
  beginStop(now: boolean): void {
    if (this.#stopping || now) this.#parts.gateway.cutOff()
    this.#stopping = true
    this.#stop(now ? 0 : this.#parts.config.drain)
  }

  async status(): Promise<DaemonStatus> {
    const { config, version, store, recorder, gateway, follower, clock } = this.#parts
    const { inFlight, requests, errors, draining } = gateway.counts
    const { catalog } = follower
    const live = catalog === null ? null : { ...catalog, memories: gateway.memories() }
    return {
      running: true,
      version,
      store: store.url,
      revision: follower.revision,
      pending: follower.pending,
      providers: live === null ? [] : providerStatuses(live, clock.wall(), gateway.breakers()),
      pid: process.pid,
      url: this.url,
      started: this.#started,
      config_file: config.file,
      draining,
      workers: [
        { pid: process.pid, revision: follower.revision, in_flight: inFlight, requests, errors },
      ],
      records: { written: recorder.written, waiting: recorder.waiting, dropped: recorder.dropped },
      store_health: store.health,
    }
  }

  async nudge(): Promise<Operations['nudge']['out']> {
    const { follower } = this.#parts
    await follower.catchUp()
    return { revision: follower.revision, error: follower.pending?.error ?? null }
  }

  async reload(): Promise<Operations['reload']['out']> {
    const { store, follower, reread, log } = this.#parts
    try {
      const { taken, overridden } = await store.reconcile(reread().declared)
      log.info({ taken, overridden }, 'reload')
      const { revision, error } = await this.nudge()
      return { revision, taken, overridden, error }
    } catch (error) {
      // The file is wrong: what runs goes on running.
      const { message } = asBalanceError(error)
      log.error({ err: error }, 'reload refused')
      return { revision: follower.revision, taken: [], overridden: [], error: message }
    }
  }

  async stop({ now }: Operations['stop']['in']): Promise<Operations['stop']['out']> {
    this.#parts.clock.after(0, () => this.beginStop(now))
    return { pid: process.pid }
  }

  async abort({ keys }: Operations['abort']['in']): Promise<Operations['abort']['out']> {
    return { aborted: this.#parts.gateway.abort(keys) }
  }

  async flush(): Promise<Operations['flush']['out']> {
    this.#parts.gateway.flush()
    await this.#parts.recorder.flush()
    return {}
  }
}

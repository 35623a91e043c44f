import { type Clock, within } from '../base/clock.ts'
import { asBalanceError, BalanceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { LoginLinks } from '../control/admin/links.ts'
import type { Caller, In, Operator, Out } from '../control/api.ts'
import type { LIVE } from '../control/operations/live.ts'
import type { LoadedConfig } from '../model/config.ts'
import { type OpenBreakers, providerStatuses } from '../model/key-status.ts'
import { proxyStatuses } from '../model/proxy-status.ts'
import type { DaemonStatus, NodeStatus, StoreHealth, WorkerStatus } from '../model/status.ts'
import type { Store } from '../model/store.ts'
import type { ListenerCertificate } from './certificate.ts'
import type { Follower } from './follower.ts'
import type { GatewayHost, GatewayReport } from './gateway-host.ts'
import type { Learned } from './learned.ts'
import type { Notifier } from './notify.ts'
import type { ObjectKeeper } from './objects.ts'
import type { Peers } from './peers.ts'
import type { Recent } from './recent.ts'
import type { Recorder } from './recorder.ts'

/** Who asks for what is written down wants to see something soon, ms. */
const FLUSH_PATIENCE = 2_000

/** The store of a daemon: in a thread of its own, whose health can be asked. */
export type DaemonStore = Store & { readonly health: StoreHealth }

interface OperatorParts {
  readonly config: LoadedConfig
  /** Milliseconds that requests in flight are given at the end. */
  readonly drain: number
  readonly reread: () => LoadedConfig
  readonly clock: Clock
  readonly version: string
  readonly node: string
  readonly store: DaemonStore
  readonly recorder: Recorder
  readonly objects: ObjectKeeper
  readonly gateway: GatewayHost
  readonly learned: Learned
  readonly recent: Recent
  readonly peers: Peers
  readonly follower: Follower
  readonly certificate: ListenerCertificate
  readonly notifier: Notifier
  readonly links: LoginLinks
  readonly log: Logger
}

/** Carries out what only a running daemon can; see `operations/` for all else. */
export class DaemonOperator {
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

  get operations(): Pick<Operator, keyof typeof LIVE> {
    return {
      status: () => this.status(),
      nudge: () => this.nudge(),
      reload: (input, caller) => this.reload(input, caller),
      stop: input => this.stop(input),
      explain: input => this.explain(input),
      abort: input => this.abort(input),
      flush: () => this.flush(),
      'dashboard.link': () => this.link(),
    }
  }

  /** The second call, or one that says so, cuts off what is in flight. */
  beginStop(now: boolean): void {
    if (this.#stopping || now) this.#parts.gateway.cutOff()
    this.#stopping = true
    this.#stop(now ? 0 : this.#parts.drain)
  }

  async status(): Promise<DaemonStatus> {
    const { config, version, store, recorder, gateway, follower, learned, recent, clock } =
      this.#parts
    const { expires } = this.#parts.certificate
    // What keys learned in this very moment belongs to the answer.
    await gateway.flush()
    const reports = await gateway.reports()
    const { catalog } = follower
    const live = catalog === null ? null : { ...catalog, ...learned.lessons }
    return {
      running: true,
      version,
      store: store.url,
      revision: follower.revision,
      pending: follower.pending,
      providers: live === null ? [] : providerStatuses(live, clock.wall(), openBreakers(reports)),
      proxies: proxyStatuses(
        live?.proxies ?? [],
        reports.map(({ proxies }) => proxies),
        clock.wall(),
      ),
      no_proxy: live?.direct ?? [],
      pid: process.pid,
      url: this.url,
      certificate: expires === null ? null : { expires: new Date(expires).toISOString() },
      started: this.#started,
      config_file: config.file,
      draining: this.#stopping,
      workers: reports.map(workerStatus),
      nodes: this.#nodes(),
      last_minute: recent.sum(60_000),
      last_hour: recent.sum(3_600_000),
      records: { written: recorder.written, waiting: recorder.waiting, dropped: recorder.dropped },
      store_health: store.health,
    }
  }

  #nodes(): NodeStatus[] {
    const { peers, node } = this.#parts
    return peers.nodes.map(({ id, url, version, workers, revision, started, seen }) => ({
      id,
      url,
      version,
      workers,
      revision,
      started: new Date(started).toISOString(),
      seen: new Date(seen).toISOString(),
      self: id === node,
    }))
  }

  async nudge(): Promise<Out<'nudge'>> {
    const { follower, peers } = this.#parts
    await follower.catchUp()
    await peers.catchUp()
    return { revision: follower.revision, error: follower.pending?.error ?? null }
  }

  /** @param caller null: the daemon itself, which was told by a signal */
  async reload(
    { revision: planned }: In<'reload'> = {},
    caller: Caller | null = null,
  ): Promise<Out<'reload'>> {
    const { store, gateway, certificate, follower, reread, notifier, log } = this.#parts
    notifier.reloading()
    try {
      const config = reread()
      const renewed = certificate.reread(config.tls)
      const by = caller === null ? store : store.as({ who: caller.who, what: 'reload' }, planned)
      const reconciled = await by.reconcile(config.declared)
      if (renewed !== null) gateway.renew(renewed)
      log.info(reconciled, 'reload')
      await follower.refresh()
      const { revision, pending } = follower
      return { revision, ...reconciled, error: pending?.error ?? null }
    } catch (error) {
      // The file is wrong: what runs goes on running.
      const { code, message } = asBalanceError(error)
      if (code === 'stale_plan') throw error
      log.error({ err: error }, 'reload refused')
      const { revision } = follower
      return { revision, taken: [], overridden: [], left: [], error: message }
    } finally {
      notifier.ready()
    }
  }

  async stop({ now }: In<'stop'>): Promise<Out<'stop'>> {
    this.#parts.clock.after(0, () => this.beginStop(now))
    return { pid: process.pid }
  }

  explain(asked: In<'explain'>): Promise<Out<'explain'>> {
    return this.#parts.gateway.explain(asked)
  }

  async abort({ keys }: In<'abort'>): Promise<Out<'abort'>> {
    return { aborted: await this.#parts.gateway.abort(keys) }
  }

  /** @throws BalanceError not_permitted where the dashboard is switched off */
  async link(): Promise<Out<'dashboard.link'>> {
    const { follower, links } = this.#parts
    if (follower.catalog?.settings.dashboard === true) return { path: links.make() }
    throw new BalanceError('not_permitted', 'The dashboard is switched off.', {
      hint: 'balance config set dashboard on',
    })
  }

  /** @throws BalanceError store_unavailable where the store does not take it in good time */
  async flush(): Promise<Out<'flush'>> {
    const { clock, gateway, recorder, objects, store } = this.#parts
    await gateway.flush()
    const written = Promise.all([recorder.flush(), objects.flush()])
    await within<unknown>(clock, FLUSH_PATIENCE, written, () => {
      throw new BalanceError('store_unavailable', store.health.error ?? 'The store is slow.')
    })
    return {}
  }
}

function workerStatus({ pid, revision, inFlight, requests, errors }: GatewayReport): WorkerStatus {
  return { pid, revision, in_flight: inFlight, requests, errors }
}

/** By provider; a model's breaker is as open as in the worker where it is most so. */
function openBreakers(reports: readonly GatewayReport[]): OpenBreakers {
  const open = new Map<string, Record<string, 'open' | 'half-open'>>()
  for (const { breakers } of reports) {
    for (const [provider, models] of Object.entries(breakers)) {
      const known = open.get(provider) ?? {}
      for (const [model, state] of Object.entries(models)) {
        if (known[model] !== 'open') known[model] = state
      }
      open.set(provider, known)
    }
  }
  return open
}

import type { Socket } from 'node:net'
import { Live } from '../balancer/live.ts'
import { type Clock, nextTurn, type Timer } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import { collectSeldom } from '../base/heap.ts'
import type { Logger } from '../base/log.ts'
import type { Redactor } from '../base/redactor.ts'
import { ConnectionCap } from '../gateway/connection-cap.ts'
import type { Dashboard } from '../gateway/dashboard.ts'
import { cutOff, drain } from '../gateway/drain.ts'
import { type Asked, explain } from '../gateway/explain.ts'
import { Gateway } from '../gateway/gateway.ts'
import { type Address, Listeners, type Place } from '../gateway/listeners.ts'
import { ProxyWatch } from '../gateway/proxy-watch.ts'
import { createGatewayServer, type GatewayServer, type Tls } from '../gateway/server.ts'
import { watchExchanges } from '../gateway/watch.ts'
import type { Catalog, Key, KeyMemory, Lessons } from '../model/catalog.ts'
import type { Explanation } from '../model/explanation.ts'
import type { Expose } from '../model/exposition.ts'
import { spanOf } from '../model/key-span.ts'
import type { Link, ObjectLink } from '../model/link.ts'
import type { ObjectNews } from '../model/object.ts'
import type { ProxyReport } from '../model/proxy-status.ts'
import type { Readiness } from '../model/readiness.ts'
import { SnapshotHolder } from '../snapshot/holder.ts'
import { Agents } from '../upstream/agents.ts'
import { descriptorLimit } from './descriptors.ts'
import type { GatewayHost, GatewayReport } from './gateway-host.ts'

export interface LocalGatewayParts {
  readonly clock: Clock
  readonly log: Logger
  readonly redactor: Redactor
  readonly link: Link
  readonly objectLink: ObjectLink
  readonly expose: Expose
  readonly dashboard: Dashboard | null
  readonly anonymous: boolean
  /** Null: plain HTTP. */
  readonly tls: Tls | null
  /** That this process may have open; what the system says, unless given. */
  readonly descriptors?: number
}

const TOLD_EVERY_MS = 60_000

/** A gateway in this process, with its server. */
export class LocalGateway implements GatewayHost {
  readonly #gateway: Gateway
  readonly #server: GatewayServer
  readonly #listeners = new Listeners(socket => this.take(socket), { pauseOnConnect: false })
  readonly #agents = new Agents()
  readonly #live: Live
  readonly #holder: SnapshotHolder
  readonly #redactor: Redactor
  /** Whose secrets the redactor knows. */
  #keys: readonly Key[] = []
  readonly #watch: Timer
  readonly #proxies: ProxyWatch
  readonly #clock: Clock
  readonly #log: Logger
  readonly #cap: ConnectionCap
  #toldFullAt = Number.NEGATIVE_INFINITY

  constructor(parts: LocalGatewayParts) {
    collectSeldom()
    this.#clock = parts.clock
    this.#log = parts.log
    this.#cap = new ConnectionCap(parts.descriptors ?? descriptorLimit())
    this.#redactor = parts.redactor
    this.#live = new Live(parts.clock)
    this.#holder = new SnapshotHolder(this.#live, this.#agents, parts.clock)
    this.#gateway = new Gateway({
      ...parts,
      live: this.#live,
      agents: this.#agents,
      holder: this.#holder,
    })
    this.#server = createGatewayServer(this.#gateway, parts.tls)
    // It is at this event that Node sets up what watches connections for time and idleness.
    this.#server.emit('listening')
    this.#watch = watchExchanges(this.#gateway)
    this.#proxies = new ProxyWatch(this.#gateway)
  }

  /** The data path itself, for who looks at what it holds. */
  get inside(): Gateway {
    return this.#gateway
  }

  /** Requests have their turns between the steps: with ten thousand keys each takes some ms. */
  async apply(catalog: Catalog): Promise<void> {
    await nextTurn()
    this.#learnSecrets(catalog)
    await nextTurn()
    const next = this.#holder.compile(catalog)
    await nextTurn()
    this.#holder.swap(catalog, next)
  }

  /** As {@link apply}, at once. */
  put(catalog: Catalog): void {
    this.#learnSecrets(catalog)
    this.#holder.swap(catalog)
  }

  /** Known before the first request can carry one into a log line. */
  #learnSecrets({ keys, proxies }: Catalog): void {
    const { from, to } = spanOf(this.#keys, keys)
    this.#keys = keys
    for (const { secret } of keys.slice(from, to)) {
      if (secret !== null) this.#redactor.add(secret.reveal())
    }
    for (const { secret } of proxies) if (secret !== null) this.#redactor.add(secret.reveal())
  }

  learn({ memories, outages }: Lessons): void {
    this.#live.learn(memories)
    this.#live.learnOutages(outages)
  }

  learnObjects(news: ObjectNews): void {
    this.#gateway.objects.learn(news)
  }

  inform(readiness: Readiness): void {
    this.#gateway.owner = readiness
  }

  renew(tls: Tls): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(tls)
  }

  listen(places: readonly Place[]): Promise<Address[]> {
    return this.#listeners.listen(places)
  }

  /** Serves a connection that was accepted, here or elsewhere. */
  take(socket: Socket): void {
    if (!this.#cap.admit(socket)) {
      socket.destroy()
      this.#tellFull()
      return
    }
    this.#server.emit('connection', socket)
  }

  /** Once a minute: whoever floods us must not flood the log too. */
  #tellFull(): void {
    const now = this.#clock.now()
    if (now < this.#toldFullAt + TOLD_EVERY_MS) return
    this.#toldFullAt = now
    const { open, most, mostOfOne } = this.#cap
    this.#log.warn(
      { open, most, most_of_one_address: mostOfOne },
      'connections are refused: no more descriptors may be used for them',
    )
  }

  async reports(): Promise<GatewayReport[]> {
    const { exchanges, requests, errors, draining } = this.#gateway
    return [
      {
        pid: process.pid,
        revision: this.#holder.current?.revision ?? 0,
        inFlight: exchanges.size,
        requests,
        errors,
        draining,
        breakers: this.#breakers(),
        proxies: this.#proxyReports(),
      },
    ]
  }

  async explain(asked: Asked): Promise<Explanation> {
    const snapshot = this.#holder.current
    if (snapshot === null) throw new BalanceError('overloaded', 'The gateway is starting.')
    return explain(asked, snapshot, this.#clock)
  }

  /** What every key knows now. */
  memories(): KeyMemory[] {
    const now = this.#clock.now()
    const wall = this.#clock.wall()
    const providers = this.#holder.current?.byName.values() ?? []
    return Array.from(providers).flatMap(({ keys, pool }) =>
      Array.from(keys.keys()).flatMap(id => pool.key(id)?.memory(now, wall) ?? []),
    )
  }

  async abort(keyIds: readonly string[]): Promise<number> {
    const reason = new BalanceError(
      'no_key_available',
      'The key in use was switched off by its owner.',
    )
    const hit = Array.from(this.#gateway.exchanges).filter(
      ({ attempt }) => attempt !== null && keyIds.includes(attempt.lease.key.id),
    )
    for (const { attempt } of hit) attempt?.relay.abort(reason)
    return hit.length
  }

  async flush(): Promise<void> {
    this.#gateway.ledger.flush()
  }

  cutOff(): void {
    if (this.#gateway.draining) cutOff(this.#gateway, this.#server)
  }

  async close(ms: number): Promise<void> {
    this.#listeners.close()
    await drain(this.#gateway, this.#server, ms)
    this.#watch.stop()
    this.#proxies.stop()
    this.#gateway.ledger.close()
    await this.#agents.destroy()
  }

  #breakers(): GatewayReport['breakers'] {
    const now = this.#clock.now()
    const providers = this.#holder.current?.byName.values() ?? []
    return Object.fromEntries(Array.from(providers, ({ name, pool }) => [name, pool.breakers(now)]))
  }

  #proxyReports(): GatewayReport['proxies'] {
    const now = this.#clock.now()
    const reports: Record<string, { -readonly [K in keyof ProxyReport]: ProxyReport[K] }> = {}
    for (const { scopes, keys } of this.#holder.current?.byName.values() ?? []) {
      for (const { id, proxy } of scopes.flatMap(scope => scope.exits)) {
        if (proxy === null) continue
        const { usable, fault, lookAt } = proxy
        const lookIn = lookAt === null ? null : Math.max(0, Math.round(lookAt - now))
        reports[id] ??= { usable, fault, lookIn, keys: 0 }
      }
      for (const { way } of keys.values()) {
        const carrier = reports[way.exit()?.id ?? '']
        if (carrier !== undefined) carrier.keys++
      }
    }
    return reports
  }
}

import { buildConnector } from 'undici'
import { ConnectionPool } from './connection-pool.ts'
import { rememberingLookup } from './name-memory.ts'
import { connectorThrough, nameOfVia, type TunnelStep, tryTunnel, type Via } from './tunnel.ts'

/** How one origin is dialled. */
export interface Dial {
  /** Scheme, host and port, as `new URL(…).origin` gives it. */
  readonly origin: string
  /** TLS included, ms. */
  readonly connectTimeout: number
  /** The proxy that it is dialled through; null: directly. */
  readonly via: Via | null
}

/**
 * Connection pools, one per origin and way of dialling, made when first used.
 * No time-outs of undici's own run here: its low-resolution timers are up to half a second late,
 * and the gateway watches every attempt itself.
 */
export class Agents {
  readonly #pools = new Map<string, ConnectionPool>()
  readonly #lookup = rememberingLookup()
  /** The same, by the object that a snapshot names them with. */
  #byDial = new WeakMap<Dial, ConnectionPool>()

  for(dial: Dial): ConnectionPool {
    const known = this.#byDial.get(dial)
    if (known) return known
    const pool = this.#named(dial)
    this.#byDial.set(dial, pool)
    return pool
  }

  /** Requests of these pools have a connection each, closed after it. */
  fresh(dial: Dial): ConnectionPool {
    return this.#named(dial, FRESH)
  }

  #named(dial: Dial, pipelining = KEPT): ConnectionPool {
    const name = nameOf(dial, pipelining)
    const known = this.#pools.get(name)
    if (known) return known
    const pool = new ConnectionPool(dial.origin, {
      pipelining,
      connect: this.#connect(dial),
      headersTimeout: 0,
      keepAliveTimeout: KEPT_MS,
      bodyTimeout: 0,
      allowH2: false,
      maxHeaderSize: 65_536,
    })
    this.#pools.set(name, pool)
    return pool
  }

  #connect({ via, connectTimeout: timeout }: Dial): buildConnector.connector {
    if (via !== null) return connectorThrough(via, timeout, this.#lookup)
    return buildConnector({
      timeout,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      lookup: this.#lookup,
      allowH2: false,
    })
  }

  /**
   * Whether the proxy of this dial makes a connection to its upstream; sends nothing there.
   * @param done is told of each step when it was made; where it is given, TLS with the upstream is one
   * @throws ProxyFault; of the upstream's TLS, what the socket broke with
   */
  async tryProxy(
    { origin, connectTimeout, via }: Dial,
    done?: (step: TunnelStep) => void,
  ): Promise<void> {
    if (via === null) return
    const { protocol, hostname, port } = new URL(origin)
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const far = { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
    await tryTunnel(via, far, connectTimeout, this.#lookup, {
      secure: done !== undefined && protocol === 'https:',
      done: done ?? (() => {}),
    })
  }

  /** Retires the pools of all other dials: each closes when its last request has ended. */
  retain(dials: Iterable<Dial>): void {
    const kept = new Set(
      Array.from(dials).flatMap(dial => [nameOf(dial, KEPT), nameOf(dial, FRESH)]),
    )
    this.#byDial = new WeakMap()
    for (const [name, pool] of this.#pools) {
      if (kept.has(name)) continue
      this.#pools.delete(name)
      pool.close()
    }
  }

  /** Ends every connection at once. */
  async destroy(): Promise<void> {
    const pools = [...this.#pools.values()]
    this.#pools.clear()
    this.#byDial = new WeakMap()
    await Promise.all(pools.map(pool => pool.destroy()))
  }
}

/**
 * A connection that nobody uses is kept so long, ms, unless the upstream says how long it keeps it. People ask
 * again after some seconds, and a new connection to a vendor costs a handshake of TLS.
 */
const KEPT_MS = 30_000
/** undici's `pipelining`: one request at a time on a kept connection, or none kept. */
const KEPT = 1
const FRESH = 0

function nameOf({ origin, connectTimeout, via }: Dial, pipelining: number): string {
  const through = via === null ? 'direct' : nameOfVia(via)
  return `${origin} ${connectTimeout} ${pipelining} ${through}`
}

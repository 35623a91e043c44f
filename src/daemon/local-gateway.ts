import type { Server } from 'node:http'
import { Live } from '../balancer/live.ts'
import type { Clock, Timer } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { Redactor } from '../base/redactor.ts'
import { cutOff, drain } from '../gateway/drain.ts'
import { Gateway } from '../gateway/gateway.ts'
import { createGatewayServer, listen } from '../gateway/server.ts'
import { watchExchanges } from '../gateway/watch.ts'
import type { Catalog, KeyMemory } from '../model/catalog.ts'
import type { Link, LinkTarget } from '../model/link.ts'
import { SnapshotHolder } from '../snapshot/holder.ts'
import { Agents } from '../upstream/agents.ts'

export interface LocalGatewayParts {
  readonly clock: Clock
  readonly log: Logger
  readonly redactor: Redactor
  readonly link: Link
  readonly anonymous: boolean
}

/** A gateway in this process, with its server: the link's in-process end. */
export class LocalGateway implements LinkTarget {
  readonly #gateway: Gateway
  readonly #server: Server
  readonly #agents = new Agents()
  readonly #live: Live
  readonly #holder: SnapshotHolder
  readonly #redactor: Redactor
  readonly #watch: Timer
  readonly #clock: Clock

  constructor(parts: LocalGatewayParts) {
    this.#clock = parts.clock
    this.#redactor = parts.redactor
    this.#live = new Live(parts.clock)
    this.#holder = new SnapshotHolder(this.#live, this.#agents, parts.clock)
    this.#gateway = new Gateway({
      ...parts,
      live: this.#live,
      agents: this.#agents,
      holder: this.#holder,
    })
    this.#server = createGatewayServer(this.#gateway)
    this.#watch = watchExchanges(this.#gateway)
  }

  apply(catalog: Catalog): void {
    // Known before the first request can carry one into a log line.
    for (const { secret } of catalog.keys) if (secret !== null) this.#redactor.add(secret.reveal())
    this.#holder.swap(catalog)
  }

  listen(host: string, port: number): Promise<{ host: string; port: number }> {
    return listen(this.#server, host, port)
  }

  /** What every key knows now, for `status`. */
  memories(): KeyMemory[] {
    const now = this.#clock.now()
    const wall = this.#clock.wall()
    const providers = this.#holder.current?.byName.values() ?? []
    return Array.from(providers).flatMap(({ keys, pool }) =>
      Array.from(keys.keys()).flatMap(id => pool.key(id)?.memory(now, wall) ?? []),
    )
  }

  /** By provider: models whose breaker is not closed. */
  breakers(): Map<string, Record<string, 'open' | 'half-open'>> {
    const now = this.#clock.now()
    const providers = this.#holder.current?.byName.values() ?? []
    return new Map(Array.from(providers, ({ name, pool }) => [name, pool.breakers(now)]))
  }

  get counts(): { inFlight: number; requests: number; errors: number; draining: boolean } {
    const { exchanges, requests, errors, draining } = this.#gateway
    return { inFlight: exchanges.size, requests, errors, draining }
  }

  /** Ends attempts in flight on these keys; returns how many there were. */
  abort(keyIds: readonly string[]): number {
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

  /** Hands everything gathered to the owner now. */
  flush(): void {
    this.#gateway.ledger.flush()
  }

  /** Ends a drain that is under way, or the next one, at once. */
  cutOff(): void {
    if (this.#gateway.draining) cutOff(this.#gateway, this.#server)
  }

  /** Lets exchanges end for up to `ms`, cuts off the rest, and gives everything up. */
  async close(ms: number): Promise<void> {
    await drain(this.#gateway, this.#server, ms)
    this.#watch.stop()
    this.#gateway.ledger.close()
    await this.#agents.destroy()
  }
}

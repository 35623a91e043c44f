import type { Asked } from '../gateway/explain.ts'
import type { Address, Place } from '../gateway/listeners.ts'
import type { Tls } from '../gateway/server.ts'
import type { Catalog, Lessons } from '../model/catalog.ts'
import type { Explanation } from '../model/explanation.ts'
import type { ProxyReport } from '../model/proxy-status.ts'
import type { Readiness } from '../model/readiness.ts'

/** What one gateway process says of itself. */
export interface GatewayReport {
  readonly pid: number
  readonly revision: number
  readonly inFlight: number
  /** Since it started. */
  readonly requests: number
  readonly errors: number
  readonly draining: boolean
  /** Provider → model → state, where a breaker is not closed. */
  readonly breakers: Readonly<Record<string, Readonly<Record<string, 'open' | 'half-open'>>>>
  /** By id, those that requests may go through now or would if they worked. */
  readonly proxies: Readonly<Record<string, ProxyReport>>
}

/** Where requests are served for a daemon: its own process, or workers of it. */
export interface GatewayHost {
  /**
   * Puts a catalogue into force everywhere.
   * @throws BalanceError when it does not compile; then what was in force stays, everywhere
   */
  apply(catalog: Catalog): Promise<void>
  /** What another process learned. */
  learn(lessons: Lessons): void
  /** How the owner does, for those who ask whether all is well. */
  inform(readiness: Readiness): void
  /** @throws BalanceError address_in_use, not_permitted, config_invalid */
  listen(places: readonly Place[]): Promise<Address[]>
  /** Another certificate, for connections from now on. Only where there was one at the start. */
  renew(tls: Tls): void
  reports(): Promise<GatewayReport[]>
  /** Where such a request would go now, as the gateway says that would get the next connection. */
  explain(asked: Asked): Promise<Explanation>
  /** Ends attempts in flight on these keys; returns how many there were. */
  abort(keyIds: readonly string[]): Promise<number>
  /** Hands everything gathered to the owner. */
  flush(): Promise<void>
  /** Takes no new connections, lets exchanges end for up to `ms`, and gives everything up. */
  close(ms: number): Promise<void>
  /** Ends a drain that is under way at once. */
  cutOff(): void
}

import type { Origin } from './catalog.ts'
import { type EgressProxy, shownProxyUrl } from './egress-proxy.ts'

/** What is known of one proxy now; the shape of `proxies list --json`. */
export interface ProxyStatus {
  readonly id: string
  readonly name: string
  /** With a mark in the place of its password. */
  readonly url: string
  readonly state: 'active' | 'failing' | 'invalid' | 'sealed' | 'disabled'
  /** Why it is not active, or was not when it failed last; empty where nothing is known. */
  readonly reason: string
  /** How many keys it carries; null where no gateway runs that could tell. */
  readonly keys: number | null
  /** When it is looked at again, ISO 8601; null where it is in use, or no gateway runs. */
  readonly next_check: string | null
  readonly reference: string | null
  readonly origin: Origin
  readonly created: string
}

/** What one gateway found of a proxy. */
export interface ProxyReport {
  readonly usable: boolean
  /** Why it failed last; null where it never did. */
  readonly fault: string | null
  /** Milliseconds until it is looked at again; null where it is in use. */
  readonly lookIn: number | null
  /** How many keys it carries now. */
  readonly keys: number
}

/**
 * @param reports of each gateway, by id; none where none runs. Each finds out for itself: a proxy fails
 * where it does in one of them.
 */
export function proxyStatuses(
  proxies: readonly EgressProxy[],
  reports: readonly Readonly<Record<string, ProxyReport>>[],
  wall: number,
): ProxyStatus[] {
  return proxies.map(proxy => {
    const { id, name, reference, origin, createdAt, enabled, fault } = proxy
    const found = reports.flatMap(byId => byId[id] ?? [])
    const failing = found.find(({ usable }) => !usable)
    const state = !enabled ? 'disabled' : (fault?.state ?? (failing ? 'failing' : 'active'))
    const lookIn = failing?.lookIn ?? null
    const reason = failing?.fault ?? found.find(report => report.fault !== null)?.fault
    return {
      id,
      name,
      url: shownProxyUrl(proxy),
      state,
      reason: fault?.reason ?? reason ?? '',
      keys: reports.length === 0 ? null : Math.max(0, ...found.map(({ keys }) => keys)),
      next_check: lookIn === null ? null : new Date(wall + lookIn).toISOString(),
      reference,
      origin,
      created: new Date(createdAt).toISOString(),
    }
  })
}

import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { BalanceError } from '../../base/errors.ts'

/** What is known of a browser's connection, wherever it came in. */
export interface Visitor {
  /** Its address; of one behind a proxy, the proxy's. */
  readonly peer: string
  readonly tls: boolean
}

export function visitorOf({ socket }: IncomingMessage): Visitor {
  return { peer: plainAddress(socket.remoteAddress ?? ''), tls: socket instanceof TLSSocket }
}

/** Headers in which a worker tells the daemon of the visitor; from a browser they are taken off. */
export const VISITOR_HEADERS = { peer: 'x-balance-peer', tls: 'x-balance-tls' } as const

/** IPv4 as such, also where it came in on a socket of IPv6. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

/**
 * A name that an attacker points at this host (DNS rebinding) is none of ours.
 * @param names those of `dashboard_hosts`, and of what is listened on
 * @throws BalanceError origin_not_allowed
 */
export function refuseStrangeHost(request: IncomingMessage, names: readonly string[]): void {
  const given = request.rawHeaders.filter(
    (_, index) => index % 2 === 1 && request.rawHeaders[index - 1]?.toLowerCase() === 'host',
  )
  const [, name] = HOST.exec(given.length === 1 ? (given[0] as string) : '') ?? []
  const host = name?.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (host !== undefined && (LOOPBACK_NAMES.has(host) || names.includes(host))) return
  throw new BalanceError('origin_not_allowed', 'The dashboard is not served under this name.', {
    hint: 'balance config set dashboard_hosts NAME',
  })
}

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/**
 * Off this host a password and a cookie must not be read on their way.
 * @throws BalanceError tls_required
 */
export function refuseInTheClear({ headers }: IncomingMessage, { peer, tls }: Visitor): void {
  if (tls) return
  // A proxy on this host says how it was called.
  const called = headers['x-forwarded-proto']
  if (LOOPBACK_PEER.test(peer) && (called === undefined || called === 'https')) return
  throw new BalanceError('tls_required', 'From another host the dashboard is served by TLS only.', {
    hint: 'Set tls, or put a proxy with TLS on the same host; or ssh -L 8077:127.0.0.1:8077 HOST.',
  })
}

const LOOPBACK_PEER = /^(127\.|::1$)/

/**
 * No page of another site may have anything done, or read anything. That a request is no form's is
 * shown by a header that no form can send.
 * @throws BalanceError origin_not_allowed
 */
export function refuseForeignSite(request: IncomingMessage): void {
  const { origin, host, 'sec-fetch-site': site } = request.headers
  const changes = request.method !== 'GET' && request.method !== 'HEAD'
  const same = origin === `http://${host}` || origin === `https://${host}`
  const fits =
    (same || (origin === undefined && !changes)) &&
    (site === undefined || site === 'same-origin' || (site === 'none' && !changes)) &&
    (!changes || request.headers['x-balance-admin'] === '1')
  if (fits) return
  throw new BalanceError('origin_not_allowed', "This does not come from the dashboard's own page.")
}

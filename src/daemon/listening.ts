import type { Logger } from '../base/log.ts'
import type { Address } from '../gateway/listeners.ts'
import type { Tls } from '../gateway/server.ts'
import { isLoopback } from './first-token.ts'

interface Listening {
  /** Null: plain HTTP. */
  readonly tls: Tls | null
  /** Whether a service manager gave the sockets. */
  readonly given: boolean
  /** URL of the store. */
  readonly store: string
  readonly log: Logger
}

/** Says where requests are taken, and warns where they cross a network in the clear; the first URL. */
export function tellListening(
  addresses: readonly Address[],
  { tls, given, store, log }: Listening,
): string {
  const [url = '', ...further] = addresses.map(address => urlOf(address, tls))
  const also = further.length > 0 ? { also: further } : {}
  const by = given ? { sockets: 'given' } : {}
  log.info({ url, ...also, ...by, store, pid: process.pid }, 'listening')
  if (tls === null && !addresses.every(({ host }) => isLoopback(host))) log.warn(IN_THE_CLEAR)
  return url
}

const IN_THE_CLEAR =
  'other hosts may call here without TLS, with tokens and prompts in the clear: set tls, or let a proxy with TLS alone reach this address'

function urlOf({ host, port }: Address, tls: Tls | null): string {
  return `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

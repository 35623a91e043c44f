import type { LoadedConfig } from '../model/config.ts'
import type { Session } from './session.ts'

/** Where clients on this host find the gateway. */
export interface GatewayPlace {
  /** `http://127.0.0.1:8077`: no path, no trailing slash. */
  readonly url: string
  /** Whether a daemon listens there now. */
  readonly running: boolean
  /** The address that all of this host's addresses stand for, where it listens on all; else null. */
  readonly every: string | null
}

/** Where a running daemon listens, else where one started here would. */
export async function gatewayPlace(session: Session): Promise<GatewayPlace> {
  const daemon = await session.daemon()
  const status = await daemon?.call('status', {}).catch(() => null)
  const listening = status?.url ?? listeningUrl(session.config())
  const every = hostIn(listening)
  const running = Boolean(status?.url)
  return { url: reachableUrl(listening), running, every: every in LOCAL ? every : null }
}

/** Where a daemon of this configuration would listen. */
export function listeningUrl({ listen: { host, port }, tls }: LoadedConfig): string {
  return `${tls === null ? 'http' : 'https'}://${inUrl(host)}:${port}`
}

/** Where this host calls what listens there. */
export function reachableUrl(listening: string): string {
  const url = new URL(listening)
  const local = LOCAL[hostIn(listening)]
  if (local !== undefined) url.hostname = inUrl(local)
  return url.origin
}

function hostIn(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '')
}

/** Addresses to listen on that no client can call, and where the same host is called. */
const LOCAL: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

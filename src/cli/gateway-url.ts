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
  const { host, port } = session.config().listen
  const listening = new URL(status?.url ?? `http://${inUrl(host)}:${port}`)
  const every = listening.hostname.replace(/^\[|\]$/g, '')
  const local = LOCAL[every]
  if (local) listening.hostname = inUrl(local)
  return { url: listening.origin, running: Boolean(status?.url), every: local ? every : null }
}

/** Addresses to listen on that no client can call, and where the same host is called. */
const LOCAL: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

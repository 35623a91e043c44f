import { type EgressProxy, shownProxyUrl } from '../../model/egress-proxy.ts'
import type { TunnelStep } from '../../upstream/tunnel.ts'

interface Found {
  readonly provider: string
  readonly to: string
  /** Milliseconds of each step that was made. */
  readonly made: ReadonlyMap<TunnelStep, number>
  readonly ms: number
  readonly code: string | null
  readonly reason: string
}

/** What became of a tunnel that a proxy was asked for, as `proxies test` prints it with `--json`. */
export function proxyTestShape(
  proxy: EgressProxy,
  { provider, to, made, ms, code, reason }: Found,
) {
  const took = (step: TunnelStep) => {
    const time = made.get(step)
    return time === undefined ? null : Math.round(time)
  }
  return {
    proxy: proxy.id,
    name: proxy.name,
    url: shownProxyUrl(proxy),
    ok: code === null,
    /** Whose origin it was asked for. */
    provider,
    /** The origin that it was asked for. */
    to,
    /** All in all; of the steps below, null for one that was not made. */
    ms: Math.round(ms),
    /** Until the proxy was connected to, TLS with it included. */
    connect_ms: took('connect'),
    /** From then on, until it had made the tunnel. */
    tunnel_ms: took('tunnel'),
    /** TLS with the provider; null also where that has none. */
    tls_ms: took('tls'),
    code,
    /** Why not; empty where it works. */
    reason,
  }
}

export type ProxyTestShape = ReturnType<typeof proxyTestShape>

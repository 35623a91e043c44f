import { type EgressProxy, shownProxyUrl } from '../../model/egress-proxy.ts'

/** What became of a tunnel that a proxy was asked for, as `proxies test` prints it with `--json`. */
export function proxyTestShape(
  proxy: EgressProxy,
  { to, ms, code, reason }: { to: string; ms: number; code: string | null; reason: string },
) {
  return {
    proxy: proxy.id,
    name: proxy.name,
    url: shownProxyUrl(proxy),
    ok: code === null,
    /** The origin that it was asked for. */
    to,
    ms: Math.round(ms),
    code,
    /** Why not; empty where it works. */
    reason,
  }
}

export type ProxyTestShape = ReturnType<typeof proxyTestShape>

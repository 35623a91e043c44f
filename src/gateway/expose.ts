import { asBalanceError, BalanceError } from '../base/errors.ts'
import { parseTarget } from '../wire/path.ts'
import { refuseForeignPages } from './admit.ts'
import { identify } from './authenticate.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { refuse } from './respond.ts'

/** Whether a target of a request is that of the metrics. */
export function asksForMetrics(target: string): boolean {
  return target === '/metrics' || target.startsWith('/metrics?')
}

/**
 * Answers `/metrics`: the whole daemon's, whichever worker is asked. For any client token, and for
 * callers on this host without one. No exchange that is accounted: scrapes would fill the log, use
 * up a token's limits, and count themselves. Never rejects.
 */
export async function expose(exchange: Exchange, gateway: Gateway): Promise<void> {
  const { request, response, method, snapshot } = exchange
  try {
    refuseForeignPages(exchange)
    exchange.route = parseTarget(request.url ?? '/', snapshot, { normalize: false })
    identify(exchange, true)
    if (method !== 'GET' && method !== 'HEAD') {
      throw new BalanceError('method_not_allowed', 'Metrics are asked for with GET.', {
        allow: 'GET, HEAD',
      })
    }
    const { contentType, text } = await gateway.expose()
    response.writeHead(200, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-request-id': exchange.requestId,
    })
    response.end(method === 'HEAD' ? undefined : text)
  } catch (error) {
    const known = asBalanceError(error)
    if (known.code === 'internal_error')
      gateway.log.error({ err: error, request: exchange.requestId }, 'internal error')
    refuse(exchange, gateway, known)
  }
}

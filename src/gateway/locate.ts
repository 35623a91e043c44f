import { BalanceError } from '../base/errors.ts'
import { endpointOf, modelInPath } from '../wire/endpoint.ts'
import { parseTarget } from '../wire/path.ts'
import type { Exchange } from './exchange.ts'

/** Finds out, once and before anything is decided on it, which endpoint of which provider is meant. */
export function locate(exchange: Exchange): void {
  const { request, snapshot } = exchange
  exchange.route = parseTarget(request.url ?? '/', snapshot, {
    normalize: snapshot.settings.normalize_urls,
  })
  // Health is answered before; nothing else of the gateway's own is served here yet.
  if (exchange.route.kind === 'reserved') {
    throw new BalanceError('not_found', 'Nothing is served at this path.')
  }
  exchange.endpoint = endpointOf(exchange.method, exchange.route.path)
  if (exchange.endpoint.model === 'path') exchange.model = modelInPath(exchange.route.path)
}

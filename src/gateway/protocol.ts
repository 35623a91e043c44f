import { BalanceError } from '../base/errors.ts'
import type { Exchange } from './exchange.ts'

/**
 * Refuses a WebSocket; any other offer to upgrade is one that may be ignored (RFC 9110 §7.8), as node:http does
 * where nobody listens for upgrades (of what is pipelined behind one it knows nothing, and nobody does that):
 * Java's HttpClient offers h2c with the first request of a connection. RFC 9110 §15.5.22: a 426 tells the client
 * what to go on with.
 * @throws BalanceError websocket_unsupported
 */
export function refuseWebSocket({ request }: Exchange): void {
  const offer = request.headers.upgrade
  if (offer === undefined || !/(?:^|,)\s*websocket\s*(?:[,/]|$)/i.test(offer)) return
  throw new BalanceError('websocket_unsupported', 'WebSockets are not served here.', {
    hint: 'Send a POST and read its answer as a stream of events.',
  })
}

/** What belongs beside a refusal: RFC 9110 §15.5.6, §15.5.22, §7.8. */
export function refusalHeaders({ status, allow }: BalanceError): readonly string[] {
  if (allow !== null) return ['allow', allow]
  return status === 426 ? ['upgrade', 'HTTP/1.1', 'connection', 'upgrade'] : []
}

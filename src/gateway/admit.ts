import { BalanceError } from '../base/errors.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/**
 * Turns away what the gateway will not take on at all.
 * @param late it has waited too long for its turn
 */
export function admit(exchange: Exchange, gateway: Gateway, late: boolean): void {
  if (exchange.left) throw new BalanceError('client_closed', 'The client left before its turn.')
  if (gateway.closed) {
    throw new BalanceError('overloaded', 'The gateway is shutting down.', { retryAfter: 1_000 })
  }
  if (gateway.exchanges.size > exchange.snapshot.settings.max_in_flight) {
    throw new BalanceError('overloaded', 'The gateway serves as many requests as it may.', {
      retryAfter: 1_000,
    })
  }
  if (late) {
    throw new BalanceError('overloaded', 'The gateway has more to do than it can.', {
      retryAfter: 1_000,
    })
  }
  refuseForeignPages(exchange)
}

/** A page of another site must not spend the keys of whoever reads it (T6: localhost drive-by). */
export function refuseForeignPages({ request }: Exchange): void {
  const { origin, host, 'sec-fetch-site': site } = request.headers
  const foreign =
    (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) ||
    (site !== undefined && site !== 'same-origin' && site !== 'none')
  if (foreign) {
    throw new BalanceError(
      'origin_not_allowed',
      'Requests from web pages of other sites are not served.',
    )
  }
}

import { asBalanceError } from '../base/errors.ts'
import { account } from './account.ts'
import { admit } from './admit.ts'
import { authenticate } from './authenticate.ts'
import { readBody } from './body.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { discardRest } from './leftover.ts'
import { locate } from './locate.ts'
import { listOwnModels, listsModels } from './own-models.ts'
import { keepToKey, pin } from './pin.ts'
import { refuseWebSocket } from './protocol.ts'
import { proxy } from './proxy.ts'
import { refuse } from './respond.ts'
import { route } from './route.ts'

/**
 * Takes one exchange through all its phases. Never rejects; the account is always written, once.
 * @param late it has waited too long for its turn
 */
export async function serve(exchange: Exchange, gateway: Gateway, late = false): Promise<void> {
  try {
    admit(exchange, gateway, late)
    locate(exchange)
    authenticate(exchange, gateway)
    refuseWebSocket(exchange)
    const reading = readBody(exchange, gateway)
    if (reading !== null) await reading
    if (listsModels(exchange)) await listOwnModels(exchange, gateway)
    else {
      const { objects } = exchange
      const asking = objects === null ? null : pin(exchange, objects, gateway)
      if (asking !== null) await asking
      route(exchange)
      if (objects !== null) keepToKey(exchange)
      await proxy(exchange, gateway)
    }
  } catch (error) {
    const known = asBalanceError(error)
    if (known.code === 'internal_error')
      gateway.log.error({ err: error, request: exchange.requestId }, 'internal error')
    refuse(exchange, gateway, known)
  } finally {
    account(exchange, gateway)
    if (exchange.body?.streaming) discardRest(exchange, gateway)
  }
}

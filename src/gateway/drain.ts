import { nextTurn } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import type { Gateway } from './gateway.ts'
import type { GatewayServer } from './server.ts'

const SWEEP_MS = 100
/** What was sent when the drain began has come by then, on a connection that was just accepted too. */
const SETTLE_MS = 100

/**
 * Lets exchanges end for up to `ms`, those included that come meanwhile on connections which are
 * here; then ends the rest truthfully: a stream gets an error event, an exchange without an answer
 * a 503.
 */
export async function drain(gateway: Gateway, server: GatewayServer, ms: number): Promise<void> {
  gateway.draining = true
  server.close()
  server.closeIdleConnections()
  const sweeping = gateway.clock.every(SWEEP_MS, () => server.closeIdleConnections())
  const late = gateway.clock.after(ms, () => cutOff(gateway, server))
  if (ms === 0) cutOff(gateway, server)
  if (ms > 0) await gateway.clock.sleep(Math.min(ms, SETTLE_MS))
  // Not the connections: to Node one that never asked anything is not idle, so that nothing would
  // ever end it.
  await gateway.exchanges.emptied()
  // The last one is accounted for in the turn in which its response closed, but after that.
  await nextTurn()
  sweeping.stop()
  late.stop()
  server.closeAllConnections()
}

/** Ends what is still in flight, and soon after every connection. */
export function cutOff(gateway: Gateway, server: GatewayServer): void {
  const reason = new BalanceError('overloaded', 'The gateway is shutting down.')
  gateway.closed = true
  for (const exchange of gateway.exchanges) exchange.attempt?.relay.abort(reason)
  gateway.clock.after(500, () => server.closeAllConnections())
}

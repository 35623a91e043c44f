import { BalanceError } from '../base/errors.ts'
import type { Gateway } from './gateway.ts'
import type { GatewayServer } from './server.ts'

const SWEEP_MS = 100

/**
 * Takes no new connections, lets exchanges end for up to `ms`, then ends the rest truthfully:
 * a stream gets an error event, an exchange without an answer a 503.
 */
export async function drain(gateway: Gateway, server: GatewayServer, ms: number): Promise<void> {
  gateway.draining = true
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeIdleConnections()
  const sweeping = gateway.clock.every(SWEEP_MS, () => server.closeIdleConnections())
  const late = gateway.clock.after(ms, () => cutOff(gateway, server))
  if (ms === 0) cutOff(gateway, server)
  // Not the connections: those that were handed on are none of the server's own, and to Node one
  // that never asked anything is not idle, so that nothing would ever end it.
  await gateway.exchanges.emptied()
  sweeping.stop()
  late.stop()
  server.closeAllConnections()
  await closed
}

/** Ends what is still in flight, and soon after every connection. */
export function cutOff(gateway: Gateway, server: GatewayServer): void {
  const reason = new BalanceError('overloaded', 'The gateway is shutting down.')
  for (const exchange of gateway.exchanges) exchange.attempt?.relay.abort(reason)
  gateway.clock.after(500, () => server.closeAllConnections())
}

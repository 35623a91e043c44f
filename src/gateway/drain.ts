import type { Server } from 'node:http'
import { BalanceError } from '../base/errors.ts'
import type { Gateway } from './gateway.ts'

/**
 * Takes no new connections, lets exchanges end for up to `ms`, then ends the rest truthfully:
 * a stream gets an error event, an exchange without an answer a 503.
 */
export async function drain(gateway: Gateway, server: Server, ms: number): Promise<void> {
  gateway.draining = true
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeIdleConnections()
  const sweeping = gateway.clock.every(100, () => server.closeIdleConnections())
  const late = gateway.clock.after(ms, () => cutOff(gateway, server))
  if (ms === 0) cutOff(gateway, server)
  await closed
  sweeping.stop()
  late.stop()
}

/** Ends what is still in flight, and soon after every connection. */
export function cutOff(gateway: Gateway, server: Server): void {
  const reason = new BalanceError('overloaded', 'The gateway is shutting down.')
  for (const exchange of gateway.exchanges) exchange.attempt?.relay.abort(reason)
  gateway.clock.after(500, () => server.closeAllConnections())
}

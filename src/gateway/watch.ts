import type { Timer } from '../base/clock.ts'
import { firstByteBy } from './first-byte.ts'
import type { Gateway } from './gateway.ts'

const EVERY_MS = 100

/**
 * Looks at every exchange ten times a second for time that has run out. One sweep replaces some
 * five timers an exchange and a clock reading per chunk; a time-out is at most 100 ms late.
 */
export function watchExchanges(gateway: Gateway): Timer {
  return gateway.clock.every(EVERY_MS, () => {
    const now = gateway.clock.now()
    for (const exchange of gateway.exchanges) {
      exchange.attempt?.watch(now, firstByteBy(exchange))
    }
  })
}

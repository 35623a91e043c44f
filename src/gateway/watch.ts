import type { Timer } from '../base/clock.ts'
import { watchArrival, watchRest } from './arrival.ts'
import type { Exchange } from './exchange.ts'
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
      if (exchange.accounted) watchEnd(exchange, now)
      else {
        watchArrival(exchange, now)
        exchange.attempt?.watch.look(now, firstByteBy(exchange))
      }
    }
    watchRest(gateway, now)
  })
}

/** An answer that is complete stays in flight until its client took it; it has `write_idle` to go on. */
function watchEnd(exchange: Exchange, now: number): void {
  const untaken = exchange.response.socket?.writableLength ?? 0
  if (untaken !== exchange.untaken) {
    exchange.untaken = untaken
    exchange.untakenSince = now
  } else if (now >= exchange.untakenSince + exchange.snapshot.settings.write_idle) {
    exchange.response.destroy()
  }
}

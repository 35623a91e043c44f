import type { Timer } from '../base/clock.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/** From here on it does not matter that the watch looks ten times a second. */
const PRECISE_MS = 1_000

/** Monotonic ms at which the first byte must have come, over all attempts. */
export function firstByteBy({ provider, startedAt }: Exchange): number {
  return startedAt + (provider?.settings.first_byte_timeout ?? Number.POSITIVE_INFINITY)
}

/** Watches an exchange with little time by a timer of its own; null for all others. */
export function setAlarm(exchange: Exchange, { clock }: Gateway): Timer | null {
  const [first] = exchange.targets
  const ms = first?.provider.settings.first_byte_timeout ?? PRECISE_MS
  if (ms >= PRECISE_MS) return null
  const left = Math.max(0, exchange.startedAt + ms - clock.now())
  return clock.after(Math.ceil(left), () => {
    exchange.attempt?.watch.look(clock.now(), firstByteBy(exchange))
  })
}

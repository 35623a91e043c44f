import { expect, it } from 'vitest'
import type { Exchange } from '../../src/gateway/exchange.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { watchExchanges } from '../../src/gateway/watch.ts'
import { ManualClock } from '../support/manual-clock.ts'

/** An exchange whose answer is complete, but for what its client has not taken yet. */
function ended(untaken: number) {
  const socket = { writableLength: untaken }
  const response = { socket, destroyed: false, destroy: () => (response.destroyed = true) }
  const exchange = {
    accounted: true,
    attempt: null,
    untaken: -1,
    untakenSince: 0,
    response,
    snapshot: { settings: { write_idle: 60_000 } },
  }
  return { exchange: exchange as unknown as Exchange, socket, response }
}

it('gives up on a client that does not take the end of its answer for write_idle', () => {
  const clock = new ManualClock()
  const stuck = ended(50_000)
  const slow = ended(50_000)
  watchExchanges({
    clock,
    exchanges: [stuck.exchange, slow.exchange],
    unread: new Map(),
  } as unknown as Gateway)
  for (let second = 0; second < 59; second++) {
    clock.advance(1_000)
    slow.socket.writableLength -= 100
  }
  expect([stuck.response.destroyed, slow.response.destroyed]).toEqual([false, false])
  clock.advance(2_000)
  expect([stuck.response.destroyed, slow.response.destroyed]).toEqual([true, false])
  clock.advance(60_000)
  expect(slow.response.destroyed).toBe(true)
})

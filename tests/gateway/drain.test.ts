import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { ManualClock } from '../support/manual-clock.ts'

const LOST = '/nowhere/v1/chat/completions'
const REQUEST = `GET ${LOST} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`

let clock: ManualClock
let gateway: TestGateway
let fresh: Socket

beforeEach(async () => {
  clock = new ManualClock()
  gateway = await startGateway({}, { clock })
  fresh = connect(gateway.port, '127.0.0.1')
  await once(fresh, 'connect')
  // Those who came later are served, so this one is accepted.
  expect((await ask(gateway.port, { path: LOST })).status).toBe(404)
})
afterEach(() => fresh.destroy())

describe('a connection that was accepted just before a drain', () => {
  it('is served what it asks in the moments after, though nothing else is in flight', async () => {
    const closed = gateway.gateway.close(10_000)
    fresh.write(REQUEST)
    const [answer] = await once(fresh, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 404 .*connection: close/is)
    clock.advance(100)
    await closed
    expect(gateway.records.map(({ status }) => status)).toEqual([404, 404])
  })

  it('is closed where it asks nothing', async () => {
    const closed = gateway.gateway.close(10_000)
    clock.advance(100)
    await Promise.all([closed, once(fresh, 'close')])
  })

  it('is refused once what is in flight was cut off', async () => {
    const closed = gateway.gateway.close(10_000)
    gateway.gateway.cutOff()
    fresh.write(REQUEST)
    const [answer] = await once(fresh, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 503 /)
    clock.advance(500)
    await closed
  })
})

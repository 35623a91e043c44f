import { afterEach, beforeEach, expect, it } from 'vitest'
import { key, provider } from '../support/catalog.ts'
import { ask, chat, startGateway, type TestGateway } from '../support/gateway.ts'
import { GOOD, PliantUpstream } from '../support/pliant-upstream.ts'

let upstream: PliantUpstream
let gateway: TestGateway

beforeEach(async () => {
  upstream = await PliantUpstream.start()
  gateway = await startGateway(parts())
})

afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

function parts(second = true) {
  return {
    providers: [provider('mock', upstream.url)],
    keys: [key('a'), key('b', { enabled: second })],
  }
}

/** The second request goes out on the connection of the first, which is reset as it arrives. */
async function askTwice(meanwhile: () => void) {
  let calls = 0
  upstream.react = () => {
    if (++calls !== 2) return GOOD
    meanwhile()
    return 'reset'
  }
  const body = chat()
  await ask(gateway.port, { path: '/v1/chat/completions', body })
  return ask(gateway.port, { path: '/v1/chat/completions', body })
}

it('that was closed just when it was used again costs one more request with the same key', async () => {
  const { status } = await askTwice(() => {})
  expect([status, upstream.take()]).toEqual([200, ['a', 'b', 'b']])
  await gateway.gateway.flush()
  expect(gateway.records[1]?.failures).toMatchObject([{ fault: 'stale', keyId: 'b' }])
  expect(gateway.verdicts).toEqual([])
})

it('and with another key, where that one was taken away meanwhile', async () => {
  const { status } = await askTwice(() => gateway.apply(parts(false)))
  expect([status, upstream.take()]).toEqual([200, ['a', 'b', 'a']])
})

import { get } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider } from '../support/catalog.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'

const DOWNLOADS = 40
const LARGE = Buffer.alloc(4 * 2 ** 20, 'x')
/** Sixteen pieces, each with what had come behind it, and the first ones of some that have just begun. */
const MOST_IN_ONE_TURN = 3 * 2 ** 20

let mock: Mock
let gateway: TestGateway
beforeEach(async () => {
  mock = await startMock({
    respond: (_, response) => {
      response.writeHead(200, { 'content-length': LARGE.length })
      response.end(LARGE)
      return true
    },
  })
  gateway = await startGateway({ providers: [provider('mock', mock.url)], keys: [key('a')] })
})
afterEach(async () => {
  await gateway.close()
  await mock.close()
})

it('many downloads go down in turns, and whole', async () => {
  let running = true
  const perTurn: number[] = []
  const look = (before: number) => {
    const now = sentDown()
    if (now > before) perTurn.push(now - before)
    if (running) setImmediate(look, now)
  }
  look(0)
  const lengths = await Promise.all(Array.from({ length: DOWNLOADS }, download))
  running = false
  expect(lengths).toEqual(Array(DOWNLOADS).fill(LARGE.length))
  expect(Math.max(...perTurn)).toBeLessThan(MOST_IN_ONE_TURN)
})

/** By those that are under way. */
function sentDown(): number {
  let bytes = 0
  for (const { attempt } of gateway.gateway.inside.exchanges)
    bytes += attempt?.relay.down.bytes ?? 0
  return bytes
}

function download(): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, headers: { authorization: `Bearer ${TOKEN}` } }
    const asked = get(`${gateway.url}/v1/files/f/content`, options, response => {
      let length = 0
      response.on('data', chunk => {
        length += chunk.length
      })
      response.on('end', () => resolve(length))
    })
    asked.on('error', reject)
  })
}

import { type IncomingMessage, request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Exchange } from '../../src/gateway/exchange.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider } from '../support/catalog.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { ManualClock } from '../support/manual-clock.ts'

const MANY = 40
const LARGE = Buffer.alloc(4 * 2 ** 20, 'x')
/** A piece, and what had come behind it. What of a body comes first waits for no turn. */
const PIECE = 2 * 65_536
/** Sixteen in a turn; between two looks there may be parts of two. */
const MOST_IN_ONE_TURN = 2 * 16 * PIECE

describe('many large bodies at once go in turns, and whole', () => {
  let mock: Mock
  let gateway: TestGateway
  beforeEach(async () => {
    mock = await startMock({
      respond: (asked, response) => {
        if (asked.method === 'GET') response.end(LARGE)
        else response.end(JSON.stringify({ got: asked.body.length }))
        return true
      },
    })
    // However slow this host is, no piece is.
    const clock = new ManualClock()
    const parts = { providers: [provider('mock', mock.url)], keys: [key('a')] }
    gateway = await startGateway(parts, { clock })
  })
  afterEach(async () => {
    await gateway.close()
    await mock.close()
  })

  it('downwards', async () => {
    const { answers, most } = await watched(
      () => ask('GET', '/v1/files/f/content'),
      ({ attempt }) => attempt?.relay.down.bytes ?? 0,
    )
    expect(answers.map(({ length }) => length)).toEqual(Array(MANY).fill(LARGE.length))
    expect(most).toBeLessThanOrEqual(MOST_IN_ONE_TURN)
  })

  it.each(['application/octet-stream', 'application/json'])('upwards, as %s', async type => {
    const { answers, most } = await watched(
      () => ask('POST', '/v1/files', type),
      ({ bytesIn }) => bytesIn,
    )
    expect(answers.map(String)).toEqual(Array(MANY).fill(`{"got":${LARGE.length}}`))
    expect(most).toBeLessThanOrEqual(MOST_IN_ONE_TURN)
  })

  /** Asks so many times at once; the most that passed in one turn of the event loop, of what is counted. */
  async function watched(once: () => Promise<Buffer>, count: (exchange: Exchange) => number) {
    let running = true
    let most = 0
    const look = (before: number) => {
      let now = 0
      for (const exchange of gateway.gateway.inside.exchanges)
        now += Math.max(0, count(exchange) - PIECE)
      most = Math.max(most, now - before)
      if (running) setImmediate(look, now)
    }
    look(0)
    const answers = await Promise.all(Array.from({ length: MANY }, once))
    running = false
    return { answers, most }
  }

  function ask(method: string, path: string, type?: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${TOKEN}`, ...(type && { 'content-type': type }) }
      const options = { method, headers, agent: false }
      const asked = request(`${gateway.url}${path}`, options, (answer: IncomingMessage) => {
        const chunks: Buffer[] = []
        answer.on('data', chunk => chunks.push(chunk))
        answer.on('end', () => resolve(Buffer.concat(chunks)))
      })
      asked.on('error', reject)
      asked.end(type === undefined ? undefined : LARGE)
    })
  }
})

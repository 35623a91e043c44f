import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { type Mock, type MockOptions, startMock } from '../../src/mock/server.ts'
import { key, provider } from '../support/catalog.ts'
import { count } from '../support/count.ts'
import { ask, chat, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { ManualClock } from '../support/manual-clock.ts'

const path = '/v1/chat/completions'
const body = chat({ stream: true, stream_options: { include_usage: true } })
let mock: Mock
let gateway: TestGateway

async function start(options: MockOptions, names = ['a'], clock?: ManualClock) {
  mock = await startMock(options)
  gateway = await startGateway(
    { providers: [provider('mock', mock.url)], keys: names.map(name => key(name)) },
    clock === undefined ? {} : { clock },
  )
}

afterEach(async () => {
  await gateway.close()
  await mock.close()
})

/** A stream as recorded from a vendor: comments, CRLF, multi-byte text, usage, terminator. */
const RECORDED = Buffer.from(
  [
    ': OPENROUTER PROCESSING\r\n\r\n',
    'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n',
    ...['Grüße', ' — ', '你好', ' 👋🏽', ' "quoted"\\n', ' end'].map(
      text =>
        `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })}\n\n`,
    ),
    'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
    'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":6,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4}}}\n\n',
    'data: [DONE]\n\n',
  ].join(''),
)

/** Opens a stream and hands over the response as soon as its head is there. */
function open(port: number): Promise<{ response: IncomingMessage; leave: () => void }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      port,
      path,
      method: 'POST',
      agent: false,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    })
    sent.on('error', reject)
    sent.on('response', response => {
      response.on('error', () => {})
      resolve({ response, leave: () => sent.destroy() })
    })
    sent.end(body)
  })
}

describe('an event stream', () => {
  it('is relayed byte for byte, and its usage is read', async () => {
    await start({ fixedStream: RECORDED })
    const answer = await ask(gateway.port, { path, body })
    expect(answer.body.equals(RECORDED)).toBe(true)
    expect(answer.headers['content-type']).toMatch(/^text\/event-stream/)
    await gateway.gateway.flush()
    expect(gateway.records[0]).toMatchObject({
      status: 200,
      outcome: 'ok',
      stream: true,
      promptTokens: 9,
      cachedTokens: 4,
      completionTokens: 6,
      bytesOut: RECORDED.length,
    })
  })

  it('arrives token by token, not at its end', async () => {
    let upstream: { write(text: string): void; end(text: string): void } | null = null
    await start({
      respond: (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: {"choices":[{"delta":{"content":"one"}}]}\n\n')
        upstream = response
        return true
      },
    })
    const { response } = await open(gateway.port)
    const chunks = response[Symbol.asyncIterator]()
    expect(String((await chunks.next()).value)).toContain('one')
    upstream!.write('data: {"choices":[{"delta":{"content":"two"}}]}\n\n')
    expect(String((await chunks.next()).value)).toContain('two')
    upstream!.end('data: [DONE]\n\n')
    expect(String((await chunks.next()).value)).toBe('data: [DONE]\n\n')
    expect((await chunks.next()).done).toBe(true)
  })

  it('is held until something meaningful was said, so that a bad beginning fails over', async () => {
    let attempt = 0
    await start(
      {
        respond: (_request, response) => {
          if (++attempt > 1) return false
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.write(
            ': wait\n\ndata: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n',
          )
          response.write('data: {"error":{"message":"overloaded","code":"server_error"}}\n\n', () =>
            response.destroy(),
          )
          return true
        },
      },
      ['a', 'b'],
    )
    const answer = await ask(gateway.port, { path, body })
    expect([answer.status, answer.headers['x-balance-attempts']]).toEqual([200, '2'])
    expect(answer.text).not.toContain('overloaded')
    expect(answer.text).toMatch(/data: \[DONE\]\n\n$/)
  })

  it('that carries an error event later is relayed as it came, and ends there', async () => {
    await start({ scripts: { '*': 'error-event:3' } })
    const answer = await ask(gateway.port, { path, body })
    expect(answer.status).toBe(200)
    expect(answer.text.match(/"error"/g)).toHaveLength(1)
    expect(answer.text).not.toContain('[DONE]')
    expect(answer.cut).toBe(true)
    await gateway.gateway.flush()
    expect(gateway.records[0]).toMatchObject({ outcome: 'provider', errorCode: 'upstream_error' })
    expect(gateway.records[0]?.failures[0]?.code).not.toBe('truncated')
  })

  it.each([
    ['is cut short', RECORDED.subarray(0, -20), true],
    ['goes on after its end', Buffer.concat([RECORDED, Buffer.from('data: {}\n\n')]), false],
  ])('that says how long it is and %s does not end as if it were whole', async (_, sent, cut) => {
    await start({
      respond: (_request, response) => {
        const length = cut ? RECORDED.length + 20 : sent.length
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-length': length })
        response.write(sent, () => response.destroy())
        return true
      },
    })
    const answer = await ask(gateway.port, { path, body })
    expect(answer.cut).toBe(cut)
    expect(answer.text.includes('upstream_stream_interrupted')).toBe(cut)
    expect(answer.body.subarray(0, sent.length).equals(cut ? sent : RECORDED)).toBe(true)
  })

  it.each(['die-after:4', 'eof-after:4'])(
    '%s: the client gets the exact prefix, one error event and no clean end',
    async script => {
      await start({ scripts: { '*': script }, fixedStream: RECORDED })
      const answer = await ask(gateway.port, { path, body })
      const [prefix, event, ...more] = answer.text.split('\n\ndata: {"error"')
      expect(RECORDED.toString().startsWith(prefix as string)).toBe(true)
      expect(event).toContain('upstream_stream_interrupted')
      expect(more).toEqual([])
      expect(answer.text).not.toContain('[DONE]')
      expect(answer.cut).toBe(true)
      expect(mock.requests).toHaveLength(1)
      await gateway.gateway.flush()
      expect(gateway.records[0]).toMatchObject({
        status: 200,
        errorCode: 'upstream_stream_interrupted',
        attempts: 1,
        failures: [{ fault: 'provider', code: 'truncated' }],
      })
      expect(gateway.verdicts).toEqual([])
    },
  )

  it('cut at 100 (soak: 1,000) places: whatever was relayed is an exact prefix, and the end never looks clean', async () => {
    let at = 0
    await start({
      respond: (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(RECORDED.subarray(0, at), () => response.destroy())
        return true
      },
    })
    const terminator = RECORDED.indexOf('data: [DONE]')
    const places = count(100, 1_000)
    for (let i = 0; i < places; i++) {
      at = 1 + Math.floor((i * (terminator - 1)) / places)
      const answer = await ask(gateway.port, { path, body })
      expect(answer.text).not.toContain('[DONE]')
      if (answer.status !== 200) {
        // Nothing had been relayed: a plain error.
        expect(answer.status).toBeGreaterThanOrEqual(500)
        continue
      }
      expect(answer.cut).toBe(true)
      expect(answer.body.subarray(0, at).equals(RECORDED.subarray(0, at))).toBe(true)
      expect(answer.body.subarray(at).toString()).toMatch(/^\n\ndata: \{"error":\{[^\n]+\}\}\n\n$/)
    }
  })
})

describe('a client that leaves', () => {
  it('in the middle of a stream ends the upstream within 50 ms; nobody is charged', async () => {
    await start({ rate: 50, tokens: 5_000 })
    const { response, leave } = await open(gateway.port)
    await response[Symbol.asyncIterator]().next()
    const aborted = mock.nextAbort()
    const left = performance.now()
    leave()
    await aborted
    expect(performance.now() - left).toBeLessThan(50)
    await gateway.gateway.flush()
    expect(gateway.records[0]).toMatchObject({
      status: 499,
      outcome: 'gone',
      errorCode: 'client_closed',
    })
    expect(gateway.verdicts).toEqual([])
    expect((await gateway.gateway.reports())[0]?.inFlight).toBe(0)
  })

  it('before the upstream answered ends that attempt too, and no other is made', async () => {
    await start({ scripts: { '*': 'hang' } }, ['a', 'b'])
    const reached = mock.nextRequest()
    const sent = httpRequest({
      port: gateway.port,
      path,
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
    })
    sent.on('error', () => {})
    sent.end(body)
    await reached
    const aborted = mock.nextAbort()
    sent.destroy()
    await aborted
    expect(mock.requests).toHaveLength(1)
  })

  it('that does not read makes the upstream wait, and is cut off after write_idle', async () => {
    const clock = new ManualClock()
    const chunk = Buffer.from(
      `data: {"choices":[{"delta":{"content":"${'x'.repeat(60_000)}"}}]}\n\n`,
    )
    let written = 0
    await start(
      {
        respond: (_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          const more = () => {
            while (response.write(chunk)) written += chunk.length
            written += chunk.length
            response.once('drain', more)
          }
          more()
          return true
        },
      },
      ['a'],
      clock,
    )
    gateway.apply({
      // Only the client's silence may end it: however slow this machine is, the upstream's may not.
      providers: [provider('mock', mock.url, { overrides: { idle_timeout: 3_600_000 } })],
      keys: [key('a')],
    })
    const { response } = await open(gateway.port)
    response.pause()
    const ended = gateway.nextRecord()
    const passing = setInterval(() => clock.advance(20_000), 100)
    await ended
    clearInterval(passing)
    // What two kernels' socket buffers take, and no more.
    expect(written).toBeLessThan(32_000_000)
    await gateway.gateway.flush()
    expect(gateway.records[0]).toMatchObject({ status: 499, outcome: 'gone' })
  })
})

describe('time', () => {
  it('an upstream that never answers is given up after its timeout, with 504', async () => {
    const clock = new ManualClock()
    await start({ scripts: { '*': 'hang' } }, ['a'], clock)
    const reached = mock.nextRequest()
    const asked = ask(gateway.port, { path, body })
    await reached
    clock.advance(301_000)
    // first_byte_timeout, over all attempts, is as long: there is no second try.
    const answer = await asked
    expect(answer.status).toBe(504)
    expect(JSON.parse(answer.text).error.code).toBe('upstream_timeout')
    expect(mock.requests).toHaveLength(1)
  })

  it('a stream that falls silent gets an error event after idle_timeout', async () => {
    const clock = new ManualClock()
    await start({ scripts: { '*': 'hang-after:3' } }, ['a'], clock)
    const { response } = await open(gateway.port)
    const chunks: Buffer[] = []
    response.on('data', chunk => chunks.push(chunk))
    const closed = new Promise(resolve => response.on('close', resolve))
    await new Promise<void>(resolve => response.once('data', () => resolve()))
    clock.advance(200)
    clock.advance(121_000)
    await closed
    const text = Buffer.concat(chunks).toString()
    expect(text).toMatch(/\n\ndata: \{"error":\{[^\n]*upstream_timeout[^\n]*\n\n$/)
  })

  it('a stream without a first token fails over after first_token_timeout', async () => {
    const clock = new ManualClock()
    let attempt = 0
    await start(
      {
        respond: (_request, response) => {
          if (++attempt > 1) return false
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.write(': processing\n\n')
          return true
        },
      },
      ['a', 'b'],
      clock,
    )
    gateway.apply({
      providers: [
        provider('mock', mock.url, {
          overrides: { commit_hold: 60_000, first_token_timeout: 5_000 },
        }),
      ],
      keys: [key('a'), key('b')],
    })
    const began = clock.now()
    const answer = await passUntil(clock, ask(gateway.port, { path, body }))
    expect([answer.status, answer.headers['x-balance-attempts']]).toEqual([200, '2'])
    expect(clock.now() - began).toBeGreaterThanOrEqual(5_000)
  })
})

/** Lets time go by until something has happened, with a turn of the loop after each step. */
async function passUntil<T>(clock: ManualClock, awaited: Promise<T>): Promise<T> {
  let over = false
  const watched = awaited.finally(() => {
    over = true
  })
  while (!over) {
    clock.advance(100)
    await new Promise(resolve => setImmediate(resolve))
  }
  return watched
}

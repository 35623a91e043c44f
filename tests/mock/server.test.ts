import { createHash } from 'node:crypto'
import { request as dial, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { BEHAVIOURS } from '../../src/mock/behaviours.ts'
import { type Mock, type MockOptions, startMock } from '../../src/mock/server.ts'
import { ManualClock } from '../support/manual-clock.ts'

const running: Mock[] = []

async function start(options: MockOptions = {}): Promise<Mock> {
  const mock = await startMock(options)
  running.push(mock)
  return mock
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(mock => mock.close()))
})

interface Seen {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** How the body ended: complete, or the error's code. */
  readonly end: string
}

/** One request over plain node:http, so that broken answers show as what they are. */
function send(
  mock: Mock,
  options: { path?: string; method?: string; body?: string | Buffer; headers?: object } = {},
): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const outgoing = dial(
      {
        port: mock.port,
        path: options.path ?? '/v1/chat/completions',
        method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
        headers: { ...options.headers },
        agent: false,
      },
      incoming => {
        const chunks: Buffer[] = []
        const settle = (end: string) =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks),
            end,
          })
        incoming.on('data', chunk => chunks.push(chunk))
        incoming.on('end', () => settle('complete'))
        incoming.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? 'error'))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(options.body)
  })
}

const ASK = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] })
const STREAM = JSON.stringify({ model: 'm', messages: [], stream: true })

function script(text: string, body = ASK) {
  return { body, headers: { 'x-mock-script': text, authorization: 'Bearer sk-test-0123456789ab' } }
}

function events(seen: Seen): string[] {
  return seen.body.toString().split('\n\n').filter(Boolean)
}

describe('refusals', () => {
  it.each([
    ['400', 400, null],
    ['401', 401, 'invalid_api_key'],
    ['402', 402, 'invalid_request_error'],
    ['403', 403, 'account_deactivated'],
    ['403-model', 403, 'model_not_found'],
    ['404', 404, 'model_not_found'],
    ['429', 429, 'rate_limit_exceeded'],
    ['429-quota', 429, 'insufficient_quota'],
    ['500', 500, null],
    ['503', 503, 'service_unavailable'],
  ])('%s', async (name, status, code) => {
    const seen = await send(await start(), script(name))
    expect(seen.status).toBe(status)
    expect(JSON.parse(seen.body.toString()).error.code).toBe(code)
  })

  it("says 529 in Anthropic's words", async () => {
    const seen = await send(await start(), script('529'))
    expect([seen.status, JSON.parse(seen.body.toString()).error.type]).toEqual([
      529,
      'overloaded_error',
    ])
  })

  it('says when to come back, in seconds and in milliseconds, only when told to', async () => {
    const mock = await start()
    const timed = (await send(mock, script('429:1500ms'))).headers
    expect([timed['retry-after'], timed['retry-after-ms']]).toEqual(['2', '1500'])
    expect(timed['x-ratelimit-remaining-requests']).toBe('0')
    expect((await send(mock, script('429'))).headers['retry-after']).toBeUndefined()
  })

  it('shows no more of a key than its mask', async () => {
    const seen = await send(await start(), script('401'))
    expect(seen.body.toString()).toContain('sk-…89ab')
    expect(seen.body.toString()).not.toContain('sk-test')
  })

  it('refuses a body that is no JSON object, and a script that is none', async () => {
    const mock = await start()
    expect((await send(mock, { body: '{"model":' })).status).toBe(400)
    const seen = await send(mock, script('nonsense'))
    expect(seen.status).toBe(400)
    expect(seen.body.toString()).toContain('no behaviour')
  })
})

describe('broken answers', () => {
  it('closes without an answer, or resets', async () => {
    const mock = await start()
    await expect(send(mock, script('die'))).rejects.toMatchObject({ code: 'ECONNRESET' })
    await expect(send(mock, script('reset'))).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(mock.aborted).toBe(0)
  })

  it('breaks a stream after exactly N events', async () => {
    const mock = await start()
    const whole = await send(mock, { body: STREAM })
    for (const count of [0, 1, 5]) {
      const seen = await send(mock, script(`die-after:${count}`, STREAM))
      expect(seen.status).toBe(200)
      expect(seen.end).toBe('ECONNRESET')
      expect(events(seen)).toHaveLength(count)
    }
    expect(events(whole).at(-1)).toBe('data: [DONE]')
  })

  it('breaks JSON after N × 64 bytes of the length it announced', async () => {
    const seen = await send(await start(), script('die-after:2'))
    expect(seen.end).toBe('ECONNRESET')
    expect(seen.body).toHaveLength(128)
    expect(Number(seen.headers['content-length'])).toBeGreaterThan(128)
  })

  it('breaks a recorded stream at any byte, having sent exactly those before it', async () => {
    const fixedStream = Buffer.from('data: {"é":"🍯"}\n\n: ping\n\ndata: [DONE]\n\n')
    const mock = await start({ fixedStream })
    for (let at = 0; at < fixedStream.length; at++) {
      const seen = await send(mock, script(`die-at:${at}`, STREAM))
      expect(seen.end).toBe('ECONNRESET')
      expect(seen.body.equals(fixedStream.subarray(0, at))).toBe(true)
    }
    expect((await send(mock, { body: STREAM })).body.equals(fixedStream)).toBe(true)
  })

  it('ends a stream cleanly and too early', async () => {
    const seen = await send(await start(), script('eof-after:4', STREAM))
    expect([seen.end, events(seen).length]).toEqual(['complete', 4])
    expect(seen.body.toString()).not.toContain('[DONE]')
    const json = await send(await start(), script('eof-after:1'))
    expect([json.end, json.body.length]).toEqual(['complete', 64])
  })

  it('turns a stream into an error, in the words of its API', async () => {
    const mock = await start()
    const chat = await send(mock, script('error-event:2', STREAM))
    expect(events(chat)).toHaveLength(3)
    expect(JSON.parse(events(chat)[2]?.slice(6) ?? '').error.type).toBe('server_error')
    const responses = await send(mock, {
      ...script('error-event:2', STREAM),
      path: '/v1/responses',
    })
    expect(events(responses)[2]).toMatch(/^event: error\ndata: \{"type":"error"/)
    const late = await send(mock, script('error-event:999', STREAM))
    expect(late.body.toString()).not.toContain('[DONE]')
    const json = await send(mock, script('error-event'))
    expect([json.status, 'error' in JSON.parse(json.body.toString())]).toEqual([200, true])
  })

  it('gives a web page, nothing, half of the JSON, or JSON for a stream', async () => {
    const mock = await start()
    const html = await send(mock, script('html-200'))
    expect([html.status, html.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    const empty = await send(mock, script('empty-200'))
    expect([empty.status, empty.body.length]).toEqual([200, 0])
    const half = (await send(mock, script('truncated-json'))).body.toString()
    expect(half).toMatch(/^\{"id"/)
    expect(() => JSON.parse(half)).toThrow()
    const json = await send(mock, script('json-for-stream', STREAM))
    expect(json.headers['content-type']).toBe('application/json')
    expect(JSON.parse(json.body.toString()).object).toBe('chat.completion')
  })

  it('plays every behaviour against every endpoint without failing itself', async () => {
    const mock = await start({ clock: new ManualClock() })
    const waiting = new Set(['hang', 'hang-after', 'slow'])
    const paths = ['/v1/chat/completions', '/v1/embeddings', '/v1/responses', '/anything']
    const names = Object.keys(BEHAVIOURS).filter(name => !waiting.has(name))
    const ends = await Promise.all(
      names.flatMap(name =>
        paths.map(path => send(mock, { ...script(name, STREAM), path }).catch(error => error)),
      ),
    )
    expect(ends).toHaveLength(names.length * paths.length)
    expect(mock.requests).toHaveLength(ends.length)
  })
})

describe('silence', () => {
  it('never answers, and notices the client that leaves', async () => {
    const mock = await start()
    const arrived = mock.nextRequest()
    const left = mock.nextAbort()
    const outgoing = dial({ port: mock.port, headers: { 'x-mock-script': 'hang' } })
    outgoing.on('error', () => {})
    outgoing.end()
    const request = await arrived
    outgoing.destroy()
    expect(await left).toBe(request)
    expect(mock.aborted).toBe(1)
  })

  it('goes silent after N events and keeps the connection', async () => {
    const mock = await start()
    const left = mock.nextAbort()
    const abort = new AbortController()
    const answer = await fetch(`${mock.url}/chat/completions`, {
      method: 'POST',
      body: STREAM,
      headers: { 'x-mock-script': 'hang-after:2' },
      signal: abort.signal,
    })
    const reader = answer.body?.getReader()
    let text = ''
    while (text.split('\n\n').length < 3) text += Buffer.from((await reader?.read())?.value ?? '')
    expect(mock.open).toBe(1)
    abort.abort()
    await left
  })

  it('notices a client that leaves in the middle of its upload', async () => {
    const mock = await start()
    const left = mock.nextAbort()
    const outgoing = dial({
      port: mock.port,
      method: 'POST',
      headers: { 'content-length': '1000' },
    })
    outgoing.on('error', () => {})
    outgoing.write('half', () => outgoing.destroy())
    expect((await left).body.toString()).toBe('half')
    expect(mock.requests).toHaveLength(0)
  })

  it('waits before the first byte as long as it was told to', async () => {
    const clock = new ManualClock()
    const mock = await start({ clock })
    const arrived = mock.nextRequest()
    let answered = false
    const answer = send(mock, script('slow:500ms')).then(seen => {
      answered = true
      return seen
    })
    await arrived
    await new Promise(setImmediate)
    clock.advance(499)
    expect(answered).toBe(false)
    expect(clock.pending).toBe(1)
    clock.advance(1)
    expect((await answer).status).toBe(200)
  })
})

describe('streams', () => {
  it('are paced by tokens a second', async () => {
    const clock = new ManualClock()
    const mock = await start({ clock, rate: 10, tokens: 4 })
    const answer = await fetch(`${mock.url}/chat/completions`, { method: 'POST', body: STREAM })
    const reader = answer.body?.getReader()
    const read = async () => Buffer.from((await reader?.read())?.value ?? '').toString()
    expect((await read()).match(/data:/g)).toHaveLength(1)
    clock.advance(99)
    expect(clock.pending).toBe(1)
    clock.advance(1)
    expect((await read()).match(/data:/g)).toHaveLength(1)
    clock.advance(10_000)
    let rest = ''
    for (let text = await read(); text !== ''; text = await read()) rest += text
    expect(rest.match(/data:/g)).toHaveLength(5)
    expect(rest.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it('hold characters of two, three and four bytes', async () => {
    const seen = await send(await start(), { body: STREAM })
    const text = seen.body.toString()
    for (const character of ['é', '…', '🍯']) expect(text).toContain(character)
  })

  it('give usage only where it is asked for, and then in an event of its own', async () => {
    const mock = await start()
    expect((await send(mock, { body: STREAM })).body.toString()).not.toContain('usage')
    const body = JSON.stringify({ ...JSON.parse(STREAM), stream_options: { include_usage: true } })
    const seen = events(await send(mock, { body }))
    const last = JSON.parse(seen.at(-2)?.slice(6) ?? '')
    expect(last.choices).toEqual([])
    expect(last.usage.completion_tokens).toBe(32)
    expect(JSON.parse(seen[0]?.slice(6) ?? '').usage).toBeNull()
  })
})

describe('credentials', () => {
  it.each([
    ['authorization', 'Bearer sk-a'],
    ['x-api-key', 'sk-a'],
    ['api-key', 'sk-a'],
    ['x-goog-api-key', 'sk-a'],
  ])('are read from %s', async (name, value) => {
    const mock = await start({ scripts: { 'sk-a': 'ok' }, unknownKey: '401' })
    const seen = await send(mock, { body: ASK, headers: { [name]: value } })
    expect([seen.status, mock.requests[0]?.key]).toEqual([200, 'sk-a'])
    expect((await send(mock, { body: ASK, headers: { [name]: `${value}x` } })).status).toBe(401)
  })
})

describe('flaky', () => {
  it('fails the same share in the same order for the same seed', async () => {
    const statuses = async (seed: number) => {
      const mock = await start({ seed, scripts: { '*': 'flaky:0.3' } })
      const list: number[] = []
      for (let index = 0; index < 60; index++) list.push((await send(mock, { body: ASK })).status)
      return list
    }
    const [first, again, other] = [await statuses(7), await statuses(7), await statuses(8)]
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
    expect(first.filter(status => status === 500).length).toBeGreaterThan(8)
    expect(first.filter(status => status === 500).length).toBeLessThan(30)
  })
})

describe('any other path', () => {
  it('is echoed, without the credential', async () => {
    const body = Buffer.from([0, 255, 10, 13])
    const mock = await start()
    const seen = await send(mock, {
      path: '/v1beta/models/x:generate?alt=sse&a=b',
      body,
      headers: { 'x-goog-api-key': 'AIza-secret-0123456789', 'x-two': ['1', '2'] },
    })
    const echo = JSON.parse(seen.body.toString())
    expect(echo).toMatchObject({
      method: 'POST',
      path: '/v1beta/models/x:generate',
      query: 'alt=sse&a=b',
      body_sha256: createHash('sha256').update(body).digest('hex'),
      body_bytes: 4,
    })
    expect(echo.headers['x-two']).toBe('1, 2')
    expect(seen.body.toString()).not.toContain('secret')
    expect(mock.requests[0]?.body.equals(body)).toBe(true)
  })

  it('tells a huge body by its digest, and keeps only its beginning', async () => {
    const body = Buffer.alloc(40 * 1_024 * 1_024, 'ab')
    const mock = await start()
    const echo = JSON.parse((await send(mock, { path: '/v1/files', body })).body.toString())
    expect(echo.body_sha256).toBe(createHash('sha256').update(body).digest('hex'))
    expect(mock.requests[0]?.bytes).toBe(body.length)
    expect(mock.requests[0]?.body.length).toBeLessThan(body.length)
  })
})

describe('a mock', () => {
  it('keeps the newest requests only', async () => {
    const mock = await start({ keep: 3 })
    for (let index = 0; index < 8; index++) await send(mock, { path: `/${index}` })
    const urls = mock.requests.map(request => request.url)
    expect(urls.at(-1)).toBe('/7')
    expect(urls.length).toBeLessThan(6)
  })

  it('tells listeners of each request until they leave', async () => {
    const mock = await start()
    const seen: string[] = []
    const stop = mock.onRequest(request => seen.push(request.url))
    await send(mock, { path: '/a' })
    stop()
    await send(mock, { path: '/b' })
    expect(seen).toEqual(['/a'])
  })

  it('lets a test answer in its place', async () => {
    const mock = await start({
      respond: (request, response) => {
        if (request.url !== '/mine') return false
        response.writeHead(418).end('teapot')
        return true
      },
    })
    expect((await send(mock, { path: '/mine' })).status).toBe(418)
    expect((await send(mock, { path: '/yours' })).status).toBe(200)
    expect(mock.requests).toHaveLength(2)
  })

  it('changes a script while it runs', async () => {
    const mock = await start({ scripts: { '*': 'ok' } })
    expect((await send(mock, { body: ASK })).status).toBe(200)
    mock.setScript('*', '503')
    expect((await send(mock, { body: ASK })).status).toBe(503)
  })

  it('says that its port is in use', async () => {
    const mock = await start()
    await expect(startMock({ port: mock.port })).rejects.toMatchObject({ code: 'address_in_use' })
  })

  it('gives every answer an id of its own and the same text', async () => {
    const mock = await start()
    const [one, two] = await Promise.all([send(mock, { body: ASK }), send(mock, { body: ASK })])
    const [first, second] = [JSON.parse(one.body.toString()), JSON.parse(two.body.toString())]
    expect(first.id).not.toBe(second.id)
    expect(one.headers['x-request-id']).not.toBe(two.headers['x-request-id'])
    expect(first.choices).toEqual(second.choices)
  })
})

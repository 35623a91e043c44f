import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider, route } from '../support/catalog.ts'
import { count } from '../support/count.ts'
import { ask, chat, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'

let mock: Mock
let gateway: TestGateway
let answerWith: ((body: Buffer) => { headers: string[]; body: Buffer; status?: number }) | null =
  null

beforeAll(async () => {
  mock = await startMock({
    respond: (request, response) => {
      if (answerWith === null) return false
      const { headers, body, status } = answerWith(request.body)
      response.writeHead(status ?? 200, headers)
      response.end(body)
      return true
    },
  })
  gateway = await startGateway({
    providers: [
      provider('mock', mock.url, {
        overrides: {
          headers: { 'x-team': 'blue', 'user-agent': 'ours' },
          forward_headers: ['x-custom'],
        },
      }),
      provider('claude', `http://127.0.0.1:${mock.port}`, { kind: 'anthropic' }),
      provider('google', `http://127.0.0.1:${mock.port}`, { kind: 'gemini' }),
    ],
    keys: [key('a'), key('c', { provider: 'claude' }), key('g', { provider: 'google' })],
  })
})

afterAll(async () => {
  await gateway.close()
  await mock.close()
})

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 })
const number = fc.oneof(
  fc.constantFrom(
    '9007199254740993',
    '1e400',
    '-0',
    '1.0',
    '1E+2',
    '12345678901234567890',
    '0.1000',
  ),
  fc.integer().map(String),
)
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map(value => JSON.stringify(value)),
  fc.constantFrom('"\\u0041\\ud83d\\ude00\\/"', '"👋🏽 𝄞"', '"\\"model\\":\\"x\\""', '"}{]["'),
)
const value: fc.Arbitrary<string> = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    number,
    text,
    fc.constantFrom('true', 'false', 'null'),
    tie('list'),
    tie('object'),
  ),
  list: fc
    .tuple(fc.array(tie('value') as fc.Arbitrary<string>, { maxLength: 4 }), space)
    .map(([items, gap]) => `[${items.join(`${gap},`)}]`),
  object: fc
    .tuple(fc.array(fc.tuple(text, tie('value') as fc.Arbitrary<string>), { maxLength: 4 }), space)
    .map(
      ([members, gap]) => `{${members.map(([name, inner]) => `${name}${gap}:${inner}`).join(',')}}`,
    ),
})).value as fc.Arbitrary<string>
const jsonBody = fc
  .tuple(
    fc.array(fc.tuple(fc.stringMatching(/^x[a-z]{0,8}$/), value), { maxLength: 6 }),
    space,
    space,
    fc.boolean(),
  )
  .map(([members, before, after, modelFirst]) => {
    const rest = members.map(([name, inner]) => `${before}"${name}"${after}:${inner}`)
    const model = '"model" : "mock-\\u006carge"'
    return `${before}{${(modelFirst ? [model, ...rest] : [...rest, model]).join(`${after},`)}${before}}${after}`
  })

describe('bodies', () => {
  it('400 (soak: 5,000) generated JSON bodies go up and answers come down byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(jsonBody, async body => {
        answerWith = () => ({
          headers: ['content-type', 'application/json'],
          body: Buffer.from(body),
        })
        const answer = await ask(gateway.port, { path: '/v1/chat/completions', body })
        answerWith = null
        expect(answer.status).toBe(200)
        expect(mock.requests.at(-1)?.body.toString()).toBe(body)
        expect(answer.text).toBe(body)
      }),
      { numRuns: count(400, 5_000) },
    )
    await gateway.gateway.flush()
    expect(gateway.records.at(-1)?.model).toBe('mock-large')
  })

  it('200 (soak: 5,000) with an alias: only the bytes of the model differ', async () => {
    gateway.apply({ ...config(), routes: [route('mock-large', { model: 'other "\u00e4"' })] })
    await fc.assert(
      fc.asyncProperty(jsonBody, async body => {
        const headers = { 'content-md5': 'Q2hlY2sgSW50ZWdyaXR5IQ==', 'content-language': 'de' }
        await ask(gateway.port, { path: '/v1/chat/completions', body, headers })
        const aliased = body.replace('"mock-\\u006carge"', '"other \\"\u00e4\\""')
        expect(mock.requests.at(-1)?.body.toString()).toBe(aliased)
      }),
      { numRuns: count(200, 5_000) },
    )
    expect(headersUp()).toMatchObject({ 'content-language': 'de' })
    expect(headersUp()).not.toHaveProperty('content-md5')
    gateway.apply(config())
  })

  it.each([
    ['in one piece', 100_000],
    ['in several', 1_500_000],
  ])(
    'large ones, %s, go up byte for byte, with an alias too, and again after a failure',
    async (_name, length) => {
      const padding = Array.from({ length: length / 10 }, (_, i) => String(i).padStart(9)).join()
      const body = JSON.stringify({ padding, model: 'mock-large', more: [padding] })
      const sent = () => mock.requests.at(-1)?.body.equals(Buffer.from(body))
      await ask(gateway.port, { path: '/v1/chat/completions', body })
      expect(sent()).toBe(true)
      await ask(gateway.port, {
        path: '/v1/chat/completions',
        headers: { 'transfer-encoding': 'chunked' },
        body,
      })
      expect(sent()).toBe(true)
      expect(headersUp()).toMatchObject({ 'content-length': String(body.length) })
      expect(headersUp()).not.toHaveProperty('transfer-encoding')
      let failures = 1
      answerWith = () => ({
        headers: ['content-type', 'application/json'],
        body: Buffer.from('{}'),
        status: failures-- > 0 ? 500 : 200,
      })
      const before = mock.requests.length
      const answer = await ask(gateway.port, { path: '/v1/chat/completions', body })
      answerWith = null
      expect([answer.status, mock.requests.length - before]).toEqual([200, 2])
      expect(sent()).toBe(true)
      gateway.apply({ ...config(), routes: [route('mock-large', { model: 'small' })] })
      await ask(gateway.port, { path: '/v1/chat/completions', body })
      expect(mock.requests.at(-1)?.body.toString()).toBe(body.replace('"mock-large"', '"small"'))
      expect(headersUp()).toMatchObject({ 'content-length': String(body.length - 5) })
      gateway.apply(config())
    },
  )

  it.each([
    ['cut short', '{"model":"m","messages":['],
    ['not an object', '[1,2]'],
    ['two models', '{"model":"cheap","x":1,"model":"dear"}'],
    ['two models, one escaped', '{"model":"cheap","m\\u006fdel":"dear"}'],
    ['two objects', '{"model":"m"}{"model":"n"}'],
    ['empty text', ' '],
  ])('%s: 400 invalid_body, nothing sent', async (_name, body) => {
    const before = mock.requests.length
    const answer = await ask(gateway.port, { path: '/v1/chat/completions', body })
    expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([400, 'invalid_body'])
    expect(mock.requests).toHaveLength(before)
  })

  it('200 MB of JSON: 413 before it is read, and the connection is told', async () => {
    const socket = connect(gateway.port, '127.0.0.1').on('error', () => {})
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 200000000\r\n\r\n{"model":`,
    )
    const head = await new Promise<Buffer>(resolve => socket.once('data', resolve))
    expect(head.toString()).toMatch(/^HTTP\/1\.1 413 /)
    expect(head.toString()).toContain('request_too_large')
    socket.destroy()
  })

  it('too large without a length: 413 while it is read', async () => {
    gateway.apply({ ...config(), settings: { max_body: 2_000 } })
    const body = chat({ padding: 'x'.repeat(5_000) })
    const answer = await ask(gateway.port, {
      path: '/v1/chat/completions',
      headers: { 'transfer-encoding': 'chunked' },
      body,
    })
    expect(answer.status).toBe(413)
    gateway.apply(config())
  })

  it('compressed ones are refused where they must be understood', async () => {
    const answer = await ask(gateway.port, {
      path: '/v1/chat/completions',
      headers: { 'content-encoding': 'gzip' },
      body: chat(),
    })
    expect(answer.status).toBe(415)
  })

  it('multipart streams through with the client’s own framing', async () => {
    const body = Buffer.alloc(3_000_000, 'multipart bytes \u0000\u00ff', 'latin1')
    for (const framing of [
      { 'content-length': String(body.length) },
      { 'transfer-encoding': 'chunked' },
    ] as Record<string, string>[]) {
      const answer = await ask(gateway.port, {
        path: '/v1/files?purpose=x',
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=x', ...framing },
        body,
      })
      expect(answer.status).toBe(200)
      const got = mock.requests.at(-1)
      expect(
        createHash('sha256')
          .update(got?.body ?? '')
          .digest('hex'),
      ).toBe(createHash('sha256').update(body).digest('hex'))
      expect(got?.rawHeaders.join('\n').toLowerCase()).toContain(
        Object.entries(framing)[0]?.join('\n'),
      )
    }
  })
})

function config() {
  return {
    providers: [
      provider('mock', mock.url, {
        overrides: {
          headers: { 'x-team': 'blue', 'user-agent': 'ours' },
          forward_headers: ['x-custom'],
        },
      }),
      provider('claude', `http://127.0.0.1:${mock.port}`, { kind: 'anthropic' as const }),
      provider('google', `http://127.0.0.1:${mock.port}`, { kind: 'gemini' as const }),
    ],
    keys: [key('a'), key('c', { provider: 'claude' }), key('g', { provider: 'google' })],
  }
}

function headersUp(): Record<string, string> {
  const raw = mock.requests.at(-1)?.rawHeaders ?? []
  return Object.fromEntries(
    raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1] as string]] : [])),
  )
}

describe('headers', () => {
  it('go up by an allow-list; the provider’s own replace the client’s; the key comes last', async () => {
    const canaries = Object.fromEntries(
      [
        'cookie',
        'x-forwarded-for',
        'openai-organization',
        'openai-project',
        'x-portkey-custom-host',
        'x-secret',
        'referer',
        'via',
        'x-amz-security-token',
      ].map(name => [name, `canary-${name}`]),
    )
    await ask(gateway.port, {
      path: '/v1/chat/completions',
      body: chat(),
      headers: {
        ...canaries,
        'openai-beta': 'b=1',
        'x-stainless-os': 'Linux',
        'idempotency-key': 'i1',
        'x-custom': 'yes',
        'user-agent': 'client',
        'x-team': 'red',
        'accept-encoding': 'gzip, br',
        connection: 'x-stainless-os, authorization, close',
      },
    })
    const up = headersUp()
    expect(Object.values(up).join()).not.toContain('canary')
    expect(up).toMatchObject({
      authorization: 'Bearer sk-a-0123456789abcdef',
      'openai-beta': 'b=1',
      'idempotency-key': 'i1',
      'x-custom': 'yes',
      'x-team': 'blue',
      'user-agent': 'ours',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
    })
    expect(up).not.toHaveProperty('x-stainless-os')
  })

  it.each([
    ['claude', '/v1/messages', 'x-api-key', 'sk-c-0123456789abcdef'],
    ['google', '/v1beta/models/g:generateContent', 'x-goog-api-key', 'sk-g-0123456789abcdef'],
  ])('%s gets its key its own way, and by its own paths', async (_name, path, header, value) => {
    await ask(gateway.port, { path, body: chat() })
    expect(mock.requests.at(-1)?.url).toBe(path)
    expect(headersUp()[header]).toBe(value)
    expect(headersUp().authorization).toBeUndefined()
  })

  it('come down as bytes, without what belongs to a connection or a site', async () => {
    answerWith = () => ({
      headers: [
        'Content-Type',
        'application/json',
        'X-Raw',
        'caf\u00e9',
        'Set-Cookie',
        'session=canary',
        'Strict-Transport-Security',
        'max-age=1',
        'Alt-Svc',
        'h3=":443"',
        'Server',
        'nginx',
        'X-Hop',
        'canary',
        'Connection',
        'x-hop, close',
        'X-Request-Id',
        'theirs',
        'X-Balance-Key',
        'canary',
        'X-RateLimit-Remaining-Requests',
        '7',
      ],
      body: Buffer.from('{"object":"list","data":[]}'),
    })
    const answer = await ask(gateway.port, {
      path: '/v1/models',
      headers: { 'x-request-id': 'mine-1' },
    })
    answerWith = null
    expect(JSON.stringify(answer.headers)).not.toContain('canary')
    expect(answer.headers).toMatchObject({
      'x-raw': 'caf\u00e9',
      'x-ratelimit-remaining-requests': '7',
      'x-upstream-request-id': 'theirs',
      'x-request-id': 'mine-1',
    })
    for (const gone of ['server', 'alt-svc', 'strict-transport-security', 'x-hop'])
      expect(answer.headers).not.toHaveProperty(gone)
  })

  it('a request id that is none is replaced by ours', async () => {
    const answer = await ask(gateway.port, {
      path: '/v1/models',
      headers: { 'x-request-id': 'bad id\t"' },
    })
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('more than a hundred: 431', async () => {
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-h${i}`, '1']))
    expect((await ask(gateway.port, { path: '/v1/models', headers: many })).status).toBe(431)
  })
})

describe('paths', () => {
  it.each([
    ['/v1/threads/t1/runs?limit=2&order=asc', 'mock', '/v1/threads/t1/runs?limit=2&order=asc'],
    ['/mock/v1/anything/at/all', 'mock', '/v1/anything/at/all'],
    ['/hf/mock/v1/models', 'mock', '/v1/models'],
    ['/openai/v1/models', 'mock', '/v1/models'],
    ['/chat/completions', 'mock', '/v1/chat/completions'],
    ['//v1//models/', 'mock', '/v1/models'],
    ['/v1/models?provider=claude&a=b', 'claude', '/v1/models?a=b'],
    ['/claude/v1/models', 'claude', '/v1/models'],
  ])('%s is served by %s as %s', async (path, by, upstream) => {
    const answer = await ask(gateway.port, { path })
    expect(answer.headers['x-balance-provider']).toBe(by)
    expect(mock.requests.at(-1)?.url).toBe(upstream)
  })

  it.each(['/v1/../admin', '/v1/%2e%2e/x', '/v1/a%2fb', '/v1/a\\b', '/v1/%5cx', '/v1/a%00b'])(
    '%s: 400',
    async path => {
      const before = mock.requests.length
      const answer = await ask(gateway.port, { path })
      expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([400, 'invalid_path'])
      expect(mock.requests).toHaveLength(before)
    },
  )

  it('an unknown provider: 404 naming the nearest', async () => {
    const answer = await ask(gateway.port, { path: '/claud/v1/models' })
    expect(answer.status).toBe(404)
    expect(answer.text).toContain('claude')
  })

  it('errors speak the dialect of the endpoint called', async () => {
    const [openai, anthropic, gemini] = await Promise.all(
      ['/v1/chat/completions', '/v1/messages', '/v1beta/models/g:generateContent'].map(path =>
        ask(gateway.port, { path, body: chat(), token: 'bal_wrong' }),
      ),
    )
    expect(JSON.parse(openai!.text)).toMatchObject({
      error: { code: 'invalid_token', type: expect.any(String), message: expect.any(String) },
    })
    expect(JSON.parse(anthropic!.text)).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error' },
    })
    expect(JSON.parse(gemini!.text)).toMatchObject({
      error: { code: 401, status: 'UNAUTHENTICATED' },
    })
  })

  it.each([301, 302, 303, 307, 308])('a redirect with %d is never followed', async status => {
    const elsewhere: string[] = []
    const other = createServer(({ url, headers }, response) => {
      elsewhere.push(`${url} ${headers.authorization}`)
      response.end('{}')
    })
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    // Such answers open a breaker, which the tests behind this one would find.
    const gateway = await startGateway(config())
    for (const location of [
      `http://127.0.0.1:${port}/steal`,
      `//127.0.0.1:${port}/`,
      '/v1/other',
    ]) {
      answerWith = () => ({ status, headers: ['location', location], body: Buffer.alloc(0) })
      const before = mock.requests.length
      const answer = await ask(gateway.port, { path: '/v1/chat/completions', body: chat() })
      expect(answer.status).toBeGreaterThanOrEqual(500)
      const asked = mock.requests.slice(before).map(({ url }) => url)
      expect(new Set(asked)).toEqual(new Set(['/v1/chat/completions']))
    }
    answerWith = null
    await gateway.close()
    other.close()
    expect(elsewhere).toEqual([])
  })

  it('HEAD and 204 have no body, and their headers', async () => {
    const head = await ask(gateway.port, { path: '/v1/models', method: 'HEAD' })
    expect([head.status, head.body.length]).toEqual([200, 0])
    answerWith = () => ({ status: 204, headers: [], body: Buffer.alloc(0) })
    const deleted = await ask(gateway.port, { path: '/v1/files/f1', method: 'DELETE' })
    answerWith = null
    expect(deleted.status).toBe(204)
  })
})

describe('health', () => {
  it('needs no token', async () => {
    for (const path of ['/livez', '/readyz', '/health'])
      expect((await ask(gateway.port, { path, token: null })).status).toBe(200)
  })
})

describe('what is served nowhere', () => {
  it.each(['/metrics/', '/admin', '/admin/api/keys', '/livez/'])(
    '%s: 404, and no upstream call',
    async path => {
      const before = mock.requests.length
      const answer = await ask(gateway.port, { path })
      expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([404, 'not_found'])
      expect(mock.requests).toHaveLength(before)
    },
  )

  it.each([
    ['no HTTP at all', 'SSH-2.0-x\r\n\r\n', 400, 'invalid_request'],
    [
      'two lengths',
      'POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'invalid_request',
    ],
    [
      'a length and chunks',
      'POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
      'invalid_request',
    ],
    [
      'a head of 100 kB',
      `GET /v1/x HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
  ])('%s', async (_name, bytes, status, code) => {
    const answer = await new Promise<string>(resolve => {
      let text = ''
      const socket = connect(gateway.port, '127.0.0.1', () => socket.write(bytes))
      socket.on('data', chunk => {
        text += chunk
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(text))
    })
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain(code)
  })
})

import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { Flows } from '../../src/upstream/flows.ts'
import type { Guide } from '../../src/upstream/guide.ts'
import { Relay } from '../../src/upstream/relay.ts'
import { dialectNamed } from '../../src/wire/dialects.ts'
import { key, provider } from '../support/catalog.ts'
import { ask, chat, startGateway, type TestGateway } from '../support/gateway.ts'

const CHAT = { path: '/v1/chat/completions', body: chat() }

describe('event streams that are made to be expensive', () => {
  const KIB = Buffer.alloc(1_024, 'x')
  const EIGHT_MIB = 8 * 2 ** 20

  /** Relays these chunks; what it cost in ms of processor time, and what came of it. */
  function relay(chunks: Iterable<Buffer>, name: 'openai' | 'anthropic' | 'gemini' = 'openai') {
    let given = 0
    const client = {
      write(chunk: Buffer) {
        given += chunk.length
        return true
      },
      end() {},
      on() {},
    }
    const tap = dialectNamed(name).streamTap()
    const endings: string[] = []
    const guide: Guide = {
      onHead: () => ({ handling: 'stream', tap }),
      onFirst: () => ({ handling: 'stream', tap }),
      onCommit() {},
      mask: chunk => chunk,
      onToken() {},
      onEnd: (_relay, ending) => endings.push(ending),
    }
    const all = new Relay(guide, client as unknown as ServerResponse, new Flows(systemClock))
    const controller = {
      rawHeaders: [],
      abort() {},
      pause() {},
      resume() {},
    } as unknown as Parameters<Relay['onResponseData']>[0]
    all.onResponseStart(controller, 200, { 'content-type': 'text/event-stream' })
    const before = process.cpuUsage()
    let most = 0
    for (const chunk of chunks) {
      all.onResponseData(controller, chunk)
      most = Math.max(most, all.heldBytes)
    }
    const { user, system } = process.cpuUsage(before)
    all.onResponseEnd()
    return { given, cpu: (user + system) / 1_000, held: most, endings, tap }
  }

  function* repeated(chunk: Buffer, bytes: number, first = ''): Generator<Buffer> {
    if (first !== '') yield Buffer.from(first)
    for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk
  }

  it.each([
    ['one line without an end', 'data: ', KIB],
    ['a comment without an end', ': ', KIB],
    ['a name without an end', 'event: ', KIB],
    ['no colon', '', KIB],
    ['nested JSON without an end', 'data: ', Buffer.from('[{"a":'.repeat(171))],
  ])(
    '8 MiB of %s in 1 KiB chunks: within 100 ms of processor, all relayed',
    (_name, first, chunk) => {
      relay(repeated(chunk, EIGHT_MIB, first))
      const { given, cpu, held } = relay(repeated(chunk, EIGHT_MIB, first))
      expect(given).toBeGreaterThanOrEqual(EIGHT_MIB)
      expect(held).toBeLessThanOrEqual(65_536 + 1_024)
      expect(cpu).toBeLessThanOrEqual(100)
    },
  )

  it.each([
    ['lines of data and no blank one', 'data: x\n'],
    ['comments', ': keep-alive\n\n'],
    ['nothing but colons', ':\n'],
    ['blank lines', '\r\n'],
    ['carriage returns', '\r'],
  ])('8 MiB of %s: as much for each byte as for 1 MiB', (_name, line) => {
    const chunk = Buffer.from(line.repeat(Math.ceil(1_024 / line.length)))
    relay(repeated(chunk, EIGHT_MIB))
    const [one, eight] = [2 ** 20, EIGHT_MIB].map(bytes => relay(repeated(chunk, bytes)))
    expect(eight?.given).toBeGreaterThanOrEqual(EIGHT_MIB)
    // What a look at the clock and a collection of garbage add, and no more.
    expect(eight?.cpu).toBeLessThanOrEqual(16 * (one?.cpu ?? 0) + 100)
    expect(eight?.cpu).toBeLessThanOrEqual(1_000)
  })

  it('256 KiB of events byte by byte', () => {
    const event = 'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
    const bytes = Buffer.from(`${event.repeat(Math.ceil(262_144 / event.length))}data: [DONE]\n\n`)
    function* each() {
      for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1)
    }
    relay(each())
    const { given, cpu, endings } = relay(each())
    expect([given, endings]).toEqual([bytes.length, ['complete']])
    expect(cpu).toBeLessThanOrEqual(250)
  })

  it('an event of 10 MiB is not looked into; those behind it are', () => {
    const usage =
      'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}\n\n'
    const { given, endings, tap } = relay([
      Buffer.from('data: {"x":"'),
      ...repeated(KIB, 10 * 2 ** 20),
      Buffer.from(`"}\n\n${usage}data: [DONE]\n\n`),
    ])
    expect(given).toBeGreaterThan(10 * 2 ** 20)
    expect(endings).toEqual(['complete'])
    expect(tap.usage).toMatchObject({ prompt: 3, completion: 4 })
  })
})

describe('answers that are more than they seem', () => {
  let mock: Mock
  let gateway: TestGateway
  let answer: { status: number; headers: string[]; body: Buffer } | null
  const keys = ['a', 'b']
  beforeEach(async () => {
    answer = null
    mock = await startMock({
      respond: ({ key: by }, response) => {
        if (answer === null || (by ?? '').includes('sk-b')) return false
        response.writeHead(answer.status, answer.headers)
        response.end(answer.body)
        return true
      },
    })
    gateway = await startGateway({
      providers: [provider('mock', mock.url)],
      keys: keys.map(name => key(name)),
      routes: [],
    })
  })
  afterEach(async () => {
    await gateway.close()
    await mock.close()
  })

  it.each([
    ['gzip', gzipSync],
    ['identity', (body: Buffer) => body],
  ] as const)('an error in %s is understood: a key without quota is left', async (coding, pack) => {
    const body = Buffer.from('{"error":{"code":"insufficient_quota","message":"no money"}}')
    answer = {
      status: 429,
      headers: ['content-type', 'application/json', 'content-encoding', coding],
      body: pack(body),
    }
    // Whichever key has its turn first, the other one answers.
    for (let n = 0; n < 2; n++) expect((await ask(gateway.port, CHAT)).status).toBe(200)
    await gateway.gateway.flush()
    const failures = gateway.records.flatMap(record => record.failures)
    expect(failures).toMatchObject([{ keyId: 'a', code: 'insufficient_quota' }])
    expect(failures[0]?.excerpt).toContain('no money')
  })

  it('a key in a packed error is masked, and the error then is not packed', async () => {
    gateway.apply({ providers: [provider('mock', mock.url)], keys: [key('a')] })
    answer = {
      status: 400,
      headers: ['content-type', 'application/json', 'content-encoding', 'gzip'],
      body: gzipSync('{"error":{"message":"you sent sk-a-0123456789abcdef"}}'),
    }
    const got = await ask(gateway.port, {
      path: '/v1/files',
      headers: { 'accept-encoding': 'gzip' },
    })
    expect([got.status, got.headers['content-encoding']]).toEqual([400, undefined])
    expect(got.text).toContain('"you sent sk-…cdef"')
  })

  it('of 40 headers that speak of a connection, a site or the gateway none comes down', async () => {
    const names = [
      ...['Set-Cookie', 'Set-Cookie2', 'Strict-Transport-Security', 'Alt-Svc', 'Server'],
      ...['Proxy-Authenticate', 'Proxy-Authentication-Info', 'Proxy-Connection', 'TE', 'Trailer'],
      ...['Upgrade', 'X-Hop-One', 'X-Hop-Two', 'Clear-Site-Data', 'Content-Security-Policy'],
      ...[
        'Content-Security-Policy-Report-Only',
        'NEL',
        'Report-To',
        'Reporting-Endpoints',
        'Refresh',
      ],
      ...['Service-Worker-Allowed', 'X-Accel-Redirect', 'X-Sendfile', 'X-Lighttpd-Send-File'],
      ...['Access-Control-Allow-Origin', 'Access-Control-Allow-Credentials'],
      ...['Access-Control-Allow-Headers', 'Access-Control-Allow-Methods'],
      ...['Access-Control-Expose-Headers', 'Access-Control-Max-Age'],
      ...['X-Balance-Provider', 'X-Balance-Key', 'X-Balance-Attempts', 'X-Balance-Admin'],
      ...['x-balance-peer', 'X-BALANCE-TLS', 'X-Balance-Anything', 'sEt-cOoKiE', 'ALT-SVC', 'nel'],
    ]
    expect(names).toHaveLength(40)
    answer = {
      status: 200,
      headers: [
        ...['content-type', 'application/json', 'connection', 'x-hop-one, X-Hop-Two, close'],
        ...['x-kept', 'yes', 'x-accel-buffering', 'no'],
        ...names.flatMap(name => [name, 'canary']),
      ],
      body: Buffer.from('{"object":"list","data":[]}'),
    }
    gateway.apply({ providers: [provider('mock', mock.url)], keys: [key('a')] })
    const got = await ask(gateway.port, { path: '/v1/files' })
    expect(got.rawHeaders.join('\n')).not.toContain('canary')
    expect(got.headers).toMatchObject({ 'x-kept': 'yes', 'x-accel-buffering': 'no' })
  })

  it('of 40 headers of a caller that are not for a provider none goes up', async () => {
    const names = [
      ...[
        'cookie',
        'cookie2',
        'proxy-authorization',
        'forwarded',
        'x-forwarded-for',
        'x-forwarded-host',
      ],
      ...[
        'x-forwarded-proto',
        'x-forwarded-port',
        'x-real-ip',
        'via',
        'cf-connecting-ip',
        'true-client-ip',
      ],
      ...[
        'x-client-ip',
        'referer',
        'from',
        'openai-organization',
        'openai-project',
        'x-api-key',
        'api-key',
      ],
      ...[
        'x-goog-api-key',
        'x-goog-iam-authorization-token',
        'x-amz-security-token',
        'x-auth-token',
      ],
      ...['x-access-token', 'x-csrf-token', 'x-session-id', 'x-portkey-api-key', 'helicone-auth'],
      ...['cf-access-jwt-assertion', 'x-ms-token-aad-id-token', 'x-original-url', 'x-rewrite-url'],
      ...[
        'x-http-method-override',
        'x-balance-peer',
        'x-balance-key',
        'x-custom',
        'priority',
        'dnt',
      ],
      ...['te', 'x-hop'],
    ]
    expect(names).toHaveLength(40)
    await ask(gateway.port, {
      ...CHAT,
      headers: {
        ...Object.fromEntries(names.map(name => [name, 'canary'])),
        connection: 'x-hop, te, authorization',
      },
    })
    const [up] = mock.requests
    expect(up?.rawHeaders.join('\n')).not.toContain('canary')
    expect(up?.rawHeaders.join('\n')).toMatch(/Bearer sk-[ab]-0123456789abcdef/)
  })
})

describe('answers that are no HTTP, or too much of it', () => {
  let server: Server
  let gateway: TestGateway
  let bytes = ''
  beforeEach(async () => {
    server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(bytes, 'latin1'))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    gateway = await startGateway({
      providers: [
        provider('mock', `http://127.0.0.1:${port}/v1`, { overrides: { max_retries: 1 } }),
      ],
      keys: [key('a')],
    })
  })
  afterEach(async () => {
    await gateway.close()
    await new Promise(resolve => server.close(resolve))
  })

  const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
  it.each([
    ['headers of 100 kB', `${OK}x: ${'y'.repeat(100_000)}\r\n\r\n{}`],
    ['10,000 headers', `${OK}${'x: y\r\n'.repeat(20_000)}\r\n{}`],
    ['a head without an end', `${OK}${'x: y\r\n'.repeat(50_000)}`],
    ['two lengths', `${OK}content-length: 2\r\ncontent-length: 5\r\n\r\n{}{}{`],
    [
      'a length and chunks',
      `${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ],
    ['a folded header', `${OK}x: y\r\n z\r\ncontent-length: 2\r\n\r\n{}`],
    ['a NUL in a header', `${OK}x: y\0z\r\ncontent-length: 2\r\n\r\n{}`],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['nothing', ''],
    ['an endless status line', `HTTP/1.1 200 ${'x'.repeat(200_000)}`],
  ])('%s: 502, no key blamed', async (_name, given) => {
    bytes = given
    const got = await ask(gateway.port, CHAT)
    expect([got.status, gateway.gateway.memories().map(({ failures }) => failures)]).toEqual([
      502,
      [0],
    ])
    expect(got.text).not.toContain('sk-a')
  })

  it('a second answer behind the first is nobody’s', async () => {
    bytes = `${OK}content-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhidden`
    const got = await ask(gateway.port, { path: '/v1/files' })
    expect([got.status, got.text]).toEqual([200, '{}'])
  })
})

import { createHash } from 'node:crypto'
import { Agent } from 'node:http'
import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { key, provider, route } from '../support/catalog.ts'
import { EchoUpstream } from '../support/echo-upstream.ts'
import { freePort } from '../support/free-port.ts'
import { ask, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { OpenUpload } from '../support/open-upload.ts'

const OCTETS = { 'content-type': 'application/octet-stream' }
const CHUNK = Buffer.alloc(65_536, 'upload')
let upstream: EchoUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = await EchoUpstream.start()
  gateway = await startGateway(config())
})

beforeEach(() => {
  upstream.reply = null
  upstream.intercept = null
  upstream.echoes.length = 0
})

afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

function config(settings: Record<string, number> = {}) {
  return { settings, providers: [provider('mock', upstream.url)], keys: [key('a'), key('b')] }
}

function open(change: Record<string, string> = {}, bearer = TOKEN, path = '/v1/files'): OpenUpload {
  const framing = 'content-length' in change ? {} : { 'transfer-encoding': 'chunked' }
  return new OpenUpload(gateway.port, path, { ...OCTETS, ...framing, ...change }, bearer)
}

async function lastRecord() {
  await gateway.gateway.flush()
  return gateway.records.at(-1)
}

describe('an upload', () => {
  it('goes up while it comes, whatever its length', async () => {
    const upload = open()
    const hash = createHash('sha256')
    const came = upstream.nextHead()
    await upload.send(CHUNK)
    await came
    hash.update(CHUNK)
    for (let i = 0; i < 100; i++) {
      await upload.send(CHUNK)
      hash.update(CHUNK)
    }
    upload.end()
    expect(await upload.answer()).toEqual([200, undefined])
    expect(upstream.take()).toMatchObject({ bytes: 101 * CHUNK.length, sha256: hash.digest('hex') })
  })

  it('is for one key: what its upstream says to it is the answer', async () => {
    upstream.reply = { status: 429, headers: OCTET_ERROR, body: Buffer.from(LIMITED) }
    const answer = await ask(gateway.port, { path: '/v1/files', headers: OCTETS, body: CHUNK })
    expect([answer.status, answer.headers['x-balance-attempts']]).toEqual([429, '1'])
    expect(answer.text).toBe(LIMITED)
  })

  it('goes to another provider where no connection could be made, whole', async () => {
    const dead = `http://127.0.0.1:${await freePort()}/v1`
    gateway.apply({
      ...config(),
      providers: [provider('dead', dead), provider('mock', upstream.url)],
      keys: [key('d', { provider: 'dead' }), key('a')],
      routes: [route('whisper', { provider: 'dead' }, { tier: 2 })],
    })
    const body = Buffer.from(
      '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n--b--\r\n',
    )
    const answer = await ask(gateway.port, {
      path: '/v1/audio/transcriptions',
      headers: { 'content-type': 'multipart/form-data; boundary=b', expect: '100-continue' },
      body,
    })
    gateway.apply(config())
    expect([answer.status, answer.headers['x-balance-attempts']]).toEqual([200, '2'])
    expect(upstream.take().sha256).toBe(createHash('sha256').update(body).digest('hex'))
  })

  it('ends upstream within 50 ms of its client’s leaving', async () => {
    const took: number[] = []
    // A busy host delays some; the gateway would delay all.
    for (let i = 0; i < 5; i++) {
      const upload = open()
      const came = upstream.nextHead()
      await upload.send(CHUNK)
      await came
      const aborted = upstream.nextAbort()
      const left = performance.now()
      upload.leave()
      await aborted
      took.push(performance.now() - left)
      expect(await lastRecord()).toMatchObject({ status: 499, outcome: 'gone' })
    }
    expect(Math.min(...took)).toBeLessThan(50)
  })

  it.each([
    [401, 502, 'upstream_credentials_exhausted'],
    [413, 413, 'too_large'],
  ])(
    'that is refused with %d while it comes is stopped, and its client told',
    async (status, told, code) => {
      upstream.intercept = (_request, response) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end('{"error":{"code":"too_large"}}')
      }
      const upload = open({ 'content-length': '1000000000' })
      const sending = sendOn(upload)
      expect(await upload.answer()).toEqual([told, code])
      expect((await upload.response).headers.connection).toBe('close')
      upload.leave()
      expect(await sending).toBeLessThan(50_000_000)
    },
  )

  it('that is answered before its end ends with that answer', async () => {
    upstream.intercept = (_request, response) => void response.end('{"id":"file-1"}')
    const upload = open({ 'content-length': '1000000000' })
    const sending = sendOn(upload)
    expect(await upload.answer()).toEqual([200, undefined])
    upload.leave()
    expect(await sending).toBeLessThan(50_000_000)
    expect(await lastRecord()).toMatchObject({ status: 200, outcome: 'ok' })
  })

  it('whose client goes on after such an answer is cut off after two seconds', async () => {
    const clock = new ManualClock()
    const patient = await startGateway(config(), { clock })
    const { pending } = clock
    upstream.intercept = (_request, response) => void response.end('{"id":"file-1"}')
    const length = { 'content-length': '1000000000' }
    const upload = new OpenUpload(patient.port, '/v1/files', { ...OCTETS, ...length })
    const sending = sendOn(upload)
    expect(await upload.answer()).toEqual([200, undefined])
    while (clock.pending === pending) await new Promise(setImmediate)
    clock.advance(2_000)
    await upload.closed
    await sending
    await patient.close()
  })

  it.each(['GET', 'HEAD', 'DELETE'])('%s has none', async method => {
    const answer = await ask(gateway.port, {
      method,
      path: '/v1/files/f',
      headers: OCTETS,
      body: 'x',
    })
    expect(answer.status).toBe(400)
    expect(upstream.echoes).toEqual([])
  })
})

const LIMITED = '{"error":{"code":"rate_limit_exceeded"}}'
const OCTET_ERROR = ['content-type', 'application/json']

/** Sends until the connection ends. How many bytes that were. */
async function sendOn(upload: OpenUpload): Promise<number> {
  let open = true
  let sent = 0
  void upload.closed.then(() => {
    open = false
  })
  while (open) {
    await Promise.race([upload.send(CHUNK), upload.closed])
    await new Promise(setImmediate)
    sent += CHUNK.length
  }
  return sent
}

describe('an upload that is refused', () => {
  const large = { 'content-length': '2000000000' }
  it.each([
    ['without a token', large, 'bal_unknown', '/v1/files', 401, 'invalid_token'],
    ['over max_upload', large, TOKEN, '/v1/files', 413, 'request_too_large'],
    [
      'over max_body',
      { ...large, 'content-type': 'text/plain' },
      TOKEN,
      '/v1/files',
      413,
      'request_too_large',
    ],
    ['to nobody', {}, TOKEN, '/nobody/v1/files', 404, 'provider_not_found'],
    [
      'in another coding',
      {
        ...large,
        'content-length': '200000',
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      },
      TOKEN,
      '/v1/batches',
      415,
      'unsupported_encoding',
    ],
  ] as const)(
    '%s: its client gets to read that, and the rest is not read',
    async (_name, headers, bearer, path, status, code) => {
      const upload = open(headers, bearer, path)
      const sending = sendOn(upload)
      expect(await upload.answer()).toEqual([status, code])
      expect((await upload.response).headers.connection).toBe('close')
      upload.leave()
      expect(await sending).toBeLessThan(50_000_000)
      expect(upstream.echoes).toEqual([])
    },
  )

  it('with no key that could be used: likewise', async () => {
    gateway.apply({ ...config(), keys: [] })
    const upload = open({ 'content-length': '500000000' })
    const sending = sendOn(upload)
    expect(await upload.answer()).toEqual([503, 'no_key_available'])
    upload.leave()
    expect(await sending).toBeLessThan(50_000_000)
    gateway.apply(config())
  })

  it('grows over max_upload: its upstream is left, its client told', async () => {
    gateway.apply(config({ max_upload: 1_000_000 }))
    const aborted = upstream.nextAbort()
    const upload = open()
    const sending = sendOn(upload)
    expect(await upload.answer()).toEqual([413, 'request_too_large'])
    await aborted
    upload.leave()
    await sending
    gateway.apply(config())
  })

  it('and goes on all the same is cut off after two seconds', async () => {
    const clock = new ManualClock()
    const patient = await startGateway(config(), { clock })
    const upload = new OpenUpload(patient.port, '/v1/files', { ...OCTETS, ...large }, 'bal_unknown')
    let sent = false
    void upload.send(Buffer.alloc(100_000_000)).then(() => {
      sent = true
    })
    expect(await upload.answer()).toEqual([401, 'invalid_token'])
    clock.advance(1_999)
    for (let i = 0; i < 100; i++) await ask(patient.port, { path: '/livez' })
    // Most of it was not read either.
    expect(sent).toBe(false)
    clock.advance(1)
    await upload.closed
    await patient.close()
  })

  it('but is short: its connection serves on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const asked = { path: '/v1/files', headers: OCTETS, body: 'x'.repeat(50_000), agent }
    const refused = await ask(gateway.port, { ...asked, token: 'bal_unknown' })
    expect([refused.status, refused.headers.connection]).toEqual([401, 'keep-alive'])
    const chunked = { 'transfer-encoding': 'chunked', 'content-type': 'application/json' }
    const json = { path: '/v1/chat/completions', headers: chunked, body: '[]', agent }
    const read = await ask(gateway.port, json)
    expect([read.status, read.headers.connection]).toEqual([400, 'keep-alive'])
    expect((await ask(gateway.port, asked)).status).toBe(200)
    agent.destroy()
  })
})

describe('a client that asks before it sends (Expect: 100-continue)', () => {
  const asking = { 'content-length': String(CHUNK.length), expect: '100-continue' }

  it.each([
    ['an upload', '/v1/files', {}],
    ['JSON', '/v1/batches', { 'content-type': 'application/json' }],
    ['a form', '/v1/audio/transcriptions', { 'content-type': 'multipart/form-data; boundary=b' }],
  ])('%s: is told to', async (_name, path, headers) => {
    const upload = open({ ...asking, ...headers }, TOKEN, path)
    await upload.told
    await upload.send(CHUNK)
    upload.end()
    expect((await upload.answer())[0]).toBe(200)
    expect(upstream.take().bytes).toBe(CHUNK.length)
  })

  it.each([
    ['no token', {}, 'bal_unknown', '/v1/files', 401],
    ['too large', { 'content-length': '2000000000' }, TOKEN, '/v1/files', 413],
    [
      'JSON too large',
      { 'content-length': '200000000', 'content-type': 'application/json' },
      TOKEN,
      '/v1/batches',
      413,
    ],
    ['nobody', {}, TOKEN, '/nobody/v1/files', 404],
  ] as const)(
    '%s: gets its refusal instead, on a connection that closes',
    async (_name, headers, bearer, path, status) => {
      const upload = open({ ...asking, ...headers }, bearer, path)
      const told = upload.told.then(() => 'told')
      expect(await Promise.race([told, upload.answer()])).toEqual([status, expect.any(String)])
      expect((await upload.response).headers.connection).toBe('close')
    },
  )

  it('no key, or no upstream: likewise', async () => {
    gateway.apply({ ...config(), keys: [] })
    const keyless = open(asking)
    expect(await Promise.race([keyless.told, keyless.answer()])).toEqual([503, 'no_key_available'])
    for (const type of ['application/json', 'multipart/form-data; boundary=b']) {
      const held = open({ ...asking, 'content-type': type }, TOKEN, '/v1/audio/translations')
      expect(await Promise.race([held.told, held.answer()])).toEqual([503, 'no_key_available'])
    }
    const dead = `http://127.0.0.1:${await freePort()}/v1`
    gateway.apply({ ...config(), providers: [provider('mock', dead)] })
    const unserved = open(asking)
    expect(await Promise.race([unserved.told, unserved.answer()])).toEqual([
      502,
      'upstream_unreachable',
    ])
    gateway.apply(config())
  })
})

describe('the time of an upload', () => {
  it('is its own: as long as it moves no answer is waited for; then `timeout` is', async () => {
    const { clock, patient } = await timed()
    const written = patient.nextRecord()
    const upload = new OpenUpload(patient.port, '/v1/files', {
      ...OCTETS,
      'transfer-encoding': 'chunked',
    })
    const came = upstream.nextHead()
    for (let i = 0; i < 20; i++) {
      const { received } = upstream
      await upload.send(CHUNK)
      if (i === 0) await came
      while (upstream.received < received + CHUNK.length) await new Promise(setImmediate)
      clock.advance(900)
    }
    upstream.reply = null
    upload.end()
    expect(await upload.answer()).toEqual([200, undefined])
    clock.advance(100)
    expect(await written).toMatchObject({ status: 200, ms: 18_000 })
    await patient.close()
  })

  it('who does not send is told so after ten seconds, however short `idle_timeout` is', async () => {
    const { clock, patient } = await timed()
    const began = clock.now()
    const upload = new OpenUpload(patient.port, '/v1/files', {
      ...OCTETS,
      'content-length': '100000',
    })
    const came = upstream.nextHead()
    await upload.send(CHUNK)
    await came
    const answer = upload.answer()
    expect(await passUntil(clock, answer)).toEqual([408, 'request_timeout'])
    // It has earned as much as it may have in store.
    expect(clock.now() - began).toBeGreaterThanOrEqual(10_000)
    await patient.close()
  })

  it('is not its client’s while the upstream takes nothing, however long that is', async () => {
    const { clock, patient } = await timed()
    const deaf = createServer(socket => socket.pause())
    await new Promise<void>(resolve => deaf.listen(0, '127.0.0.1', resolve))
    const { port } = deaf.address() as { port: number }
    const slow = { overrides: { timeout: 2_000, idle_timeout: 60_000, first_byte_timeout: 90_000 } }
    patient.apply({ ...config(), providers: [provider('mock', `http://127.0.0.1:${port}`, slow)] })
    const began = clock.now()
    const upload = new OpenUpload(patient.port, '/v1/files', {
      ...OCTETS,
      'content-length': '500000000',
    })
    const sending = sendOn(upload)
    expect(await passUntil(clock, upload.answer())).toEqual([504, 'upstream_timeout'])
    expect(clock.now() - began).toBeGreaterThanOrEqual(60_000)
    upload.leave()
    await sending
    clock.advance(2_000)
    await patient.close()
    deaf.close()
  })

  it('an upstream that takes nothing more: 504', async () => {
    const { clock, patient } = await timed()
    const deaf = createServer(socket => socket.pause())
    await new Promise<void>(resolve => deaf.listen(0, '127.0.0.1', resolve))
    const { port } = deaf.address() as { port: number }
    patient.apply({ ...config(), providers: [provider('mock', `http://127.0.0.1:${port}`, SHORT)] })
    const upload = new OpenUpload(patient.port, '/v1/files', {
      ...OCTETS,
      'content-length': '500000000',
    })
    const sending = sendOn(upload)
    expect(await passUntil(clock, upload.answer())).toEqual([504, 'upstream_timeout'])
    upload.leave()
    await sending
    clock.advance(2_000)
    await patient.close()
    deaf.close()
  })
})

const SHORT = { overrides: { timeout: 2_000, idle_timeout: 1_000, first_byte_timeout: 3_000 } }

async function timed(): Promise<{ clock: ManualClock; patient: TestGateway }> {
  const clock = new ManualClock()
  const parts = { ...config(), providers: [provider('mock', upstream.url, SHORT)] }
  return { clock, patient: await startGateway(parts, { clock }) }
}

/** Lets time pass until it is there. */
async function passUntil<T>(clock: ManualClock, awaited: Promise<T>): Promise<T> {
  let there = false
  const done = awaited.finally(() => {
    there = true
  })
  while (!there) {
    clock.advance(100)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return done
}

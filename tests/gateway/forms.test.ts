import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ExchangeRecord } from '../../src/model/record.ts'
import { key, provider, route, token } from '../support/catalog.ts'
import { count } from '../support/count.ts'
import { type Echo, EchoUpstream } from '../support/echo-upstream.ts'
import { boundary, content, field, file, form, type Part } from '../support/forms.ts'
import { freePort } from '../support/free-port.ts'
import { type Answer, ask, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { OpenUpload } from '../support/open-upload.ts'

const LIMITED = 'bal_limited-0123456789abcdef'
const PATH = '/v1/audio/transcriptions'
const FORM = 'multipart/form-data; boundary=b'
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

function config(settings: Record<string, number> = {}, aliases = ['alias']) {
  return {
    settings,
    providers: [provider('mock', upstream.url)],
    keys: [key('a')],
    routes: aliases.map(name => route(name, { model: 'whisper-\u03a9' })),
    tokens: [token('test', TOKEN), token('limited', LIMITED, { models: ['whisper-*', 'alias'] })],
  }
}

interface Sent {
  readonly path?: string
  readonly limit?: string
  readonly token?: string
  readonly chunked?: boolean
}

function post(bytes: Buffer, { path = PATH, limit = 'b', chunked = false, ...rest }: Sent = {}) {
  return ask(gateway.port, {
    path,
    method: 'POST',
    body: bytes,
    ...rest,
    headers: {
      'content-type': `multipart/form-data; boundary="${limit}"`,
      ...(chunked ? { 'transfer-encoding': 'chunked' } : {}),
    },
  })
}

async function lastRecord(): Promise<ExchangeRecord | undefined> {
  await gateway.gateway.flush()
  return gateway.records.at(-1)
}

function codeOf({ status, text }: Answer): [number, string] {
  return [status, JSON.parse(text).error?.code]
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function headerOf({ rawHeaders }: Echo, wanted: string): string | undefined {
  return rawHeaders[rawHeaders.findIndex(name => name.toLowerCase() === wanted) + 1]
}

/** Comes in several chunks. */
const speech = file('file', 'a.mp3', Buffer.alloc(300_000, 'speech'))

describe('a form that names a model', () => {
  it.each([
    ['first', (name: string) => [field('model', name), speech]],
    ['last', (name: string) => [speech, field('model', name)]],
  ])('%s: it is limited and written down by it', async (_name, made) => {
    const bytes = form('b', ...made('whisper-1'))
    expect((await post(bytes, { token: LIMITED })).status).toBe(200)
    expect(upstream.take().sha256).toBe(digest(bytes))
    expect(await lastRecord()).toMatchObject({
      model: 'whisper-1',
      attempts: 1,
      bytesIn: bytes.length,
    })
    const refused = await post(form('b', ...made('dear')), { token: LIMITED })
    expect(codeOf(refused)).toEqual([403, 'model_not_allowed'])
    expect(upstream.echoes).toEqual([])
  })

  it('400 (soak: 5,000) generated ones: with an alias the bytes of the model alone differ', async () => {
    const part = fc.oneof(
      content.map(bytes => file('file', 'f.bin', bytes)),
      fc.string({ unit: 'grapheme' }).map(text => field('prompt', text)),
    )
    const parts = fc.array(part, { maxLength: 3 })
    const names = ['audio/transcriptions', 'audio/translations', 'images/edits', 'videos']
    const path = fc.constantFrom(...names).map(name => `/v1/${name}`)
    const framing = fc.record({ path, chunked: fc.boolean(), aliased: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(boundary, parts, parts, framing, async (limit, before, after, how) => {
        fc.pre(![...before, ...after].some(each => each.content.includes(`--${limit}`)))
        const made = (name: string) => form(limit, ...before, field('model', name), ...after)
        const asked = how.aliased ? 'alias' : 'whisper-1'
        expect((await post(made(asked), { limit, ...how })).status).toBe(200)
        const expected = made(how.aliased ? 'whisper-\u03a9' : asked)
        const echo = upstream.take()
        expect([echo.bytes, echo.sha256]).toEqual([expected.length, digest(expected)])
        const length = how.chunked ? undefined : String(expected.length)
        expect(headerOf(echo, 'transfer-encoding') === 'chunked').toBe(how.chunked)
        if (length !== undefined) expect(headerOf(echo, 'content-length')).toBe(length)
      }),
      { numRuns: count(400, 5_000) },
    )
  })

  it('streams where its part says so', async () => {
    const event = '{"type":"transcript.text.done","text":"Hi","usage":{"input_tokens":3}}'
    upstream.reply = {
      status: 200,
      headers: ['content-type', 'text/event-stream'],
      body: Buffer.from(`data: ${event}\n\n`),
    }
    const answer = await post(form('b', field('model', 'whisper-1'), field('stream', 'true')))
    expect(answer.text).toContain('transcript.text.done')
    expect(await lastRecord()).toMatchObject({ stream: true, outcome: 'ok' })
  })

  it('goes up as soon as its model has come, and not before', async () => {
    const bytes = form('b', speech, field('model', 'whisper-1'), speech)
    const upload = new OpenUpload(gateway.port, PATH, {
      'content-type': FORM,
      'content-length': String(bytes.length),
    })
    const connections = upstream.connections
    const came = upstream.nextHead()
    await upload.send(bytes.subarray(0, 300_050))
    await ask(gateway.port, { path: '/livez' })
    expect(upstream.connections).toBe(connections)
    await upload.send(bytes.subarray(300_050, 300_400))
    await came
    upload.leave()
    await upload.closed
  })
})

describe('a form without a usable model', () => {
  const none = form('b', speech, field('prompt', 'x'))
  it('goes up as it came; a token limited to models may not send it', async () => {
    expect((await post(none)).status).toBe(200)
    expect(upstream.take().sha256).toBe(digest(none))
    for (const path of [PATH, '/v1/images/edits', '/v1/videos']) {
      const refused = await post(none, { path, token: LIMITED })
      expect(codeOf(refused)).toEqual([403, 'model_not_allowed'])
    }
    expect(upstream.echoes).toEqual([])
  })

  it.each([
    ['two models', [field('model', 'whisper-1'), field('model', 'dear')]],
    ['twice the same', [field('model', 'whisper-1'), field('model', 'whisper-1')]],
    [
      'a model in doubt',
      [{ head: "Content-Disposition: form-data; name*=utf-8''model", content: Buffer.from('a') }],
    ],
  ] as [string, Part[]][])('%s: 400, nothing sent', async (_name, parts) => {
    expect(codeOf(await post(form('b', ...parts)))).toEqual([400, 'invalid_body'])
    expect(upstream.echoes).toEqual([])
  })

  it('a second model that comes later ends the upload', async () => {
    const bytes = form(
      'b',
      field('model', 'whisper-1'),
      file('file', 'a', Buffer.alloc(2_000_000)),
      field('model', 'dear'),
      speech,
    )
    const came = upstream.nextHead()
    const aborted = upstream.nextAbort()
    const upload = new OpenUpload(gateway.port, PATH, {
      'content-type': FORM,
      'content-length': String(bytes.length),
    })
    await upload.send(bytes.subarray(0, 500_000))
    await came
    void upload.send(bytes.subarray(500_000))
    upload.end()
    expect(await upload.answer()).toEqual([400, 'invalid_body'])
    expect(await lastRecord()).toMatchObject({
      status: 400,
      errorCode: 'invalid_body',
      attempts: 1,
    })
    await aborted
    expect(upstream.echoes).toEqual([])
  })

  it.each([
    ['two boundaries', { 'content-type': `${FORM}; boundary=c` }, 400, 'invalid_body'],
    [
      'two content types',
      { 'Content-Type': [FORM, 'multipart/form-data; boundary=c'] },
      400,
      'invalid_body',
    ],
    ['a coding', { 'content-type': FORM, 'content-encoding': 'gzip' }, 415, 'unsupported_encoding'],
  ])('%s: refused', async (_name, headers, status, code) => {
    const asked = { path: PATH, method: 'POST', body: none }
    expect(codeOf(await ask(gateway.port, { ...asked, headers }))).toEqual([status, code])
    expect(upstream.echoes).toEqual([])
  })

  it('that could go nowhere is refused before it is read', async () => {
    gateway.apply({ ...config({ max_body: 1_000 }, []), providers: [] })
    expect(codeOf(await post(form('b', speech)))).toEqual([404, 'provider_not_found'])
    gateway.apply(config())
  })

  it('is nobody’s trouble once it could not be sent', async () => {
    const dead = `http://127.0.0.1:${await freePort()}/v1`
    gateway.apply({ ...config(), providers: [provider('mock', dead)] })
    const some = file('file', 'a', Buffer.alloc(70_000))
    // What comes first is held; the next is read after the refusal.
    const doubled = form('b', field('model', 'a'), some, field('model', 'b'), speech)
    expect(codeOf(await post(doubled))).toEqual([502, 'upstream_unreachable'])
    gateway.apply(config())
    expect((await post(none)).status).toBe(200)
  })

  it('of other endpoints is not looked at', async () => {
    const bytes = form('b', field('model', 'a'), field('model', 'b')).subarray(0, -9)
    for (const path of ['/v1/files', '/v1/uploads/u/parts', '/v1/audio/voices']) {
      expect((await post(bytes, { path, token: LIMITED })).status).toBe(200)
      expect(upstream.take().sha256).toBe(digest(bytes))
    }
  })
})

describe('more than may be held comes before the model', () => {
  const late = form('b', speech, field('model', 'whisper-1'))
  const small = { max_body: 100_000 }

  it('413 where a route, or a limit of the token, hangs on it', async () => {
    gateway.apply(config(small))
    const refused = await post(late)
    expect(codeOf(refused)).toEqual([413, 'request_too_large'])
    expect(refused.text).toContain('before the files')
    gateway.apply(config(small, []))
    expect(codeOf(await post(late, { token: LIMITED }))).toEqual([413, 'request_too_large'])
    gateway.apply(config({ body_budget: 100_000 }))
    expect(codeOf(await post(late))).toEqual([503, 'overloaded'])
    expect(upstream.echoes).toEqual([])
  })

  it('it goes up all the same where nothing does, and its model is written down', async () => {
    for (const settings of [small, { body_budget: 100_000 }]) {
      gateway.apply(config(settings, []))
      expect((await post(late)).status).toBe(200)
      expect(upstream.take().sha256).toBe(digest(late))
      expect(await lastRecord()).toMatchObject({ model: 'whisper-1', status: 200 })
    }
    gateway.apply(config())
  })
})

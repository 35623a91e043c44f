import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Live } from '../../src/balancer/live.ts'
import { systemClock } from '../../src/base/clock.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { VERSION } from '../../src/base/version.ts'
import { listModels } from '../../src/gateway/models.ts'
import { type Probe, probe, probeAll, type Subject } from '../../src/gateway/probe.ts'
import { type Mock, type MockRequest, startMock } from '../../src/mock/server.ts'
import type { ProviderKind } from '../../src/model/catalog.ts'
import type { ProviderSettings } from '../../src/model/settings.ts'
import { compile } from '../../src/snapshot/compile.ts'
import { Agents } from '../../src/upstream/agents.ts'
import { catalog, key, provider } from '../support/catalog.ts'

const SECRET = 'sk-planted-0123456789abcdef'

const agents = new Agents()
let mock: Mock
/** Answers in place of the mock. */
let respond: ((request: MockRequest, response: ServerResponse) => void) | null = null

beforeAll(async () => {
  mock = await startMock({
    respond: (request, response) => {
      respond?.(request, response)
      return respond !== null
    },
  })
})
beforeEach(() => {
  respond = null
  mock.setScript(SECRET, 'ok')
})
afterAll(async () => {
  await agents.destroy()
  await mock.close()
})

interface World {
  readonly kind?: ProviderKind
  readonly base?: string
  readonly overrides?: Partial<ProviderSettings>
}

function subjectOf({ kind = 'openai', base = mock.url, overrides = {} }: World = {}): Subject {
  const row = key('a', { value: SECRET })
  const { byName } = compile(
    catalog({ providers: [provider('mock', base, { kind, overrides })], keys: [row] }),
    new Live(systemClock),
  )
  const compiled = byName.get('mock')
  const ready = compiled?.keys.get('a')
  if (!compiled || !ready) throw new Error('it does not compile')
  return { provider: compiled, key: ready }
}

function partsOf(signal?: AbortSignal) {
  const redactor = new Redactor()
  redactor.add(SECRET)
  return { agents, clock: systemClock, redactor, ...(signal === undefined ? {} : { signal }) }
}

function test(world: World = {}): Promise<Probe> {
  const subject = subjectOf(world)
  return probe(partsOf(), subject.provider, subject.key)
}

/** The newest request: its line, what it carried, and its headers by name. */
function asked() {
  const { method, url, body, rawHeaders } = mock.requests.at(-1) as MockRequest
  const headers: Record<string, string> = {}
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers[(rawHeaders[at] as string).toLowerCase()] = rawHeaders[at + 1] as string
  }
  return { line: `${method} ${url}`, json: body.length > 0 ? JSON.parse(`${body}`) : null, headers }
}

function answer(body: unknown, status = 200, type = 'application/json') {
  respond = (_, response) =>
    void response
      .writeHead(status, { 'content-type': type })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
}

describe('the request of a test', () => {
  const bare = () => mock.url.replace('/v1', '')

  it('is for the free list of models, with the credential and the head of real requests', async () => {
    expect(await test({ overrides: { headers: { 'x-team': 'blue' } } })).toMatchObject({
      outcome: { fault: 'none' },
      status: 200,
      paid: false,
    })
    const { line, json, headers } = asked()
    expect({ line, json }).toEqual({ line: 'GET /v1/models', json: null })
    expect(headers).toMatchObject({
      authorization: `Bearer ${SECRET}`,
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': `balance/${VERSION}`,
      'x-team': 'blue',
    })
    expect(headers).not.toHaveProperty('content-type')
  })

  it.each<[ProviderKind, () => string, string, unknown]>([
    ['openai', () => `${bare()}/api/v4`, 'GET /api/v4/models', { data: [] }],
    ['anthropic', bare, 'GET /v1/models', { data: [] }],
    ['gemini', bare, 'GET /v1beta/models', { models: [] }],
    ['azure', bare, 'GET /openai/models?api-version=2024-10-21', { data: [] }],
    ['azure', () => `${bare()}/openai/v1`, 'GET /openai/v1/models', { data: [] }],
    ['custom', bare, 'GET /v1/models', { data: [] }],
  ])('is where %s lists models', async (kind, base, line, list) => {
    answer(list)
    expect((await test({ kind, base: base() })).outcome.fault).toBe('none')
    expect(asked().line).toBe(line)
  })

  it.each<[ProviderKind, string, string, unknown]>([
    [
      'openai',
      'm-1',
      'POST /v1/chat/completions',
      { model: 'm-1', messages: [{ role: 'user', content: 'hi' }], max_tokens: 1 },
    ],
    [
      'anthropic',
      'm-1',
      'POST /v1/messages',
      { model: 'm-1', messages: [{ role: 'user', content: 'hi' }], max_tokens: 1 },
    ],
    [
      'gemini',
      'm-1',
      'POST /v1beta/models/m-1:generateContent',
      {
        contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
        generationConfig: { maxOutputTokens: 1 },
      },
    ],
    [
      'azure',
      'my-gpt',
      'POST /openai/deployments/my-gpt/chat/completions?api-version=2024-10-21',
      { model: 'my-gpt', messages: [{ role: 'user', content: 'hi' }], max_tokens: 1 },
    ],
    ['gemini', 'tunedModels/a?b', 'POST /v1beta/tunedModels/a%3Fb:generateContent', null],
  ])('is a chat of one token where %s has a test_model (%s)', async (kind, model, line, body) => {
    answer({ id: 'x' })
    const found = await test({ kind, base: bare(), overrides: { test_model: model } })
    expect(found).toMatchObject({ outcome: { fault: 'none' }, paid: true })
    expect(asked().line).toBe(line)
    if (body !== null) expect(asked().json).toEqual(body)
    expect(asked().headers['content-type']).toBe('application/json')
  })

  it('shows each kind its credential, and Anthropic the version unless the owner has another', async () => {
    answer({ data: [] })
    await test({ kind: 'anthropic' })
    expect(asked().headers).toMatchObject({
      'x-api-key': SECRET,
      'anthropic-version': '2023-06-01',
    })
    expect(asked().headers).not.toHaveProperty('authorization')
    await test({ kind: 'anthropic', overrides: { headers: { 'anthropic-version': '2030-01-01' } } })
    expect(asked().headers['anthropic-version']).toBe('2030-01-01')
    await test({ kind: 'azure' })
    expect(asked().headers['api-key']).toBe(SECRET)
    const own = { key_header: 'x-api-token', key_template: 'Token {key}' }
    await test({ kind: 'custom', overrides: { ...own, query: { tenant: 'blue' } } })
    expect(asked().headers['x-api-token']).toBe(`Token ${SECRET}`)
    expect(asked().line).toBe('GET /v1/models?tenant=blue')
    await test({ kind: 'gemini' })
    expect(asked().headers['x-goog-api-key']).toBe(SECRET)
    expect(asked().headers).not.toHaveProperty('anthropic-version')
  })
})

describe('the outcome of a test', () => {
  it.each<[script: string, fault: string, status: number | null]>([
    ['401', 'auth', 401],
    ['402', 'quota', 402],
    ['429-quota', 'quota', 429],
    ['429:2s', 'rate', 429],
    ['403', 'auth', 403],
    ['404', 'client', 404],
    ['500', 'provider', 500],
    ['html-200', 'provider', 200],
    ['empty-200', 'provider', 200],
    ['truncated-json', 'provider', 200],
    ['die', 'provider', null],
    ['die-after:1', 'provider', null],
  ])('of %s is %s', async (script, fault, status) => {
    mock.setScript(SECRET, script)
    for (const overrides of [{}, { test_model: 'mock-large' }]) {
      expect(await test({ overrides })).toMatchObject({ outcome: { fault }, status })
    }
  })

  it('is no success where the answer is no list, none of a model, or holds an error', async () => {
    answer('Welcome', 200, 'text/plain')
    expect(await test({ overrides: { test_model: 'm' } })).toMatchObject({
      outcome: { fault: 'provider', detail: 'no_answer' },
    })
    answer({ message: 'Welcome' })
    expect(await test()).toMatchObject({
      outcome: { fault: 'provider', detail: 'no_model_list' },
      status: 200,
    })
    answer({ error: { message: 'no', code: 'invalid_api_key' } })
    expect((await test()).outcome.fault).toBe('auth')
  })

  it('is no word about the key where something in between refuses the request', async () => {
    const page = '<html><h1>403 Forbidden</h1></html>'
    for (const overrides of [{}, { test_model: 'mock-large' }]) {
      answer(page, 403, 'text/html')
      const found = await test({ overrides })
      expect(found).toMatchObject({ outcome: { fault: 'provider', detail: 'http_403' } })
      answer({ error: { message: 'Missing scopes', type: 'invalid_request_error' } }, 403)
      expect((await test({ overrides })).outcome.fault).toBe('client')
    }
    answer(page, 404, 'text/html')
    expect((await test()).outcome.fault).toBe('client')
    expect((await test({ overrides: { test_model: 'm' } })).outcome.fault).toBe('provider')
  })

  it('is the provider’s fault where it sends one elsewhere, and nobody goes there', async () => {
    const before = mock.requests.length
    respond = (_, response) => void response.writeHead(307, { location: '/v1/other' }).end()
    expect(await test()).toMatchObject({ outcome: { fault: 'provider' }, status: 307 })
    expect(mock.requests.length - before).toBe(1)
  })

  it('comes within half a minute, and within the provider’s own time', async () => {
    mock.setScript(SECRET, 'hang')
    const found = await test({ overrides: { timeout: 20 } })
    expect(found).toMatchObject({ outcome: { code: 'upstream_timeout' }, status: null })
    expect(found.ms).toBeGreaterThanOrEqual(19)
  })

  it('holds no secret that the upstream repeats', async () => {
    const error = { message: `Bad key ${SECRET}`, code: `no-${SECRET}` }
    for (const status of [200, 400, 401, 500]) {
      answer({ error }, status)
      const { outcome } = await test()
      expect(outcome.message).toContain('sk-…cdef')
      expect(JSON.stringify(outcome)).not.toContain(SECRET)
    }
  })
})

describe('tests of many keys', () => {
  it('run four at once, each taken as it comes', async () => {
    const subject = subjectOf()
    const waiting: ServerResponse[] = []
    let most = 0
    const letGo = () => {
      for (const response of waiting.splice(0)) {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}')
      }
    }
    respond = (_, response) => {
      most = Math.max(most, waiting.push(response))
      if (waiting.length === 4 || taken === 8) letGo()
    }
    let taken = 0
    await probeAll(
      partsOf(),
      Array.from({ length: 10 }, () => subject),
      (which, found) => {
        expect(which).toBe(subject)
        expect(found.outcome.fault).toBe('none')
        taken++
        if (taken === 8) setImmediate(letGo)
      },
    )
    expect({ taken, most }).toEqual({ taken: 10, most: 4 })
  })

  it('end with the signal: what is under way is not told, and nothing further is asked', async () => {
    const end = new AbortController()
    // One of its own: some of the four may have been sent already.
    const slow = await startMock({ scripts: { '*': 'hang' } })
    const first = slow.nextRequest().then(() => end.abort())
    const subjects = Array.from({ length: 10 }, () => subjectOf({ base: slow.url }))
    let taken = 0
    await probeAll(partsOf(end.signal), subjects, () => {
      taken++
    })
    await first
    expect(taken).toBe(0)
    expect(slow.requests.length).toBeLessThanOrEqual(4)
    await slow.close()
  })
})

describe('the models of a provider', () => {
  const list = (world: World = {}) => {
    const subject = subjectOf(world)
    return listModels(partsOf(), subject.provider, subject.key)
  }

  it('are read page after page, each once', async () => {
    const lines: string[] = []
    respond = ({ url }, response) => {
      lines.push(url)
      const more = lines.length < 3
      const data = [{ id: `m-${lines.length}` }, { id: 'again' }]
      const body = JSON.stringify({ data, has_more: more, last_id: `m-${lines.length}` })
      response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    }
    const { byId } = await list({ kind: 'anthropic' })
    expect([...(byId?.keys() ?? [])]).toEqual(['m-1', 'again', 'm-2', 'm-3'])
    expect(lines).toEqual([
      '/v1/models?limit=1000',
      '/v1/models?limit=1000&after_id=m-1',
      '/v1/models?limit=1000&after_id=m-2',
    ])
  })

  it('are none where a page fails, where it is no list, or where it never ends', async () => {
    mock.setScript(SECRET, '401')
    expect(await list()).toMatchObject({ byId: null, outcome: { fault: 'auth' } })
    answer({ hello: 'world' })
    expect(await list()).toMatchObject({ byId: null, outcome: { detail: 'no_model_list' } })
    answer({ models: [], nextPageToken: 'again' })
    expect(await list({ kind: 'gemini' })).toMatchObject({
      byId: null,
      outcome: { detail: 'endless_list' },
    })
  })
})

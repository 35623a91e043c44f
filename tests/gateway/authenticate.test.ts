import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { key, provider, token } from '../support/catalog.ts'
import { ask, chat, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'

const OTHER = 'bal_other-token-0123456789abcdef'
const WEAK = 'short'
const EXPIRED = 'bal_expired-0123456789abcdef'
const path = '/v1/chat/completions'
const body = chat()
let mock: Mock
let gateway: TestGateway
let open: TestGateway

const parts = () => ({
  providers: [provider('mock', mock.url), provider('spare', mock.url)],
  keys: [key('a'), key('s', { provider: 'spare' })],
  tokens: [
    token('test', TOKEN),
    token('other', OTHER),
    token('weak', WEAK, { weak: true }),
    token('expired', EXPIRED, { expiresAt: 1 }),
    token('narrow', 'bal_narrow-0123456789abcdef', {
      providers: ['spare'],
      models: ['mock-*', 'exact'],
    }),
    token('slow', 'bal_slow-0123456789abcdef', { rpm: 2 }),
  ],
})

beforeAll(async () => {
  mock = await startMock()
  gateway = await startGateway(parts())
  open = await startGateway(parts(), { anonymous: true })
})

afterAll(async () => {
  await gateway.close()
  await open.close()
  await mock.close()
})

beforeEach(() => gateway.apply(parts()))

const send = (headers: Record<string, string>, at = gateway, query = '') =>
  ask(at.port, { path: path + query, body, token: null, headers })

describe('a client token', () => {
  it.each([
    ['authorization', `Bearer ${TOKEN}`],
    ['authorization', `bearer   ${TOKEN}`],
    ['x-api-key', TOKEN],
    ['api-key', TOKEN],
    ['x-goog-api-key', TOKEN],
  ])('is taken from %s', async (name, value) => {
    expect((await send({ [name]: value })).status).toBe(200)
  })

  it('is taken from ?key=, which goes no further', async () => {
    expect((await send({}, gateway, `?key=${TOKEN}&x=1`)).status).toBe(200)
    expect(mock.requests.at(-1)?.url).toBe('/v1/chat/completions?x=1')
  })

  it('suffices beside an unknown one, but not beside another valid one', async () => {
    expect((await send({ authorization: 'Bearer sk-unknown', 'x-api-key': TOKEN })).status).toBe(
      200,
    )
    expect((await send({ authorization: `Bearer ${TOKEN}`, 'x-api-key': TOKEN })).status).toBe(200)
    const both = await send({ authorization: `Bearer ${OTHER}`, 'x-api-key': TOKEN })
    expect([both.status, JSON.parse(both.text).error.code]).toEqual([400, 'ambiguous_credentials'])
  })

  it.each([
    ['nothing', {}],
    ['an unknown one', { authorization: 'Bearer bal_unknown' }],
    ['an expired one', { authorization: `Bearer ${EXPIRED}` }],
    ['one with a space', { authorization: `Bearer ${TOKEN} x` }],
    ['an endless one', { authorization: `Bearer ${'x'.repeat(5_000)}` }],
    ['one with bytes beyond ASCII', { authorization: 'Bearer t\u00f6ken-0123456789abcdef' }],
    ['another scheme', { authorization: `Basic ${TOKEN}` }],
    ['a property of objects', { 'x-api-key': '__proto__' }],
  ])('that is %s: 401, no upstream call', async (_name, headers) => {
    const before = mock.requests.length
    const answer = await send(headers)
    expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([401, 'invalid_token'])
    expect(answer.headers['x-should-retry']).toBe('false')
    expect(mock.requests).toHaveLength(before)
  })

  it('is looked up by its SHA-256 and nothing else, valid or not, so that no time tells of it', async () => {
    const { tokens } = gateway.gateway.inside.holder.current as Snapshot
    const asked = vi.spyOn(tokens, 'get')
    const given = [TOKEN, TOKEN.slice(0, -1), `${TOKEN}x`, "' or 1=1 --", '%', '0', 'null', '{}']
    for (const value of given) await send({ 'x-api-key': value })
    const digests = given
      .filter(value => !value.includes(' '))
      .map(value => createHash('sha256').update(value).digest('hex'))
    expect(asked.mock.calls.map(([value]) => value)).toEqual(digests)
    asked.mockRestore()
    // Nothing of a token itself is there to be compared with.
    for (const [digest, token] of tokens) {
      expect(digest).toMatch(/^[0-9a-f]{64}$/)
      expect(JSON.stringify(token)).not.toContain(TOKEN)
    }
  })

  it('never reaches the upstream, in no header', async () => {
    await send({
      authorization: `Bearer ${TOKEN}`,
      'x-api-key': TOKEN,
      'x-goog-api-key': TOKEN,
      cookie: TOKEN,
      'proxy-authorization': TOKEN,
    })
    expect(mock.requests.at(-1)?.rawHeaders.join('\n')).not.toContain(TOKEN)
  })

  it('may be limited to providers and models', async () => {
    const narrow = { authorization: 'Bearer bal_narrow-0123456789abcdef' }
    const refused = await send(narrow)
    expect([refused.status, JSON.parse(refused.text).error.code]).toEqual([
      403,
      'provider_not_allowed',
    ])
    const at = (model: string) =>
      ask(gateway.port, {
        path: `/spare${path}`,
        body: chat({ model }),
        token: null,
        headers: narrow,
      })
    expect((await at('mock-small')).status).toBe(200)
    expect((await at('exact')).status).toBe(200)
    const model = await at('dear')
    expect([model.status, JSON.parse(model.text).error.code]).toEqual([403, 'model_not_allowed'])
    expect(
      (await ask(gateway.port, { path: '/spare/v1/models', token: 'bal_narrow-0123456789abcdef' }))
        .status,
    ).toBe(200)
  })

  it('may be limited in requests a minute: its own 429, with the time to wait', async () => {
    const slow = { authorization: 'Bearer bal_slow-0123456789abcdef' }
    const answers = [await send(slow), await send(slow), await send(slow)]
    expect(answers.map(answer => answer.status)).toEqual([200, 200, 429])
    expect(JSON.parse(answers[2]!.text).error.code).toBe('rate_limit_exceeded')
    expect(Number(answers[2]!.headers['retry-after'])).toBeGreaterThan(20)
  })

  it('shorter than 16 characters serves local callers only', async () => {
    expect((await send({ authorization: `Bearer ${WEAK}` })).status).toBe(200)
    expect(
      (await send({ authorization: `Bearer ${WEAK}`, 'x-forwarded-for': '198.51.100.7' })).status,
    ).toBe(401)
  })

  it('that was revoked is refused from the next request on', async () => {
    gateway.apply({ ...parts(), tokens: [token('other', OTHER)] })
    expect((await send({ authorization: `Bearer ${TOKEN}` })).status).toBe(401)
    expect((await send({ authorization: `Bearer ${OTHER}` })).status).toBe(200)
  })
})

describe('anonymous callers, where they are allowed', () => {
  it('are served when they are local', async () => {
    expect((await send({}, open)).status).toBe(200)
    expect((await send({ host: 'localhost:8077' }, open)).status).toBe(200)
  })

  it.each([
    [{ host: 'evil.example' }],
    [{ host: '127.0.0.1.evil.example' }],
    [{ 'x-forwarded-for': '127.0.0.1' }],
    [{ forwarded: 'for=127.0.0.1' }],
    [{ via: '1.1 proxy' }],
    [{ 'x-real-ip': '127.0.0.1' }],
    [{ 'cf-connecting-ip': '127.0.0.1' }],
  ])('are refused when they may have come from elsewhere: %j', async headers => {
    expect((await send(headers as Record<string, string>, open)).status).toBe(401)
  })

  it('are refused when they present a token that is not valid', async () => {
    expect((await send({ authorization: 'Bearer bal_wrong' }, open)).status).toBe(401)
  })
})

describe('web pages of other sites', () => {
  it.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
  ])('are refused even with a valid token: %j', async headers => {
    const before = mock.requests.length
    const answer = await send({ authorization: `Bearer ${TOKEN}`, ...headers } as Record<
      string,
      string
    >)
    expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([403, 'origin_not_allowed'])
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    expect(mock.requests).toHaveLength(before)
  })
})

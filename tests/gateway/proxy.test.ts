import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider } from '../support/catalog.ts'
import { ask, chat, startGateway, type TestGateway } from '../support/gateway.ts'

const VALUES = ['a', 'b', 'c', 'd', 'e'].map(name => `sk-${name}-0123456789abcdef`)
const path = '/v1/chat/completions'
let mock: Mock
let gateway: TestGateway

async function start(scripts: Record<string, string>, names = ['a', 'b'], overrides = {}) {
  mock = await startMock({
    scripts: Object.fromEntries(
      Object.entries(scripts).map(([k, v]) => [k === '*' ? k : `sk-${k}-0123456789abcdef`, v]),
    ),
  })
  gateway = await startGateway({
    providers: [provider('mock', mock.url, { overrides })],
    keys: names.map(name => key(name)),
  })
}

const usedKeys = () => mock.requests.map(request => String(request.key).split('-')[1])

beforeEach(() => {
  expect(VALUES).toHaveLength(5)
})

afterEach(async () => {
  await gateway.close()
  await mock.close()
})

describe('keys', () => {
  it('take turns exactly: 2,000 requests over five keys', async () => {
    await start({}, ['a', 'b', 'c', 'd', 'e'])
    const counts = new Map<string, number>()
    mock.onRequest(request => {
      counts.set(String(request.key), (counts.get(String(request.key)) ?? 0) + 1)
    })
    for (let sent = 0; sent < 2_000; sent += 50) {
      await Promise.all(Array.from({ length: 50 }, () => ask(gateway.port, { path, body: chat() })))
    }
    expect([...counts.values()]).toEqual([400, 400, 400, 400, 400])
  })

  it('that are refused drop out after max_failures, and no client notices', async () => {
    await start({ a: '401' })
    for (let i = 0; i < 12; i++)
      expect((await ask(gateway.port, { path, body: chat() })).status).toBe(200)
    await gateway.gateway.flush()
    expect(usedKeys().filter(name => name === 'a')).toHaveLength(3)
    expect(gateway.verdicts.at(-1)).toMatchObject({
      keyId: 'a',
      failures: 3,
      invalid: { reason: 'invalid_api_key' },
    })
  })

  it('that are rate limited rest for the time the upstream gave', async () => {
    await start({ a: '429:2s' })
    for (let i = 0; i < 6; i++)
      expect((await ask(gateway.port, { path, body: chat() })).status).toBe(200)
    expect(usedKeys().filter(name => name === 'a')).toHaveLength(1)
  })

  it('without money are exhausted at once', async () => {
    await start({ a: '429-quota', b: '402', c: 'ok' }, ['a', 'b', 'c'])
    for (let i = 0; i < 6; i++)
      expect((await ask(gateway.port, { path, body: chat() })).status).toBe(200)
    await gateway.gateway.flush()
    expect(usedKeys().filter(name => name !== 'c')).toHaveLength(2)
    expect(
      gateway.gateway
        .memories()
        .filter(memory => memory.exhausted !== null)
        .map(m => m.keyId),
    ).toEqual(['a', 'b'])
  })

  it('are named by an opaque id in the answer, with the attempts it took', async () => {
    await start({ a: '401' })
    const { headers } = await ask(gateway.port, { path, body: chat() })
    expect(headers).toMatchObject({
      'x-balance-provider': 'mock',
      'x-balance-key': 'b',
      'x-balance-attempts': '2',
    })
    expect(headers['x-upstream-request-id']).toMatch(/./)
  })
})

describe('when there is no answer', () => {
  it('all keys refused: 502, so that the caller does not doubt its own token', async () => {
    await start({ '*': '401' })
    const answer = await ask(gateway.port, { path, body: chat() })
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.text).error.code).toBe('upstream_credentials_exhausted')
    expect(answer.headers['x-should-retry']).toBe('false')
  })

  it('all keys cooling: 503 with the time the first returns', async () => {
    await start({ '*': '429:7s' }, ['a'])
    const first = await ask(gateway.port, { path, body: chat() })
    expect(first.status).toBe(429)
    expect(mock.requests).toHaveLength(1)
    const second = await ask(gateway.port, { path, body: chat() })
    expect(second.status).toBe(503)
    expect(JSON.parse(second.text).error.code).toBe('no_key_available')
    expect(Number(second.headers['retry-after'])).toBeGreaterThanOrEqual(6)
    expect(Number(second.headers['retry-after'])).toBeLessThanOrEqual(7)
    expect(mock.requests).toHaveLength(1)
  })

  it('a failing provider: at most max_retries attempts, then its own answer, secrets masked', async () => {
    await start({ '*': '500' })
    const answer = await ask(gateway.port, { path, body: chat() })
    expect(answer.status).toBe(500)
    expect(mock.requests.length).toBeLessThanOrEqual(3)
    expect(JSON.parse(answer.text)).toHaveProperty('error')
    await gateway.gateway.flush()
    expect(gateway.verdicts).toEqual([])
  })

  it('nobody listens: 502 upstream_unreachable', async () => {
    await start({})
    const { port } = mock
    gateway.apply({
      providers: [provider('mock', `http://127.0.0.1:${port}/v1`)],
      keys: [key('a')],
    })
    await mock.close()
    const answer = await ask(gateway.port, { path, body: chat() })
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.text).error.code).toBe('upstream_unreachable')
  })

  it('a provider without keys says which command adds one', async () => {
    await start({}, [])
    const answer = await ask(gateway.port, { path, body: chat() })
    expect(answer.status).toBe(503)
    expect(answer.text).toContain('no keys')
  })
})

describe('what a client did wrong', () => {
  it.each([
    ['400', 400],
    ['404', 404],
  ])('%s is relayed at once and costs no key anything', async (script, status) => {
    await start({ '*': script })
    for (let i = 0; i < 10; i++)
      expect((await ask(gateway.port, { path, body: chat() })).status).toBe(status)
    expect(mock.requests).toHaveLength(10)
    await gateway.gateway.flush()
    expect(gateway.verdicts).toEqual([])
  })
})

describe('answers that are none', () => {
  it.each(['html-200', 'empty-200', 'truncated-json', 'die', 'reset'])(
    '%s fails over',
    async script => {
      await start({ a: script })
      const answer = await ask(gateway.port, { path, body: chat() })
      expect([answer.status, answer.headers['x-balance-key']]).toEqual([200, 'b'])
      expect(JSON.parse(answer.text).object).toBe('chat.completion')
      await gateway.gateway.flush()
      expect(gateway.verdicts).toEqual([])
      expect(gateway.records[0]).toMatchObject({
        attempts: 2,
        outcome: 'ok',
        failures: [{ keyId: 'a', fault: 'provider' }],
      })
    },
  )
})

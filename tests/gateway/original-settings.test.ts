import type { IncomingHttpHeaders } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { key, provider } from '../support/catalog.ts'
import { ask, chat, startGateway, type TestGateway } from '../support/gateway.ts'
import { GOOD, OVERLOADED, PliantUpstream, REFUSED } from '../support/pliant-upstream.ts'

/**
 * Settings of OpenAI Balance that had no effect, or for some requests only: each has one here, for
 * every kind of request. `models`, `models_key` and `test_model` have tests of their own
 * (own-models.test.ts, probe.test.ts).
 */
const REQUESTS: readonly [what: string, request: Parameters<typeof ask>[1]][] = [
  ['a chat', { path: '/v1/chat/completions', body: chat() }],
  ['a streamed chat', { path: '/v1/chat/completions', body: chat({ stream: true }) }],
  ['embeddings', { path: '/v1/embeddings', body: '{"model":"m","input":"x"}' }],
  ['the list of models', { path: '/v1/models' }],
]

let upstream: PliantUpstream
let gateway: TestGateway

/** Two providers with settings of their own each, and two keys each. */
async function start(one: object, other: object = {}): Promise<void> {
  gateway = await startGateway({
    providers: [
      provider('mock', upstream.url, { overrides: one }),
      provider('other', upstream.url, { overrides: other }),
    ],
    keys: ['a', 'b', 'c', 'd'].flatMap(name => [
      key(`mock-${name}`),
      key(`other-${name}`, { provider: 'other' }),
    ]),
  })
}

const at = (name: string, request: Parameters<typeof ask>[1]) =>
  ask(gateway.port, { ...request, path: `/${name}${request.path}` })

beforeEach(async () => {
  upstream = await PliantUpstream.start()
})

afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

describe.each(REQUESTS)('%s', (_, request) => {
  it('is sent with the provider’s own headers (CUSTOM_HEADERS)', async () => {
    await start({ headers: { 'x-team': 'research', 'user-agent': 'balance' } })
    const seen: IncomingHttpHeaders[] = []
    upstream.react = (_key, { headers }) => {
      seen.push(headers)
      return GOOD
    }
    await at('mock', { ...request, headers: { 'x-team': 'mine', 'user-agent': 'client' } })
    await at('other', { ...request, headers: { 'x-team': 'mine', 'user-agent': 'client' } })
    expect(seen[0]).toMatchObject({ 'x-team': 'research', 'user-agent': 'balance' })
    expect(seen[1]).toMatchObject({ 'user-agent': 'client' })
    expect(seen[1]).not.toHaveProperty('x-team')
  })

  it('is tried as often as the provider allows (MAX_RETRIES)', async () => {
    await start({ max_retries: 2 }, { max_retries: 1 })
    upstream.react = () => OVERLOADED
    expect((await at('mock', request)).status).toBe(503)
    const came = upstream.take().length
    expect(came).toBe(2)
    expect((await at('other', request)).status).toBe(503)
    expect(upstream.take()).toHaveLength(1)
  })

  it('takes a key out after as many refusals as the provider allows (MAX_FAILURES)', async () => {
    await start({ max_failures: 1 }, { max_failures: 2 })
    upstream.react = name => (name.endsWith('-a') ? REFUSED : GOOD)
    for (let n = 0; n < 12; n++) {
      await at('mock', request)
      await at('other', request)
    }
    const came = upstream.take()
    const refused = (name: string) => came.filter(one => one === name).length
    expect([refused('mock-a'), refused('other-a')]).toEqual([1, 2])
  })

  it('waits for headers as long as the provider is given (TIME_OUT)', async () => {
    await start({ timeout: 200, max_retries: 1 }, { timeout: 1_000, max_retries: 1 })
    upstream.react = () => 'hang'
    const timed = async (name: string) => {
      const began = performance.now()
      const { status, text } = await at(name, request)
      expect([status, JSON.parse(text).error.code]).toEqual([504, 'upstream_timeout'])
      return performance.now() - began
    }
    const [short, long] = await Promise.all([timed('mock'), timed('other')])
    expect(short).toBeGreaterThanOrEqual(200)
    expect(short).toBeLessThan(long)
    expect(long).toBeGreaterThanOrEqual(1_000)
  })
})

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Registry } from 'prom-client'
import { beforeEach, describe, expect, it } from 'vitest'
import { Traffic } from '../../src/metrics/traffic.ts'
import type { Route } from '../../src/model/catalog.ts'
import { failed, record } from '../support/record.ts'
import { Samples } from '../support/samples.ts'

const MANY = 100_000
setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')
let registry: Registry
let routes: readonly Route[]
let traffic: Traffic

beforeEach(() => {
  registry = new Registry()
  routes = [
    { model: 'fast', targets: [] },
    { model: 'claude-*', targets: [] },
  ]
  traffic = new Traffic(registry, () => routes)
})

const samples = async () => {
  traffic.settle()
  return new Samples(await registry.metrics())
}
const models = async () => {
  const found = Object.keys((await samples()).of('balance_requests_total'))
  return found.map(labels => /model="([^"]*)"/.exec(labels)?.[1]).sort()
}

describe('records are counted', () => {
  it('by provider, model, endpoint, code and outcome', async () => {
    traffic.add([
      record(),
      record(),
      record({ path: '/v1/messages', model: 'fast', status: 429, outcome: 'rate' }),
      record({ provider: null, model: null, status: 401, outcome: 'invalid_token', attempts: 0 }),
    ])
    expect((await samples()).of('balance_requests_total')).toEqual({
      'provider="mock",model="mock-large",endpoint="chat.completions",code="200",outcome="ok"': 2,
      'provider="mock",model="fast",endpoint="messages",code="429",outcome="rate"': 1,
      'provider="",model="",endpoint="chat.completions",code="401",outcome="invalid_token"': 1,
    })
  })

  it('each attempt by who was tried and whose fault it was', async () => {
    const failures = [failed('rate', { provider: 'first' }), failed('provider')]
    traffic.add([
      record({ attempts: 3, failures }),
      record({ attempts: 1, failures: [failed('gone')], status: 499, outcome: 'gone' }),
      record({ attempts: 0, provider: 'mock', status: 503, outcome: 'no_key' }),
    ])
    expect((await samples()).of('balance_attempts_total')).toEqual({
      'provider="first",fault="rate"': 1,
      'provider="mock",fault="provider"': 1,
      'provider="mock",fault="none"': 1,
      'provider="mock",fault="gone"': 1,
    })
  })

  it('tokens by type, and bytes', async () => {
    const usage = { promptTokens: 10, cachedTokens: 4, completionTokens: 7, reasoningTokens: 3 }
    traffic.add([record(usage), record(usage), record({ promptTokens: 0 })])
    const found = await samples()
    expect(found.of('balance_tokens_total')).toEqual({
      'provider="mock",model="mock-large",type="prompt"': 20,
      'provider="mock",model="mock-large",type="cached"': 8,
      'provider="mock",model="mock-large",type="completion"': 14,
      'provider="mock",model="mock-large",type="reasoning"': 6,
    })
    expect(found.get('balance_request_body_bytes_total{provider="mock"}')).toBe(300)
    expect(found.get('balance_response_body_bytes_total{provider="mock"}')).toBe(3_000)
  })

  it('times in seconds, the first token only where one came', async () => {
    traffic.add([
      record({ ms: 40 }),
      record({ ms: 400_000, firstTokenMs: 700 }),
      record({ ms: 900_000 }),
    ])
    const labels = 'provider="mock",endpoint="chat.completions"'
    const found = await samples()
    const bucket = (le: string) =>
      found.get(`balance_request_duration_seconds_bucket{le="${le}",${labels}}`)
    expect(['0.025', '0.05', '300', '600', '+Inf'].map(bucket)).toEqual([0, 1, 1, 2, 3])
    expect(found.get(`balance_request_duration_seconds_sum{${labels}}`)).toBe(1_300.04)
    expect(found.get(`balance_time_to_first_token_seconds_count{${labels}}`)).toBe(1)
    expect(found.get(`balance_time_to_first_token_seconds_sum{${labels}}`)).toBe(0.7)
  })
})

describe('a model has a name of its own', () => {
  const refused = { status: 404, outcome: 'client' }

  it('where a route has it, whatever became of the request', async () => {
    traffic.add([record({ model: 'fast', ...refused }), record({ model: 'claude-x', ...refused })])
    expect(await models()).toEqual(['fast', 'other'])
    traffic.add([record({ model: 'claude-*', ...refused })])
    expect(await models()).toEqual(['fast', 'other'])
  })

  it('once it was answered, and then for failures too', async () => {
    traffic.add([record({ model: 'gpt', ...refused })])
    expect(await models()).toEqual(['other'])
    traffic.add([record({ model: 'gpt' }), record({ model: 'gpt', ...refused })])
    expect(await models()).toEqual(['gpt', 'gpt', 'other'])
  })

  it('as long as the routes in force have it', async () => {
    routes = []
    traffic.add([record({ model: 'fast', ...refused })])
    expect(await models()).toEqual(['other'])
    routes = [{ model: 'fast', targets: [] }]
    traffic.add([record({ model: 'fast', ...refused })])
    expect(await models()).toEqual(['fast', 'other'])
  })

  it.each(['', 'a b', 'm\u00fc', 'a\nb', 'x'.repeat(129), '\ud800'])(
    'not where it is written like %j',
    async model => {
      traffic.add([record({ model })])
      expect(await models()).toEqual(['other'])
    },
  )
})

describe('a client that makes up models', () => {
  const flood = (change: Parameters<typeof record>[0], from = 0) => {
    for (let i = from; i < from + MANY; i++) {
      traffic.add([record({ model: `made-up-${i}`, promptTokens: 1, ...change })])
    }
  }

  it('that nobody serves gets no series at all', async () => {
    flood({ status: 404, outcome: 'client' })
    expect(await models()).toEqual(['other'])
    traffic.add([record()])
    expect(await models()).toEqual(['mock-large', 'other'])
  })

  it('at a provider that answers to every name gets a hundred, and no memory after them', async () => {
    traffic.add([record()])
    flood({})
    expect(new Set(await models()).size).toBe(101)
    const { size } = await samples()
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    flood({}, MANY)
    collectGarbage()
    expect((await samples()).size).toBe(size)
    // A set or a series of a hundred thousand names would take tens of MiB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2e6)
    expect(
      (await samples()).of('balance_requests_total')[
        'provider="mock",model="other",endpoint="chat.completions",code="200",outcome="ok"'
      ],
    ).toBe(2 * MANY - 99)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { StoredExchange, StoredFailure } from '../../src/model/record.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { CHAT } from '../support/open-stream.ts'
import { complaintsAbout, hasPromtool } from '../support/promtool.ts'
import { Samples } from '../support/samples.ts'
import { ILL_PROVIDERS, MixedLoad } from './mixed-load.ts'

const REQUESTS = 10_000
/** As fast as the host serves them. */
const RATE = 2_000
const UNDER_WAY = 40
/** Beside the load, of other endpoints. */
const OTHERS = 40
/** As the daemon has it: so many models earn a name by an answer. */
const EARNED = 100

const ROUTED = { ...JSON.parse(CHAT.body), model: 'routed' }

let mock: Mock
let world: World
let daemon: Daemon
let text: string
let found: Samples
let rows: readonly Row[]
let failures: readonly StoredFailure[]

interface Row extends StoredExchange {
  /** The label of its model. */
  readonly named: string
  readonly endpoint: string
}

beforeAll(async () => {
  mock = await startMock({ tokens: 4 })
  world = new World()
  const token = await world.furnish(mock.url, 'sk-a-0123456789abcdef', 'sk-b-0123456789abcdef')
  await world.json(['config', 'set', 'forward_headers', '["x-mock-script"]'])
  for (const name of ILL_PROVIDERS) {
    await world.json(['providers', 'add', name, '--base-url', mock.url])
    await world.balance(['keys', 'add', name], `sk-${name}-0123456789abcdef\n`)
  }
  await world.json(['routes', 'add', 'routed', '--to', 'failing:mock-large', '--tier', '1'])
  await world.json(['routes', 'add', 'routed', '--to', 'mock:mock-large', '--tier', '2'])
  daemon = await world.serve('--workers', '2')
  const load = new MixedLoad(daemon.port, token, RATE, UNDER_WAY)
  await eventually(() => load.sent >= REQUESTS, `${REQUESTS} requests`, 100_000, 1)
  await load.stop()
  const headers = { 'x-mock-script': '500,ok' }
  for (let i = 0; i < OTHERS; i++) {
    await daemon.ask(token, { path: '/v1/models', method: 'GET', body: '' })
    await daemon.ask(token, { path: '/v1/embeddings', body: '{"model":"small","input":"x"}' })
    await daemon.ask(token, { body: JSON.stringify(ROUTED), headers })
  }
  await read(token)
})
afterAll(async () => {
  await world.remove()
  await mock.close()
})

/** The log of the store, and an answer that has counted all of it: nothing is on its way any more. */
async function read(token: string): Promise<void> {
  const ask = { path: '/metrics', method: 'GET', body: '' }
  let before = ''
  await eventually(
    async () => {
      text = (await daemon.ask(token, ask)).text
      if (text === before) return false
      const seen = counted(before)
      before = text
      found = new Samples(text)
      const quiet = found.get('balance_in_flight_requests') === 0
      const written = found.get('balance_log_written_total')
      return quiet && counted(text) === written && seen === written
    },
    'two answers, one after the other, that count what was written down',
    20_000,
  )
  const store = await world.openStore()
  try {
    const stored = await store.records({ limit: 10 * REQUESTS, after: 0 })
    rows = named(stored)
    failures = await store.failures({ limit: 10 * REQUESTS })
  } finally {
    await store.close()
  }
}

function counted(answer: string): number {
  const values = Object.values(new Samples(answer).of('balance_requests_total'))
  return values.reduce((sum, value) => sum + value, 0)
}

/** With the labels that they should have: a name is earned by an answer, in the order of the log. */
function named(stored: readonly StoredExchange[]): Row[] {
  const earned = new Set(['routed'])
  return stored.map(row => {
    const { model, status, outcome, path } = row
    if (model !== null && status < 400 && outcome === 'ok' && earned.size <= EARNED) {
      earned.add(model)
    }
    const name = model === null ? '' : earned.has(model) ? model : 'other'
    const endpoint = path.replace(/^.*\/v1\//, '').replaceAll('/', '.')
    return { ...row, named: name, endpoint }
  })
}

/** Sums of what is not zero, by labels as Prometheus writes them. */
function sums<T>(
  all: readonly T[],
  ...counts: readonly [labels: (one: T) => Record<string, unknown>, amount: (one: T) => number][]
): Record<string, number> {
  const total: Record<string, number> = {}
  for (const one of all) {
    for (const [labels, amount] of counts) {
      const added = amount(one)
      if (added === 0) continue
      const key = Object.entries(labels(one))
        .map(([name, value]) => `${name}="${value ?? ''}"`)
        .join(',')
      total[key] = (total[key] ?? 0) + added
    }
  }
  return total
}

const provider = (row: Row) => ({ provider: row.provider })
const place = (row: Row) => ({ provider: row.provider, endpoint: row.endpoint })

describe(`after ${REQUESTS} requests of all kinds over two workers`, () => {
  it('there is something to compare', () => {
    // A client that leaves at once may have left before it was heard.
    expect(rows.length).toBeGreaterThan(0.98 * REQUESTS)
    const outcomes = new Set(rows.map(row => row.outcome))
    for (const outcome of [
      'ok',
      'gone',
      'provider',
      'rate',
      'invalid_token',
      'provider_not_found',
    ]) {
      expect(outcomes, [...outcomes].join()).toContain(outcome)
    }
    expect(new Set(rows.map(row => row.model)).size).toBeGreaterThan(4 * EARNED)
    expect(failures.length).toBeGreaterThan(OTHERS)
  })

  it('requests equal the log, by each label', () => {
    const labels = ({ provider, named: model, endpoint, status: code, outcome }: Row) => {
      return { provider, model, endpoint, code, outcome }
    }
    expect(found.of('balance_requests_total')).toEqual(sums(rows, [labels, () => 1]))
    const models = new Set(rows.map(row => row.named))
    expect(models.size).toBe(EARNED + 3)
  })

  it('attempts do, by provider and fault', () => {
    const failed = new Map<string, number>()
    for (const { requestId } of failures) failed.set(requestId, (failed.get(requestId) ?? 0) + 1)
    const worked = sums(rows, [
      ({ provider }) => ({ provider, fault: 'none' }),
      ({ attempts, requestId }) => attempts - (failed.get(requestId) ?? 0),
    ])
    const wrong = sums(failures, [({ provider, fault }) => ({ provider, fault }), () => 1])
    expect(found.of('balance_attempts_total')).toEqual({ ...worked, ...wrong })
  })

  it('tokens and bytes do', () => {
    const typed = (type: string) => (row: Row) => {
      return { provider: row.provider, model: row.named, type }
    }
    const tokens = sums(
      rows,
      [typed('prompt'), row => row.promptTokens ?? 0],
      [typed('cached'), row => row.cachedTokens ?? 0],
      [typed('completion'), row => row.completionTokens ?? 0],
      [typed('reasoning'), row => row.reasoningTokens ?? 0],
    )
    expect(found.of('balance_tokens_total')).toEqual(tokens)
    expect(found.of('balance_request_body_bytes_total')).toEqual(
      sums(rows, [provider, row => row.bytesIn]),
    )
    expect(found.of('balance_response_body_bytes_total')).toEqual(
      sums(rows, [provider, row => row.bytesOut]),
    )
  })

  it('times do', () => {
    const first = rows.filter(row => row.firstTokenMs !== null)
    const times = [
      ['balance_request_duration_seconds', rows, (row: Row) => row.ms],
      ['balance_time_to_first_token_seconds', first, (row: Row) => row.firstTokenMs ?? 0],
    ] as const
    for (const [name, all, ms] of times) {
      expect(found.of(`${name}_count`)).toEqual(sums(all, [place, () => 1]))
      const total = found.of(`${name}_sum`)
      const rounded = Object.entries(total).map(([key, s]) => [key, Math.round(s * 1_000)])
      expect(Object.fromEntries(rounded)).toEqual(sums(all, [place, ms]))
      const soon = (row: Row) => (ms(row) <= 50 ? 1 : 0)
      const le = (row: Row) => ({ le: 0.05, ...place(row) })
      const buckets = Object.entries(found.of(`${name}_bucket`))
      const within = buckets.filter(([key]) => key.startsWith('le="0.05"'))
      expect(Object.fromEntries(within)).toEqual(sums(all, [le, soon]))
    }
  })

  it('nothing is under way, and nothing was lost', () => {
    expect(found.get('balance_in_flight_requests')).toBe(0)
    expect(found.get('balance_log_dropped_total')).toBe(0)
    expect(found.get('balance_log_queue_depth')).toBe(0)
    expect(found.get('balance_workers')).toBe(2)
  })

  it.runIf(hasPromtool)('promtool has nothing against it', () => {
    expect(complaintsAbout(text)).toBe('')
  })
})

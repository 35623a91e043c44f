import { beforeEach, describe, expect, it } from 'vitest'
import { Metrics } from '../../src/metrics/metrics.ts'
import type { DaemonStatus, ProviderStatus } from '../../src/model/status.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { complaintsAbout, hasPromtool } from '../support/promtool.ts'
import { failed, record } from '../support/record.ts'
import { Samples } from '../support/samples.ts'

const NO_KEYS = { active: 0, cooling: 0, exhausted: 0, invalid: 0, sealed: 0, disabled: 0 }

function provider(name: string, change: Partial<ProviderStatus> = {}): ProviderStatus {
  const base_url = 'https://api.example/v1'
  const rest = { base_url, path: null, enabled: true, default: false, breakers: {} }
  return { name, kind: 'openai', origin: 'command', keys: NO_KEYS, ...rest, ...change }
}

const WELL: DaemonStatus = {
  running: true,
  version: '1.2.3',
  store: 'sqlite:///x',
  revision: 7,
  pending: null,
  providers: [],
  proxies: [],
  no_proxy: [],
  pid: 1,
  url: null,
  certificate: null,
  started: null,
  config_file: null,
  draining: false,
  workers: [],
  nodes: [],
  last_minute: null,
  last_hour: null,
  records: { written: 0, waiting: 0, dropped: 0 },
  store_health: { ok: true, error: null },
}

let clock: ManualClock
let status: DaemonStatus | Error
let asked: number
let metrics: Metrics

beforeEach(() => {
  clock = new ManualClock()
  status = WELL
  asked = 0
  metrics = new Metrics({
    clock,
    version: '1.2.3',
    routes: () => [],
    status: async () => {
      asked++
      if (status instanceof Error) throw status
      return status
    },
  })
})

async function scrape(): Promise<Samples> {
  clock.advance(500)
  return new Samples((await metrics.expose()).text)
}

describe('the state of a daemon', () => {
  it('is told as it is at the scrape', async () => {
    const worker = { pid: 1, revision: 7, in_flight: 3, requests: 9, errors: 0 }
    status = {
      ...WELL,
      providers: [
        provider('openai', {
          keys: { ...NO_KEYS, active: 4, cooling: 1 },
          breakers: { '*': 'open', a: 'open', b: 'half-open' },
        }),
      ],
      workers: [worker, { ...worker, in_flight: 2 }],
      records: { written: 100, waiting: 5, dropped: 2 },
      pending: { revision: 8, error: 'x' },
      store_health: { ok: false, error: 'locked' },
    }
    const found = await scrape()
    expect(found.of('balance_key_state')).toEqual({
      'provider="openai",state="active"': 4,
      'provider="openai",state="cooling"': 1,
    })
    expect(found.get('balance_key_state{provider="openai",state="invalid"}')).toBe(0)
    expect(found.of('balance_breakers')).toEqual({
      'provider="openai",state="open"': 2,
      'provider="openai",state="half-open"': 1,
    })
    const plain = [
      ['in_flight_requests', 5],
      ['workers', 2],
      ['log_queue_depth', 5],
      ['log_written_total', 100],
      ['log_dropped_total', 2],
      ['store_up', 0],
      ['config_revision', 7],
      ['config_revision_pending', 1],
    ] as const
    for (const [name, value] of plain) expect(found.get(`balance_${name}`), name).toBe(value)
    const node = process.versions.node
    expect(found.get(`balance_build_info{version="1.2.3",node="${node}"}`)).toBe(1)
    status = WELL
    const after = await scrape()
    expect(after.get('balance_store_up')).toBe(1)
    expect(after.get('balance_config_revision_pending')).toBe(0)
  })

  it('of a provider that is gone is gone, what was counted of it stays', async () => {
    status = { ...WELL, providers: [provider('mock', { breakers: { '*': 'open' } })] }
    metrics.add([record()])
    expect((await scrape()).get('balance_breakers{provider="mock",state="open"}')).toBe(1)
    status = WELL
    const found = await scrape()
    expect(found.get('balance_breakers{provider="mock",state="open"}')).toBeUndefined()
    expect(found.get('balance_key_state{provider="mock",state="active"}')).toBeUndefined()
    expect(found.get('balance_attempts_total{provider="mock",fault="none"}')).toBe(1)
  })
})

describe('an answer', () => {
  it('is given to all who ask within half a second', async () => {
    const first = metrics.expose()
    expect(metrics.expose()).toBe(first)
    expect(new Samples((await first).text).of('balance_requests_total')).toEqual({})
    metrics.add([record()])
    clock.advance(499)
    expect(metrics.expose()).toBe(first)
    clock.advance(1)
    const second = new Samples((await metrics.expose()).text)
    expect(Object.values(second.of('balance_requests_total'))).toEqual([1])
    expect(asked).toBe(2)
  })

  it('that could not be made is asked for anew', async () => {
    status = new Error('no')
    await expect(metrics.expose()).rejects.toThrow('no')
    status = WELL
    expect((await metrics.expose()).contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
  })

  it.runIf(hasPromtool)(
    'has nothing that promtool or its linter would complain about',
    async () => {
      status = { ...WELL, providers: [provider('mock')] }
      metrics.add([
        record({ promptTokens: 1, firstTokenMs: 5, attempts: 2, failures: [failed('rate')] }),
      ])
      expect(complaintsAbout((await metrics.expose()).text)).toBe('')
      expect(complaintsAbout('# HELP x_total X.\n# TYPE x_total gauge\nx_total 1\n')).toContain(
        'x_total',
      )
    },
  )
})

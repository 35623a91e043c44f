import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ExchangeShape, FailureShape } from '../../src/control/shapes/exchange.ts'
import type { TryShape } from '../../src/control/shapes/try.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import { type Daemon, eventually, type Program, World } from '../support/daemon.ts'

const GOOD = 'sk-good-0123456789abcdef'
const FLAKY = 'sk-flaky-0123456789abcdef'

let mock: Mock
let world: World
let daemon: Daemon
let token: string

beforeAll(async () => {
  mock = await startMock({ scripts: { [FLAKY]: '429:60s' }, tokens: 8 })
  world = new World()
  token = await world.furnish(mock.url, FLAKY, GOOD)
  daemon = await world.serve()
})
afterAll(async () => {
  await world.remove()
  await mock.close()
})

describe('what a daemon writes down', () => {
  it('is listed as soon as the answer is there, under the names scripts rely on', async () => {
    const { headers } = await daemon.ask(token, { headers: { 'x-request-id': 'first-chat' } })
    const [row] = await world.json<ExchangeShape[]>(['logs', 'list', '--limit', '1'])
    expect(row).toEqual({
      id: expect.any(Number),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      request_id: 'first-chat',
      token: 'test',
      provider: 'mock',
      key: headers['x-balance-key'],
      key_label: 'key-2',
      model: 'mock-large',
      model_served: 'mock-large',
      method: 'POST',
      path: '/v1/chat/completions',
      node: expect.stringMatching(new RegExp(`:${daemon.pid}$`)),
      status: 200,
      outcome: 'ok',
      attempts: 2,
      ms: expect.any(Number),
      ttft_ms: expect.any(Number),
      first_byte_ms: expect.any(Number),
      prompt_tokens: expect.any(Number),
      cached_tokens: expect.anything(),
      completion_tokens: 8,
      reasoning_tokens: expect.anything(),
      bytes_in: expect.any(Number),
      bytes_out: Number(headers['content-length']),
      stream: false,
      error_code: null,
    })
    expect(headers['x-balance-attempts']).toBe('2')
  })

  it('shows one exchange with what its failed attempt was told', async () => {
    type Shown = ExchangeShape & { failures: FailureShape[]; tries: TryShape[] }
    const shown = await world.json<Shown>(['logs', 'show', 'first-chat'])
    expect(shown.failures).toMatchObject([
      {
        request_id: 'first-chat',
        attempt: 1,
        provider: 'mock',
        status: 429,
        fault: 'rate',
        code: 'rate_limit_exceeded',
        excerpt: expect.stringContaining('Rate limit reached for mock-large'),
      },
    ])
    expect(shown.tries).toMatchObject([
      { attempt: 1, status: 429, outcome: 'rate', ms: expect.any(Number) },
      { attempt: 2, key: shown.key, status: 200, outcome: 'ok', ms: expect.any(Number) },
    ])
    const errors = await world.json<FailureShape[]>(['logs', 'errors'])
    expect(errors).toEqual(shown.failures)
  })

  it('filters', async () => {
    const stream = await daemon.stream(token, { 'x-request-id': 'a-stream' })
    await stream.over
    // Workers report for themselves: this one must have, for the order to be known.
    await world.json(['logs', 'list'])
    await daemon.ask('bal_not-a-token-0123456789', { headers: { 'x-request-id': 'stranger' } })
    const list = async (...filter: string[]) =>
      (await world.json<ExchangeShape[]>(['logs', 'list', ...filter])).map(row => row.request_id)
    expect(
      await Promise.all([
        list('--status', '4xx'),
        list('--token', 'test'),
        list('--key', 'key-1'),
        list('--since', '1h', '--limit', '1'),
      ]),
    ).toEqual([['stranger'], ['a-stream', 'first-chat'], [], ['stranger']])
    const [row] = await world.json<ExchangeShape[]>(['logs', 'list', '--token', 'test'])
    expect(row).toMatchObject({ stream: true, status: 200, completion_tokens: 8 })
    expect(row?.ttft_ms).toBeGreaterThanOrEqual(0)
  })

  it('is counted in the status, whose shape is that of the contract', async () => {
    const status = await world.json<DaemonStatus>(['status'])
    expect(status).toEqual({
      running: true,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      store: `sqlite:${world.dataDir}/balance.db`,
      revision: 3,
      pending: null,
      providers: [
        {
          name: 'mock',
          kind: 'openai',
          base_url: mock.url,
          path: null,
          enabled: true,
          default: true,
          origin: 'command',
          keys: { active: 1, cooling: 1, exhausted: 0, invalid: 0, sealed: 0, disabled: 0 },
          breakers: {},
        },
      ],
      pid: daemon.pid,
      certificate: null,
      url: daemon.url,
      started: expect.stringMatching(/^\d{4}-/),
      config_file: null,
      no_proxy: [],
      draining: false,
      workers: expect.any(Array),
      nodes: [
        {
          id: expect.stringMatching(new RegExp(`:${daemon.pid}$`)),
          url: daemon.url,
          version: status.version,
          workers: status.workers.length,
          revision: 3,
          started: expect.stringMatching(/^\d{4}-/),
          seen: expect.stringMatching(/^\d{4}-/),
          self: true,
        },
      ],
      last_minute: { requests: 3, errors: 1, tokens: expect.any(Number) },
      last_hour: status.last_minute,
      proxies: [],
      records: { written: 3, waiting: 0, dropped: 0 },
      store_health: { ok: true, error: null },
    })
    const served = (name: 'requests' | 'errors') =>
      status.workers.reduce((sum, worker) => sum + worker[name], 0)
    expect([served('requests'), served('errors')]).toEqual([3, 1])
    for (const worker of status.workers) expect(worker).toMatchObject({ revision: 3, in_flight: 0 })
  })
})

describe('logs tail', () => {
  it('prints an exchange at most 200 ms after its end, and reads the store once the daemon ends', async () => {
    const tail = world.start(['logs', 'tail', '--json'])
    await follows(tail)
    const delays: number[] = []
    for (let turn = 0; turn < 5; turn++) {
      await daemon.ask(token, { headers: { 'x-request-id': `tailed-${turn}` } })
      const answered = performance.now()
      const row = await seen(tail, `tailed-${turn}`)
      delays.push(performance.now() - answered)
      expect(row).toMatchObject({ id: null, status: 200, provider: 'mock', token: 'test' })
    }
    delays.sort((a, b) => a - b)
    console.log(`tail: ${delays.map(Math.round).join(', ')} ms after the answer`)
    expect(delays[2]).toBeLessThanOrEqual(200)

    await daemon.stop()
    await tail.said('The daemon has ended; reading the store.')
    daemon = await world.serve()
    await daemon.ask(token, { headers: { 'x-request-id': 'from-the-store' } })
    expect(await seen(tail, 'from-the-store')).toMatchObject({ id: expect.any(Number) })
    tail.process.kill('SIGINT')
    expect(await tail.ended).toMatchObject({ code: 0 })
  })
})

/** Resolves once a tail prints what happens: it says nothing when it has begun. */
async function follows(tail: Program): Promise<void> {
  const heard = tail.line()
  await eventually(async () => {
    await daemon.ask(token, { path: '/v1/models', method: 'GET', body: '' })
    return tail.stdout !== ''
  }, 'a line of the tail')
  await heard
}

async function seen(tail: Program, requestId: string): Promise<ExchangeShape> {
  for (;;) {
    const row = JSON.parse(await tail.line()) as ExchangeShape
    if (row.request_id === requestId) return row
  }
}

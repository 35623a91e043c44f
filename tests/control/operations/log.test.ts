import { describe, expect, it } from 'vitest'
import { KEYS, useDesk } from './desk.ts'

const desk = useDesk()

/** So many requests that succeed, though the second key is told to wait for longer than any test takes. */
async function traffic(count: number): Promise<void> {
  const { daemon, mock, token } = desk()
  mock.setScript(KEYS[1] as string, '429:10m')
  for (let turn = 0; turn < count; turn++) await daemon.ask(token)
}

describe('the log', () => {
  it('has requests with their attempts, just as they ended', async () => {
    const { client, world } = desk()
    await traffic(6)
    const requests = await client.call('requests.list', {})
    expect(requests).toHaveLength(6)
    expect(requests[0]).toMatchObject({ provider: 'mock', status: 200, token: 'test' })
    const next = await client.call('requests.list', { limit: 2, before: requests[1]?.id ?? 0 })
    expect(next).toEqual(requests.slice(2, 4))
    const failed = await client.call('errors.list', { key: 'key-2' })
    expect(failed[0]).toMatchObject({ fault: 'rate', status: 429 })
    expect(await client.call('errors.list', { key: 'key-1' })).toEqual([])
    const shown = await client.call('requests.show', { id: failed[0]?.request_id ?? '' })
    expect(shown.failures).toEqual([failed[0]])
    expect(shown.tries).toMatchObject([{ outcome: 'rate' }, { outcome: 'ok' }])
    expect(await world.json(['logs', 'list', '--limit', '6'])).toEqual(requests)
    const { exchange, failures, tries } = shown
    const printed = await world.json(['logs', 'show', String(exchange.id)])
    expect(printed).toEqual({ ...exchange, failures, tries })
  })

  it('is asked by filters, none of which is a pattern', async () => {
    const { client } = desk()
    const count = async (filter: object) =>
      (await client.call('requests.list', { ...filter, limit: 200 })).length
    expect(await count({ status: '2xx', since: '1h', path: '/v1/chat' })).toBe(6)
    expect(await count({ until: '1h' })).toBe(0)
    for (const pattern of ['%', '_v1', '/v1/%', '*', '%'.repeat(50), "' or '1'='1"]) {
      expect(await count({ path: pattern }), pattern).toBe(0)
      expect(await count({ model: pattern }), pattern).toBe(0)
      expect(await count({ requestId: pattern }), pattern).toBe(0)
    }
  })

  it.each([
    ['requests.list', { status: '9999' }, 'invalid_value'],
    ['requests.list', { since: 'yesterday' }, 'invalid_value'],
    ['requests.list', { key: 'nobody' }, 'no_such'],
    ['requests.list', { limit: 0 }, 'invalid_value'],
    ['errors.list', { limit: 201 }, 'invalid_value'],
    ['requests.show', { id: '999' }, 'no_such'],
    ['stats', { by: 'colour' }, 'invalid_value'],
    ['stats', { since: '1h', until: '2h' }, 'invalid_value'],
  ] as const)('%s %j is refused', async (name, input, code) => {
    await expect(desk().client.call(name, input as never)).rejects.toMatchObject({ code })
  })

  it('is summed, as the command sums it', async () => {
    const { client, world } = desk()
    const rows = await client.call('stats', { by: 'key' })
    expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(6)
    expect(rows.map(({ label }) => label).sort()).toEqual(['key-1', 'key-3'])
    expect(await world.json(['stats', '--by', 'key'])).toEqual(rows)
  })
})

describe('overview', () => {
  it.each([
    ['1h', 60, 60_000],
    ['24h', 24, 3_600_000],
    ['7d', 168, 3_600_000],
  ] as const)('of %s has %i steps of %i ms, the last one under way', async (range, steps, size) => {
    const { client } = desk()
    const { series, step_ms, totals, ...rest } = await client.call('overview', { range })
    expect(step_ms).toBe(size)
    expect(series).toHaveLength(steps)
    const times = series.map(({ time }) => Date.parse(time))
    expect(times.every((time, n) => n === 0 || time - (times[n - 1] ?? 0) === size)).toBe(true)
    expect(Math.abs(Date.now() - (times.at(-1) ?? 0))).toBeLessThan(size + 60_000)
    expect(totals).toMatchObject({ requests: 6, errors: 0 })
    const busy = series.filter(({ requests }) => requests > 0)
    expect(busy.reduce((sum, { requests }) => sum + requests, 0)).toBe(6)
    for (const { ms } of busy) expect(ms).toBeGreaterThan(0)
    expect(series.find(({ requests }) => requests === 0)).toMatchObject({ ttft_ms: null, ms: null })
    expect(rest).toMatchObject({ range, keys: { active: 2, cooling: 1 } })
    expect(rest.worst_keys).toMatchObject([
      { label: 'key-2', masked: expect.stringMatching(/…/), refused: 0, quota: 0, other: 0 },
    ])
    expect(rest.worst_keys[0]?.rate_limited).toBeGreaterThan(0)
    expect(Date.parse(rest.worst_since)).toBe(times[0])
  })

  it('has the median time to the first token of streams', async () => {
    const { client, daemon, token } = desk()
    const stream = await daemon.stream(token)
    await stream.over
    const { series } = await client.call('overview', { range: '1h' })
    expect(series.some(({ ttft_ms }) => (ttft_ms ?? 0) > 0)).toBe(true)
  })

  it('is what the command shows', async () => {
    const { client, world } = desk()
    const { totals, worst_keys } = await client.call('overview', { range: '24h' })
    expect(await world.json(['overview'])).toMatchObject({ totals, worst_keys })
    const { stdout } = await world.balance(['overview', '--range', '1h'])
    expect(stdout).toMatch(/^requests +7, 0% errors$/m)
    expect(stdout).toMatch(/^k_\w{10} +mock +key-2 +cooling +[1-9]/m)
  })
})

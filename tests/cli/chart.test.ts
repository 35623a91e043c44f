import { Chalk } from 'chalk'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { bars } from '../../src/cli/chart.ts'
import { hourChart } from '../../src/cli/hour-chart.ts'
import { type StatsShape, statsShape } from '../../src/control/shapes/stats.ts'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { storeOptions } from '../support/store.ts'
import { exchange } from './exchange.ts'
import { hasTerminal, terminal } from './terminal.ts'

const HOUR = 3_600_000
/** Midnight where the tests are: in UTC. */
const MIDNIGHT = Date.UTC(2026, 0, 31)
const plain = new Chalk({ level: 0 })

beforeAll(() => void vi.stubEnv('TZ', 'UTC'))
afterAll(() => void vi.unstubAllEnvs())

function hour(start: number, requests: number, errors = 0): StatsShape {
  const sums = { attempts: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 }
  const group = new Date(start).toISOString()
  return statsShape({ ...sums, reasoningTokens: 0, ms: 1, group, requests, errors }, null)
}

function chart(rows: readonly StatsShape[], since: number, until: number, width = 80) {
  return hourChart(rows, { by: 'hour', since, until }, { width, paint: plain })
}

describe('bars', () => {
  it('are as long as their values, the largest as wide as asked, what is small still seen', async () => {
    const drawn = await bars([400, 100, 1, 0], 20)
    expect(drawn.map(bar => bar.length)).toEqual([20, 5, 1, 0])
  })

  it('are none where there is nothing', async () => {
    expect(await bars([0, 0], 20)).toEqual(['', ''])
  })
})

describe('the chart of hours', () => {
  it('has a column for each hour, and gaps where nothing was asked', async () => {
    const rows = [hour(MIDNIGHT, 8, 1), hour(MIDNIGHT + 3 * HOUR, 4)]
    const [title, ...lines] = (await chart(rows, MIDNIGHT, MIDNIGHT + 4 * HOUR)).split('\n')
    expect(title).toBe('requests an hour, 8 at most')
    const [high, low] = [lines[0], lines[7]]
    expect(high).toBe(`│${'█'.repeat(8)}${' '.repeat(1 + 3 * 9 - 1)}`)
    expect(low).toBe(`│${'█'.repeat(8)}${' '.repeat(1 + 2 * 9)}${'█'.repeat(8)}`)
    expect(lines[9]).toBe('errors an hour, 1 at most')
    expect(lines.at(-1)).toBe(' 01-31    01:00    02:00    03:00')
  })

  it('shows no errors where there were none', async () => {
    const drawn = await chart([hour(MIDNIGHT, 8)], MIDNIGHT, MIDNIGHT + HOUR)
    expect(drawn).not.toContain('errors')
  })

  it('takes hours together where they do not fit, from midnight on, and writes dates', async () => {
    const rows = [hour(MIDNIGHT + 2 * HOUR, 8), hour(MIDNIGHT + HOUR, 1), hour(MIDNIGHT, 1)]
    const drawn = await chart(rows, MIDNIGHT + HOUR, MIDNIGHT + 7 * 24 * HOUR)
    expect(drawn).toMatch(/^requests in 3 hours, 10 at most$/m)
    expect(drawn).toMatch(/^ 01-31 {3}02-01 {3}02-02 {3}02-03 {3}02-04 {3}02-05 {3}02-06$/m)
  })

  it('fits any terminal and any time', async () => {
    const until = fc.integer({ min: MIDNIGHT, max: MIDNIGHT + 400 * 24 * HOUR })
    const length = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 9_600 }))
    await fc.assert(
      fc.asyncProperty(
        until,
        length,
        fc.integer({ min: 10, max: 200 }),
        async (end, hours, width) => {
          const last = end - 1 - ((end - 1) % HOUR)
          const drawn = await chart([hour(last, 3, 1)], end - hours * HOUR, end, width)
          if (width < 42) {
            expect(drawn).toBe('')
            return
          }
          const lines = drawn.split('\n')
          expect(Math.max(...lines.map(line => line.length))).toBeLessThan(width)
          expect(lines[1]?.endsWith('█')).toBe(true)
        },
      ),
    )
  })
})

describe.skipIf(!hasTerminal)('stats on a terminal', () => {
  const cli = new CommandLine()
  const now = systemClock.wall()

  beforeAll(async () => {
    const store = await openStore({ ...storeOptions(cli.folder), url: cli.storeUrl })
    const some = ['1', '2'].map(id => exchange(id, { time: now }))
    const model = '\u001b[31m*bold* =1+1'
    await store.record([...some, exchange('3', { time: now, provider: 'groq', model })], 'host:1')
    await store.close()
  })
  afterAll(() => cli.remove())

  it('ends each row with a bar', async () => {
    const { screen } = await terminal(cli.folder, 'stats --no-color')
    const [most = '', half = ''] = screen.match(/█+/g) ?? []
    expect(most.length).toBeGreaterThan(8)
    expect(half).toHaveLength(Math.ceil(most.length / 2))
  })

  it('lets nothing that a client wrote style the chart', async () => {
    const { screen } = await terminal(cli.folder, 'stats --by model --no-color', { columns: 120 })
    expect(screen).toMatch(/^\\u001b\[31m\*bold\* =1\+1 .*█\r$/m)
  })

  it('draws hours below their table, in colour unless NO_COLOR says otherwise', async () => {
    const { screen } = await terminal(cli.folder, 'stats --by hour')
    expect(screen).toMatch(/MEAN MS\r\n.*\r\n\r\n.*requests an hour, 3 at most/s)
    expect(screen).toContain('\u001b[36m██')
    const grey = await terminal(cli.folder, 'stats --by hour', { env: { NO_COLOR: '1' } })
    expect(grey.screen).toContain('██')
    expect(grey.screen).not.toContain('\u001b[')
  })

  it.each([
    ['in a pipe', 'stats --by hour', { rest: '| cat' }],
    ['with --json', 'stats --by hour --json', {}],
    ['where there is no room', 'stats', { columns: 60 }],
    ['of hours where there is no room', 'stats --by hour', { columns: 24 }],
  ])('draws nothing %s', async (_, words, options) => {
    const { code, screen } = await terminal(cli.folder, words, options)
    expect(code).toBe(0)
    expect(screen).toMatch(/MEAN MS|"ms"/)
    expect(screen).not.toContain('█')
  })
})

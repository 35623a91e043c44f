import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { DaemonClient } from '../../src/control/client.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { STATS_GROUPS, type StoredExchange } from '../../src/model/record.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import type { Store } from '../../src/model/store.ts'
import { count, PATIENCE } from '../support/count.ts'
import { eventually } from '../support/daemon.ts'
import { hasMariadb } from '../support/mariadb.ts'
import { RunQueue } from '../support/run-queue.ts'
import { SteadyLoad, type Time } from '../support/steady-load.ts'
import { type LogPlace, onMariadb, onSqlite } from './log-place.ts'
import { DAYS, PROVIDERS, writeLog } from './synthetic-log.ts'

/** On MariaDB, which prunes a tenth as fast, the short run brings it down by less. */
const ENGINES = [
  { name: 'SQLite', there: true, open: onSqlite, rows: count(200_000, 5_000_000), share: 0.5 },
  {
    ...{ name: 'MariaDB', there: hasMariadb, open: onMariadb, rows: count(200_000, 1_000_000) },
    share: count(85, 50) / 100,
  },
].filter(({ there }) => there)

const MIB = 2 ** 20
const DAY = 86_400_000
const GOOD = 'sk-good-0123456789abcdef'
const PER_SECOND = 200
/** Most that an answer may take, ms: of the store, and of the proxy while the log is pruned. */
const QUICK = 200
const UNNOTICED = 250

describe.each(ENGINES)('a log on $name', ({ open, rows, share }) => {
  let mock: Mock
  let place: LogPlace
  let store: Store
  let token: string

  beforeAll(async () => {
    mock = await startMock({ tokens: 4, keep: 0 })
    place = await open()
    token = await place.world.furnish(mock.url, GOOD)
    store = await place.world.openStore()
    // Only its size is to count.
    for (const name of ['log_max_age', 'error_max_age'] as const) {
      await store.setSetting(name, 2 * DAYS * DAY)
    }
    await store.setSetting('log_max_bytes', 1024 ** 4)
    await writeLog(store, rows, systemClock.wall())
    await place.measure()
  }, PATIENCE)
  afterAll(async () => {
    await store.close()
    await place.remove()
    await mock.close()
  })

  it(`is asked within ${QUICK} ms`, { timeout: PATIENCE }, async ({ annotate }) => {
    const since = systemClock.wall() - DAYS * DAY
    for (const by of STATS_GROUPS) {
      const question = () => store.stats({ by, since, until: systemClock.wall() })
      const { found, took, figures } = await timed(
        place,
        ['stats', '--by', by, '--since', '30d'],
        question,
      )
      await annotate(figures)
      const counted = found.reduce((sum, { requests }) => sum + requests, 0)
      // A part of the first hour is before the 30 days.
      expect(counted).toBeGreaterThan(0.99 * rows)
      expect(took, figures).toBeLessThanOrEqual(QUICK)
    }
    const pages: readonly [
      options: string[],
      query: object,
      fits: (row: StoredExchange) => boolean,
    ][] = [
      [[], {}, ({ id }) => id > rows - 50],
      [['--provider', LAST], { provider: LAST }, ({ provider }) => provider === LAST],
      [['--status', 'error'], { status: 'error' }, ({ status }) => status >= 400],
      [['--before', '5000'], { before: 5_000 }, ({ id }) => id >= 4_950 && id < 5_000],
    ]
    for (const [options, query, fits] of pages) {
      const question = () => store.records({ limit: 50, ...query })
      const { found, took, figures } = await timed(place, ['logs', 'list', ...options], question)
      await annotate(figures)
      expect(found.filter(fits)).toHaveLength(50)
      expect(took, figures).toBeLessThanOrEqual(QUICK)
    }
  })

  it('is searched in vain, and neither clients nor other questions wait for it', {
    timeout: PATIENCE,
  }, async ({ annotate }) => {
    const daemon = await place.world.serve()
    const client = (await DaemonClient.connect(store.url, [place.world.dataDir])) as DaemonClient
    const load = new SteadyLoad(() => daemon.port, token, PER_SECOND)
    const queue = new RunQueue([daemon.pid, process.pid])
    await eventually(() => load.sent > PER_SECOND, 'the load has begun')
    for (const [name, filter] of SEARCHES) {
      const began = performance.now()
      let took: number | null = null
      const searching = client.call(name, filter).finally(() => {
        took = performance.now() - began
      })
      const others: Time[] = []
      while (took === null) {
        const from = performance.now()
        await client.call('overview', { range: '7d' })
        others.push({ from, to: performance.now() })
      }
      expect(await searching).toEqual([])
      const longest = Math.max(...others.map(({ from, to }) => to - from))
      await annotate(
        `${name} ${JSON.stringify(filter)}: ${Math.round(took)} ms; of ${others.length} overviews meanwhile the longest took ${Math.round(longest)} ms`,
      )
    }
    const report = await load.stop()
    queue.stop()
    const { store_health } = await place.world.json<DaemonStatus>(['status'])
    await daemon.stop()
    await annotate(
      `of ${report.sent} requests meanwhile the longest took ${Math.round(report.longest)} ms, p99 ${report.p99.toFixed(1)}`,
    )
    expect(report.statuses).toEqual({ 200: report.sent })
    expect(queue.slow(report.times, UNNOTICED)).toEqual([])
    expect(store_health?.error).toBeNull()
  })

  it('is brought within a new limit, and no client notices', { timeout: PATIENCE }, async ({
    annotate,
  }) => {
    const before = await place.size()
    const limit = Math.floor(before * share)
    const daemon = await place.world.serve()
    const load = new SteadyLoad(() => daemon.port, token, PER_SECOND)
    const queue = new RunQueue([daemon.pid, process.pid])
    await eventually(() => load.sent > 2 * PER_SECOND, 'the load has begun')

    const changed = performance.now()
    await store.setSetting('log_max_bytes', limit)
    // What an engine says that it takes may be out of date for a minute: it is to hold anew.
    const isWithin = async () => {
      await place.measure()
      return (await place.size()) <= 1.1 * limit
    }
    await eventually(isWithin, 'pruned', PATIENCE, 500)
    const took = performance.now() - changed
    const sent = load.sent
    await eventually(() => load.sent > sent + 3 * PER_SECOND, 'more requests', 20_000)

    const report = await load.stop()
    queue.stop()
    await daemon.stop()
    await place.measure()
    const after = await place.size()
    await annotate(
      `${mib(before)} MiB brought to ${mib(after)} where ${mib(limit)} are allowed, in ${(took / 1_000).toFixed(1)} s; of ${report.sent} requests meanwhile the longest took ${Math.round(report.longest)} ms, p99 ${report.p99.toFixed(1)}`,
    )
    expect(report.statuses).toEqual({ 200: report.sent })
    // A host that let neither the daemon nor this process run is no fault of the daemon.
    expect(queue.slow(report.times, UNNOTICED)).toEqual([])
    expect(after).toBeLessThanOrEqual(1.1 * limit)
    // Not much more was removed than had to be, and nothing of what is new.
    expect(after).toBeGreaterThan(0.7 * limit)
    const newest = await store.records({ limit: report.sent })
    expect(newest.every(({ requestId }) => requestId.startsWith(load.prefix))).toBe(true)
  })
})

const LAST = PROVIDERS.at(-1) as string

/** What nothing fits, so that all is looked through. */
const SEARCHES = [
  ['requests.list', { provider: 'nobody' }],
  ['requests.list', { path: '/v1/nothing', since: '30d' }],
  ['errors.list', { model: 'nothing' }],
  ['errors.list', { token: 'nobody' }],
] as const

/** What a verb of the store gives, how long it takes, and how long the command does that asks it. */
async function timed<T>({ world }: LogPlace, command: string[], question: () => Promise<T[]>) {
  const began = performance.now()
  const found = await question()
  const took = performance.now() - began
  const started = performance.now()
  await world.json(command)
  const whole = performance.now() - started
  const figures = `${command.join(' ')}: ${took.toFixed(1)} ms; the whole command ${Math.round(whole)} ms`
  return { found, took, figures }
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1)
}

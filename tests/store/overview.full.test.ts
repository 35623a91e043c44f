import { afterAll, describe, expect, it } from 'vitest'
import { type ExchangeRecord, MOST_FAULTED, MOST_FAULTS } from '../../src/model/record.ts'
import type { Store } from '../../src/model/store.ts'
import { ENGINES, stopSharedServer, usePlaces } from './place.ts'
import { attempt, exchange } from './suites/records.ts'

/** Two hundred requests a second leave so many in a quarter of an hour. */
const RECORDS = 200_000
const HOUR = 3_600_000
const KEYS = 2_000
/** One attempt in so many fails. */
const FAILS = 2
const RUNS = 15

stopSharedServer()

/** What was measured, for whoever reads the run. */
const figures: string[] = []
afterAll(() => console.log(figures.join('\n')))

describe.each(ENGINES)('what an overview reads, on %s', engine => {
  const place = usePlaces(engine)

  it.each([
    ['an hour', HOUR],
    ['seven days', 7 * 24 * HOUR],
  ])('takes less than 100 ms after 200,000 requests in %s', async (name, span) => {
    const store = await (await place()).open()
    const now = Date.now()
    for (let first = 0; first < RECORDS; first += 500) {
      const batch = Array.from({ length: 500 }, (_, n) => {
        const number = first + n
        return one(number, now - span * (1 - number / RECORDS))
      })
      await store.record(batch, 'host:1')
    }
    const found = async (what: string, run: (store: Store) => Promise<unknown>) => {
      const took: number[] = []
      for (let turn = 0; turn < RUNS; turn++) {
        const began = performance.now()
        await run(store)
        took.push(performance.now() - began)
      }
      const [best = 0] = took.sort((a, b) => a - b)
      const [median = 0, worst = 0] = [took[RUNS >> 1], took.at(-1)]
      figures.push(
        `${engine}, ${name}: ${what} ${median.toFixed(1)} ms, at worst ${worst.toFixed(1)}`,
      )
      // What else runs here is not what is measured.
      return best
    }
    const week = { step: 'hour', since: now - 7 * 24 * HOUR, until: now } as const
    const hour = { step: 'minute', since: now - HOUR, until: now } as const
    const took = [
      await found('7d', async () => Promise.all([store.traffic(week), store.faults(week.since)])),
      await found('1h', async () => Promise.all([store.traffic(hour), store.faults(hour.since)])),
      await found('a key', () => store.keyUsage('k_7', now - 7 * 24 * HOUR, now)),
      await found('a page', () => store.records({ limit: 200 })),
    ]
    for (const best of took) expect(best).toBeLessThan(100)
    const sums = await store.traffic(week)
    expect(sums.reduce((total, { requests }) => total + requests, 0)).toBe(RECORDS)
    // Of the failed attempts the newest are counted, and it is said since when.
    const { since, keys } = await store.faults(0)
    const share = MOST_FAULTS / (RECORDS / FAILS)
    expect(Math.abs((now - since) / span - share)).toBeLessThan(0.01)
    expect(keys).toHaveLength(MOST_FAULTED)
  })
})

function one(number: number, time: number): ExchangeRecord {
  const keyId = `k_${(number * 7) % KEYS}`
  const failures =
    number % FAILS === 0
      ? [
          attempt({
            time,
            keyId,
            fault: ['rate', 'auth', 'quota', 'provider'][number % 3] as string,
          }),
        ]
      : []
  return exchange({
    ...{ time: Math.floor(time), requestId: `r-${number}`, keyId, failures },
    ...{ model: `m-${number % 50}`, firstTokenMs: 50 + ((number * 37) % 3_000) },
  })
}

import { describe, expect, it } from 'vitest'
import type { ExchangeRecord } from '../../../src/model/record.ts'
import type { Store } from '../../../src/model/store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import type { Place } from '../place.ts'
import { attempt, exchange, NODE } from './records.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
/** Half past twelve. */
const NOW = Date.UTC(2026, 2, 1, 12, 30)

export function trafficSuite(place: () => Promise<Place>): void {
  const opened = async () => (await place()).open({ clock: new ManualClock(NOW) })
  const at = (time: number, change: Partial<ExchangeRecord> = {}) =>
    exchange({ time: NOW + time, ...change })
  const minutes = async (store: Store, since = NOW - HOUR) =>
    (await store.traffic({ step: 'minute', since, until: NOW })).map(row => [
      (row.time - NOW) / MINUTE,
      row.requests,
    ])

  describe('traffic', () => {
    it('is summed by minute and by hour, whoever served it', async () => {
      const store = await opened()
      const failed = { status: 503, outcome: 'no_key_available', firstTokenMs: null, ms: 10 }
      await store.record([at(-1, { ms: 30 }), at(-MINUTE, { ms: 50 }), at(-MINUTE - 1)], NODE)
      await store.record([at(-1, failed), at(-HOUR + 1)], 'host:2')
      expect(await minutes(store)).toEqual([
        [-60, 1],
        [-2, 1],
        [-1, 3],
      ])
      const [last] = await store.traffic({ step: 'minute', since: NOW - 1, until: NOW })
      expect(last).toMatchObject({ requests: 3, errors: 1, promptTokens: 30, ms: 30 })
      const hours = await store.traffic({ step: 'hour', since: NOW - HOUR, until: NOW })
      expect(hours.map(({ time, requests }) => [time - NOW, requests])).toEqual([
        [-1.5 * HOUR, 1],
        [-0.5 * HOUR, 4],
      ])
    })

    it('has the median time to the first token, to a tenth of it', async () => {
      const store = await opened()
      const times = [null, 90, 100, 400, 90_000_000, 0, 410, 420, 430, null, 5_000]
      await store.record(
        times.map(firstTokenMs => at(-1, { firstTokenMs })),
        NODE,
      )
      await store.record([at(-2 * MINUTE, { firstTokenMs: null })], NODE)
      const rows = await store.traffic({ step: 'minute', since: NOW - HOUR, until: NOW })
      expect(rows.map(({ firstTokenMs }) => firstTokenMs)).toEqual([null, expect.any(Number)])
      const median = rows[1]?.firstTokenMs ?? 0
      expect(Math.abs(median - 410) / 410).toBeLessThan(0.1)
      const [hour] = await store.traffic({ step: 'hour', since: NOW - 1, until: NOW })
      expect(hour?.firstTokenMs).toBe(median)
    })

    it('keeps minutes for as long as they are asked for, and imports none that are older', async () => {
      const here = await place()
      const clock = new ManualClock(NOW)
      const store = await here.open({ clock })
      await store.record([at(-1), at(-3 * HOUR), at(-9 * 24 * HOUR)], NODE)
      expect(await minutes(store, 0)).toEqual([[-1, 1]])
      const held = () =>
        here.sql("select dimension, hour from rollups where dimension like 'ttft%'", [], true)
      expect(await held()).toHaveLength(3)
      expect(await store.traffic({ step: 'hour', since: 0, until: NOW })).toHaveLength(3)
    })

    it('loses what nobody can ask for to retention', async () => {
      const here = await place()
      // The database has a clock of its own, which says what is old.
      const store = await here.open()
      const wall = Date.now()
      const of = (age: number) => exchange({ time: wall - age })
      const early = await here.open({ clock: new ManualClock(wall - 10 * 24 * HOUR) })
      await early.record([of(10 * 24 * HOUR), of(9 * 24 * HOUR)], NODE)
      await store.record([of(0)], NODE)
      const keep = { maxAge: 2 ** 50, errorMaxAge: 2 ** 50, maxBytes: 2 ** 50 }
      while ((await store.prune(keep)).more);
      const rows = await here.sql('select dimension from rollups order by dimension', [], true)
      const left = rows.map(({ dimension }) => String(dimension))
      expect(left.filter(name => /minute|ttft/.test(name))).toEqual(['minute', 'ttft_h', 'ttft_m'])
      expect(left.filter(name => name === 'provider').length).toBeGreaterThanOrEqual(2)
    })

    it('of one key is summed over whole hours', async () => {
      const store = await opened()
      const of = (keyId: string, time: number) => at(time, { keyId })
      await store.record(
        [of('k_a', -1), of('k_a', -HOUR), of('k_a', -5 * HOUR), of('k_b', -1)],
        NODE,
      )
      expect(await store.keyUsage('k_a', NOW - HOUR, NOW)).toMatchObject({
        requests: 2,
        promptTokens: 20,
        ms: 1_234.5,
      })
      expect(await store.keyUsage('k_a', NOW - 400 * 24 * HOUR, NOW)).toMatchObject({ requests: 3 })
      expect(await store.keyUsage("k_'%", NOW - HOUR, NOW)).toMatchObject({ requests: 0, ms: 0 })
    })
  })

  describe('faults', () => {
    it('are counted by key and kind, the worst first, from a moment on', async () => {
      const store = await opened()
      const failing = (keyId: string, fault: string, time = -1) =>
        at(time, { failures: [attempt({ keyId, fault, time: NOW + time })] })
      await store.record(
        [
          failing('k_a', 'rate'),
          failing('k_a', 'auth'),
          failing('k_a', 'provider'),
          failing('k_a', 'rate', -2 * HOUR),
          failing('k_b', 'quota'),
        ],
        NODE,
      )
      expect(await store.faults(NOW - HOUR)).toEqual({
        since: NOW - HOUR,
        keys: [
          { keyId: 'k_a', rate: 1, auth: 1, quota: 0, other: 1 },
          { keyId: 'k_b', rate: 0, auth: 0, quota: 1, other: 0 },
        ],
      })
      expect((await store.faults(0)).keys[0]).toMatchObject({ rate: 2 })
      expect(await store.faults(NOW)).toEqual({ since: NOW, keys: [] })
    })

    it('are found by an index that has all that is asked', async () => {
      const here = await place()
      const store = await here.open()
      const failures = Array.from({ length: 300 }, (_, n) =>
        attempt({ keyId: `k_${n % 7}`, time: n + 1, attempt: n }),
      )
      await store.record([exchange({ failures })], NODE)
      const sqlite = here.options.url.startsWith('sqlite:')
      const plan = await here.sql(
        `explain ${sqlite ? 'query plan' : ''} select time, key_id, fault from failures
         where time >= 5 order by time desc limit 20000`,
        [],
        true,
      )
      const told = JSON.stringify(plan)
      expect(told).toContain('failures_time')
      expect(told).toMatch(sqlite ? /COVERING INDEX/ : /Using index/)
    })
  })
}

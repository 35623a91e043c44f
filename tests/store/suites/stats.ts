import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ExchangeRecord,
  STATS_GROUPS,
  type StatsGroup,
  type StatsRow,
} from '../../../src/model/record.ts'
import type { Store } from '../../../src/model/store.ts'
import { MOST_MODELS, OTHERS } from '../../../src/store/rollups.ts'
import type { Place } from '../place.ts'
import { exchange, NODE } from './records.ts'

const HOUR = 3_600_000
/** The beginning of an hour. */
const NOON = Date.UTC(2026, 2, 1, 12)

const name = fc.constantFrom(null, '', 'a', 'A', 'a ', '…', 'gpt-4o', "o'brien", '😀')
const tokens = fc.option(fc.nat(1_000_000))
const record = fc
  .record({
    time: fc.integer({ min: 0, max: 3 * HOUR - 1 }),
    provider: name,
    keyId: name,
    token: name,
    model: name,
    status: fc.constantFrom(200, 200, 400, 429, 499, 503),
    outcome: fc.constantFrom('ok', 'ok', 'upstream_stream_interrupted'),
    attempts: fc.nat(4),
    // Quarters, so that sums are exact in whatever order they are made.
    ms: fc.nat(40_000).map(quarters => quarters / 4),
    promptTokens: tokens,
    cachedTokens: tokens,
    completionTokens: tokens,
    reasoningTokens: tokens,
  })
  .map(exchange)

export function statsSuite(place: () => Promise<Place>): void {
  const opened = async () => (await place()).open()
  const all = (store: Store, by: StatsGroup) => store.stats({ by, since: 0, until: 2 ** 52 })
  const requests = async (store: Store, by: StatsGroup) =>
    (await all(store, by)).map(row => [row.group, row.requests])

  describe('stats', () => {
    it('are the sums over the records, by each of their groups', async () => {
      const store = await opened()
      let hours = 0
      const batches = fc.array(fc.array(record, { maxLength: 40 }), { maxLength: 4 })
      await fc.assert(
        fc.asyncProperty(batches, async given => {
          // Each run has hours of its own.
          const since = NOON + 3 * HOUR * hours++
          const moved = given.map(batch =>
            batch.map(one => exchange({ ...one, time: since + one.time })),
          )
          for (const batch of moved) await store.record(batch, NODE)
          for (const by of STATS_GROUPS) {
            const found = await store.stats({ by, since, until: since + 3 * HOUR })
            expect(sorted(found)).toEqual(sorted(summed(moved.flat(), by)))
          }
        }),
        { numRuns: 15 },
      )
    })

    it('come largest first, hours oldest first', async () => {
      const store = await opened()
      const batch = ['b', 'a', 'a', 'c', 'a', 'b'].map((model, index) =>
        exchange({ model, time: NOON - index * HOUR }),
      )
      await store.record(batch, NODE)
      expect(await requests(store, 'model')).toEqual([
        ['a', 3],
        ['b', 2],
        ['c', 1],
      ])
      const hours = (await all(store, 'hour')).map(({ group }) => group)
      expect(hours).toEqual(hours.toSorted())
      expect(hours.at(-1)).toBe('2026-03-01T12:00:00.000Z')
    })

    it('count whole hours: the one that the first moment lies in, and all that begin before the last', async () => {
      const store = await opened()
      const times = [-1, 0, HOUR - 1, HOUR, 2 * HOUR]
      await store.record(
        times.map(time => exchange({ time: NOON + time })),
        NODE,
      )
      const counted = async (since: number, until: number) =>
        (await store.stats({ by: 'provider', since: NOON + since, until: NOON + until }))[0]
          ?.requests
      expect(await counted(0, HOUR)).toBe(2)
      expect(await counted(HOUR - 1, HOUR)).toBe(2)
      expect(await counted(HOUR - 1, HOUR + 1)).toBe(3)
      expect(await counted(-1, 2 * HOUR + 1)).toBe(5)
      expect(await counted(3 * HOUR, 4 * HOUR)).toBeUndefined()
    })

    it('know names as they are stored: cut and printable', async () => {
      const store = await opened()
      const long = 'm'.repeat(300)
      const models = [long, `${long}x`, '\n', '\u0000']
      await store.record(
        models.map(model => exchange({ model })),
        NODE,
      )
      expect(new Map((await requests(store, 'model')) as [string, number][])).toEqual(
        new Map([
          [`${'m'.repeat(253)}…`, 2],
          ['\\u000a', 1],
          ['\\u0000', 1],
        ]),
      )
    })

    it('count the models beyond the thousandth of an hour as one', async () => {
      const store = await opened()
      const named = (from: number, count: number, time = NOON) =>
        Array.from({ length: count }, (_, n) => exchange({ model: `m${from + n}`, time }))
      await store.record(named(0, MOST_MODELS - 100), NODE)
      await store.record(named(MOST_MODELS - 200, 500), NODE)
      await store.record(
        [...named(0, 1), ...named(5_000, 1), ...named(5_000, 1, NOON + HOUR)],
        NODE,
      )
      const rows = await requests(store, 'model')
      expect(rows).toHaveLength(MOST_MODELS + 2)
      expect(rows[0]).toEqual([OTHERS, 301])
      expect(new Map(rows as [string, number][]).get('m0')).toBe(2)
      expect(new Map(rows as [string, number][]).get('m5000')).toBe(1)
      expect(await requests(store, 'provider')).toEqual([['openai', MOST_MODELS + 403]])
    })

    it('count nothing of a batch that was not written', async () => {
      const store = await opened()
      const broken = exchange({ requestId: 'broken', status: null as never })
      await expect(store.record([exchange(), broken], NODE)).rejects.toThrow()
      expect(await all(store, 'provider')).toEqual([])
    })

    it('lose nothing where several add to the same hour at once', async () => {
      const here = await place()
      const stores = await here.openSeveral()
      const batch = Array.from({ length: 50 }, (_, n) => exchange({ model: `m${n}` }))
      const turned = batch.toReversed()
      for (let turn = 0; turn < 8; turn++) {
        await Promise.all(
          stores.map((store, node) => store.record(node % 2 ? batch : turned, `host:${node}`)),
        )
      }
      const times = 8 * stores.length
      const store = await here.open()
      expect(await requests(store, 'provider')).toEqual([['openai', 50 * times]])
      expect((await requests(store, 'model')).map(([, count]) => count)).toEqual(
        Array.from({ length: 50 }, () => times),
      )
    })
  })
}

function summed(records: readonly ExchangeRecord[], by: StatsGroup): StatsRow[] {
  const groups = new Map<string | null, ExchangeRecord[]>()
  for (const one of records) {
    const group = groupOf(one, by)
    groups.set(group, [...(groups.get(group) ?? []), one])
  }
  return [...groups].map(([group, members]) => {
    const sum = (value: (one: ExchangeRecord) => number | null) =>
      members.reduce((total, one) => total + (value(one) ?? 0), 0)
    return {
      group,
      requests: members.length,
      errors: sum(one => Number(one.status >= 400 || one.outcome !== 'ok')),
      attempts: sum(one => one.attempts),
      promptTokens: sum(one => one.promptTokens),
      cachedTokens: sum(one => one.cachedTokens),
      completionTokens: sum(one => one.completionTokens),
      reasoningTokens: sum(one => one.reasoningTokens),
      ms: sum(one => one.ms) / members.length,
    }
  })
}

function groupOf(one: ExchangeRecord, by: StatsGroup): string | null {
  if (by === 'hour') return new Date(Math.floor(one.time / HOUR) * HOUR).toISOString()
  return { provider: one.provider, key: one.keyId, token: one.token, model: one.model }[by]
}

function sorted(rows: readonly StatsRow[]): StatsRow[] {
  return rows.toSorted((a, b) => (JSON.stringify(a.group) < JSON.stringify(b.group) ? -1 : 1))
}

import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import type { Pruned, Retention } from '../../../src/model/record.ts'
import type { Store } from '../../../src/model/store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import type { Place } from '../place.ts'
import { attempt, exchange, NODE } from './records.ts'

const DAY = 86_400_000

export const ALL: Retention = { maxAge: 300 * DAY, errorMaxAge: 300 * DAY, maxBytes: 2 ** 50 }

/** Prunes until nothing is left to do; what each call did. */
export async function settle(store: Store, retention: Retention): Promise<Pruned[]> {
  const slices: Pruned[] = []
  do slices.push(await store.prune(retention))
  while (slices.at(-1)?.more)
  return slices
}

export function retentionSuite(place: () => Promise<Place>): void {
  /** With a clock that stands still, at the time it is: a slice is full only by its rows. */
  const opened = async () => {
    const clock = new ManualClock(systemClock.wall())
    return { store: await (await place()).open({ clock }), now: clock.wall() }
  }
  const left = async (store: Store) =>
    (await store.records({ limit: 10_000 })).map(({ requestId }) => requestId)

  describe('pruning', () => {
    it('removes exchanges and failures by an age of their own, and nothing else', async () => {
      const { store, now } = await opened()
      const aged = (requestId: string, days: number) => {
        const time = now - days * DAY
        return exchange({ requestId, time, failures: [attempt({ time })] })
      }
      await store.record([aged('old', 31), aged('stale', 8), aged('new', 6)], NODE)
      expect((await settle(store, ALL)).map(({ exchanges }) => exchanges)).toEqual([0])
      expect(await left(store)).toHaveLength(3)
      const errors = async () =>
        (await store.failures({ limit: 10 })).map(({ requestId }) => requestId)
      const [first] = await settle(store, { ...ALL, maxAge: 30 * DAY, errorMaxAge: 7 * DAY })
      expect(first).toMatchObject({ exchanges: 1, failures: 2, more: false })
      expect(await left(store)).toEqual(['new', 'stale'])
      expect(await errors()).toEqual(['new'])
      await settle(store, { ...ALL, maxAge: 5 * DAY })
      expect(await left(store)).toEqual([])
      expect(await errors()).toEqual(['new'])
    })

    it('takes small slices, the oldest first, and says when there is more', async () => {
      const { store, now } = await opened()
      const time = now - 2 * DAY
      const rows = Array.from({ length: 2_500 }, (_, n) =>
        exchange({ requestId: `r${n}`, time: n < 2_250 ? time : now }),
      )
      await store.record(rows, NODE)
      const first = await store.prune({ ...ALL, maxAge: DAY })
      expect(first).toMatchObject({ failures: 0, more: true })
      expect((await left(store)).at(-1)).toBe(`r${first.exchanges}`)
      const slices = [first, ...(await settle(store, { ...ALL, maxAge: DAY }))]
      for (const { exchanges } of slices.slice(0, 2)) expect(exchanges).toBeGreaterThan(500)
      for (const { exchanges } of slices) expect(exchanges).toBeLessThanOrEqual(1_000)
      expect(await left(store)).toHaveLength(250)
      expect((await left(store)).at(-1)).toBe('r2250')
    })

    it('removes imported rows when their time has come, however young their ids are', async () => {
      const { store, now } = await opened()
      const at = (requestId: string, days: number) =>
        exchange({ requestId, time: now - days * DAY })
      const young = Array.from({ length: 250 }, (_, n) => ({
        ...at(`young-${n}`, 2),
        failures: [attempt({ time: now - 2 * DAY })],
      }))
      await store.record(young, NODE)
      // MariaDB goes by its own clock: between two ages there is an hour, and no limit is one of them.
      const ages = Array.from({ length: 600 }, (_, n) => 40 - n / 20)
      const failed = (days: number) => ({
        ...attempt({ time: now - days * DAY }),
        requestId: `e-${days}`,
      })
      const none = { requests: 0, failures: 0 }
      await store.importLog('import:x', {
        exchanges: ages.map(days => at(`i-${days}`, days)),
        failures: ages.map(failed),
        after: none,
        heads: { requests: 600, failures: 600 },
      })
      await store.record([at('last', 1)], NODE)
      const younger = (days: number) => ages.filter(age => age <= days)
      for (const [maxAge, errorMaxAge] of [
        [30.02, 35.02],
        [20.02, 12.02],
        [12.02, 12.02],
      ] as const) {
        await settle(store, { ...ALL, maxAge: maxAge * DAY, errorMaxAge: errorMaxAge * DAY })
        const kept = await left(store)
        expect(kept.filter(id => id.startsWith('i-')).toReversed()).toEqual(
          younger(maxAge).map(days => `i-${days}`),
        )
        expect(kept.filter(id => !id.startsWith('i-'))).toHaveLength(251)
        const failures = (await store.failures({ limit: 10_000 })).map(row => row.requestId)
        expect(failures.filter(id => id.startsWith('e-')).toReversed()).toEqual(
          younger(errorMaxAge).map(days => `e-${days}`),
        )
        expect(failures.filter(id => id.startsWith('young-'))).toHaveLength(250)
      }
      const slices = await settle(store, { ...ALL, maxAge: 3 * DAY, errorMaxAge: 3 * DAY })
      for (const { exchanges, failures } of slices) {
        expect(exchanges + failures).toBeLessThanOrEqual(1_000)
      }
      expect(await left(store)).toHaveLength(251)
      expect(await settle(store, { ...ALL, maxAge: 3 * DAY })).toHaveLength(1)
    })

    it('is not held up by rows of a clock that ran ahead', async () => {
      const { store, now } = await opened()
      const ahead = Array.from({ length: 150 }, () =>
        exchange({ requestId: 'ahead', time: now + 5_000 * DAY }),
      )
      await store.record([...ahead, exchange({ requestId: 'old', time: now - 301 * DAY })], NODE)
      await store.record([exchange({ requestId: 'new', time: now })], NODE)
      await settle(store, ALL)
      expect(await left(store)).toEqual(['new'])
    })

    it('keeps the hourly sums of 400 days, also those of exchanges that are gone', async () => {
      const { store, now } = await opened()
      const models = Array.from({ length: 250 }, (_, n) => `m${n}`)
      const times = [401, 399, 0].map(days => now - days * DAY)
      for (const time of times) {
        await store.record(
          models.map(model => exchange({ model, time })),
          NODE,
        )
      }
      const slices = await settle(store, ALL)
      expect(slices.reduce((sum, { exchanges }) => sum + exchanges, 0)).toBe(500)
      const hours = await store.stats({ by: 'hour', since: 0, until: now + DAY })
      expect(hours.map(({ requests }) => requests)).toEqual([250, 250])
      const groups = await store.stats({ by: 'model', since: 0, until: now - 400 * DAY })
      expect(groups).toEqual([])
    })
  })
}

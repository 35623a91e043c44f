import { describe, expect, it } from 'vitest'
import type { ProviderMemory } from '../../../src/model/catalog.ts'
import type { Store } from '../../../src/model/store.ts'
import { outage, word } from '../../support/catalog.ts'
import type { Place } from '../place.ts'
import { DEEPSEEK, OPENAI } from './providers.ts'

export function outageSuite(place: () => Promise<Place>): void {
  async function opened() {
    const here = await place()
    const [one, two] = [await here.open(), await here.open()]
    const { id } = await one.addProvider(OPENAI, { makeDefault: false })
    const of = (breakers: ProviderMemory['breakers'], generation = 1) =>
      outage(breakers, { providerId: id, generation })
    return { here, one, two, of }
  }

  /** What the store makes of the owner's change: the generation, and what is still known. */
  async function changed(store: Store, change: Parameters<Store['changeProvider']>[1]) {
    const { generation } = await store.changeProvider('openai', change)
    return [generation, (await store.catalog()).outages]
  }

  describe('what was learned about providers', () => {
    it('is told by its number and with the catalogue, and raises no revision', async () => {
      const { one, two, of } = await opened()
      const told = of({ 'gpt-4o': word(1_000, 5_000), '*': word(1_001, 10_000), '': word(2, 0) })
      await one.rememberOutages([told])
      expect(await two.heads()).toEqual({ revision: 1, learned: 1 })
      expect(await two.learnedSince(0)).toEqual({ learned: 1, memories: [], outages: [told] })
      expect(await two.learnedSince(1)).toEqual({ learned: 1, memories: [], outages: [] })
      expect(await two.outages()).toEqual([told])
      expect((await two.catalog()).outages).toEqual([told])
    })

    it('by several is merged: of each model the later word holds, whoever is written last', async () => {
      const { one, two, of } = await opened()
      await one.rememberOutages([of({ a: word(2_000, 0), b: word(1_000, 5_000) })])
      await two.rememberOutages([
        of({ a: word(1_000, 5_000), c: word(1_500, 5_000) }),
        of({ c: word(1_700, 0) }),
      ])
      const merged = of({ a: word(2_000, 0), b: word(1_000, 5_000), c: word(1_700, 0) })
      // The first of them hears it too: it is not what it said.
      expect((await one.learnedSince(1)).outages).toEqual([merged])
    })

    it('is void once the owner changes the base URL, or switches it off or on', async () => {
      const { one, two, of } = await opened()
      const open = { a: word(1_000, 5_000) }
      await one.rememberOutages([of(open)])
      expect(await changed(two, { path: 'oa', overrides: { timeout: 9 } })).toEqual([1, [of(open)]])
      expect(await changed(two, { enabled: true })).toEqual([1, [of(open)]])
      expect(await changed(two, { enabled: false })).toEqual([2, []])
      // A process that has not heard of it yet.
      await one.rememberOutages([of(open)])
      expect(await one.heads()).toMatchObject({ learned: 1 })
      expect(await changed(two, { enabled: true })).toEqual([3, []])
      await one.rememberOutages([of(open, 2), of({ b: word(1, 1) }, 3)])
      expect(await one.outages()).toEqual([of({ b: word(1, 1) }, 3)])
      expect(await changed(two, { baseUrl: 'https://elsewhere.example/v1' })).toEqual([4, []])
    })

    it('is void, too, where the file says so', async () => {
      const { here, one, of } = await opened()
      await here.sql(`update providers set origin = 'file'`)
      await one.rememberOutages([of({ a: word(1_000, 5_000) })])
      const declare = (baseUrl: string) =>
        one.reconcile({
          settings: {},
          providers: [{ ...OPENAI, baseUrl, enabled: true, keys: [] }],
        })
      expect((await declare(OPENAI.baseUrl)).taken).toEqual([])
      expect(await one.outages()).toHaveLength(1)
      await declare('https://elsewhere.example')
      expect(await one.outages()).toEqual([])
      expect(await here.sql('select * from outages')).toEqual([])
    })

    it('goes with the provider, and of one that is gone nothing is kept', async () => {
      const { here, one, of } = await opened()
      const { id } = await one.addProvider(DEEPSEEK, { makeDefault: false })
      const other = outage({ a: word(1, 1) }, { providerId: id })
      await one.rememberOutages([of({ a: word(1, 1) }), other])
      await one.removeProvider('openai')
      await one.rememberOutages([of({ a: word(2, 1) })])
      await one.rememberOutages([])
      expect(await one.heads()).toMatchObject({ learned: 1 })
      expect(await here.sql('select provider_id from outages')).toEqual([{ provider_id: id }])
    })
  })
}

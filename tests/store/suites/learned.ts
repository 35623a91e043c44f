import { describe, expect, it } from 'vitest'
import type { KeyMemory } from '../../../src/model/catalog.ts'
import type { Place } from '../place.ts'
import { memory, value } from './keys.ts'
import { OPENAI } from './providers.ts'

export function learnedSuite(place: () => Promise<Place>): void {
  async function opened() {
    const here = await place()
    const [one, two] = [await here.open(), await here.open()]
    await one.addProvider(OPENAI, { makeDefault: false })
    const { added } = await one.addKeys('openai', [value('sk-1'), value('sk-2'), value('sk-3')])
    const [a, b, c] = added.map(({ id }) => id) as [string, string, string]
    return { one, two, a, b, c }
  }

  describe('what was learned', () => {
    it('is told by its number, also to others who have the store open', async () => {
      const { one, two, a, b, c } = await opened()
      expect(await two.heads()).toEqual({ revision: 2, learned: 0 })
      await one.remember([memory(a, 1), memory(b, 1)])
      expect(await two.heads()).toEqual({ revision: 2, learned: 1 })
      const first = await two.learnedSince(0)
      expect(first).toEqual({
        learned: 1,
        memories: expect.arrayContaining([memory(a, 1)]),
        outages: [],
      })
      expect(first.memories).toHaveLength(2)
      await two.remember([memory(b, 1, 2)])
      await one.remember([memory(c, 1)])
      expect(await one.learnedSince(first.learned)).toEqual({
        learned: 3,
        memories: [memory(b, 1, 2), memory(c, 1)].sort((x, y) => (x.keyId < y.keyId ? -1 : 1)),
        outages: [],
      })
      expect(await one.learnedSince(3)).toEqual({ learned: 3, memories: [], outages: [] })
      expect((await one.memories()).size).toBe(3)
    })

    it('is told to all but the node that learned it', async () => {
      const { one, two, a, b } = await opened()
      await one.remember([memory(a, 1)], 'one:1')
      await two.remember([memory(b, 1)], 'two:2')
      expect((await one.learnedSince(0, 'one:1')).memories).toEqual([memory(b, 1)])
      expect((await two.learnedSince(0, 'two:2')).memories).toEqual([memory(a, 1)])
      expect((await two.learnedSince(0)).memories).toHaveLength(2)
    })

    it('by two nodes in the same moment is kept together, and told to both', async () => {
      const { one, two, a } = await opened()
      const invalid = { reason: 'refused', since: 1 }
      const said = (change: Partial<KeyMemory>): KeyMemory => ({
        ...{ keyId: a, generation: 1, failures: 0, invalid: null, exhausted: null, cooling: {} },
        savedAt: 100_000,
        ...change,
      })
      await one.remember([said({ failures: 3, invalid })], 'one:1')
      await two.remember([said({ failures: 1, savedAt: 100_400 })], 'two:2')
      const both = said({ failures: 3, invalid, savedAt: 100_400 })
      expect((await one.learnedSince(1, 'one:1')).memories).toEqual([both])
      expect((await two.learnedSince(0, 'two:2')).memories).toEqual([both])
      // By then it has heard of it: this is what it makes of it.
      await two.remember([said({ savedAt: 103_000 })], 'two:2')
      expect((await one.memories()).get(a)).toEqual(said({ savedAt: 103_000 }))
      // Its own word it may take back at once.
      await two.remember([said({ failures: 2, savedAt: 103_100 })], 'two:2')
      await two.remember([said({ savedAt: 103_200 })], 'two:2')
      expect((await one.memories()).get(a)).toEqual(said({ savedAt: 103_200 }))
    })

    it('under a generation that is over raises nothing and is not told', async () => {
      const { one, two, a, b } = await opened()
      await one.remember([memory(a, 1), memory(b, 1)])
      await two.resetKeys([a])
      await one.remember([memory(a, 1, 7)])
      await one.remember([])
      const { learned, memories } = await two.learnedSince(0)
      expect(learned).toBe(1)
      expect(memories).toEqual([memory(b, 1)])
      await one.remember([memory(a, 1, 8), memory(a, 2, 9)])
      const after = { learned: 2, memories: [memory(a, 2, 9)], outages: [] }
      expect(await two.learnedSince(1)).toEqual(after)
    })
  })
}

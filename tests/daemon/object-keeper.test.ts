import { describe, expect, it } from 'vitest'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { ObjectKeeper } from '../../src/daemon/objects.ts'
import type { ObjectNews, StoredObject } from '../../src/model/object.ts'
import { ManualClock } from '../support/manual-clock.ts'

const object = (id: string, change: Partial<StoredObject> = {}): StoredObject => {
  return { id, providerId: 'p_1', keyId: 'k_1', tokenId: 't_1', usedAt: 1, ...change }
}
const made = (...objects: StoredObject[]): ObjectNews => ({ made: objects, gone: [] })

/** A keeper whose store answers as the test decides. */
function keeping() {
  const clock = new ManualClock()
  const world = { fails: false, held: null as Promise<void> | null, objects: [] as StoredObject[] }
  const written: ObjectNews[] = []
  const asked: number[] = []
  const store = {
    rememberObjects: async (news: ObjectNews) => {
      if (world.fails) throw new Error('gone')
      written.push(news)
    },
    findObjects: async (ids: readonly string[]) => {
      asked.push(ids.length)
      if (world.held !== null) await world.held
      if (world.fails) throw new Error('gone')
      return world.objects.filter(({ id }) => ids.includes(id))
    },
    newestObjects: async () => world.objects,
  }
  const log = createLogger('silent', new Redactor(), { write: () => {} })
  const keeper = new ObjectKeeper({ store, clock, log })
  const turn = () => new Promise(setImmediate)
  return { keeper, clock, world, written, asked, turn }
}

describe('what the owner knows of objects', () => {
  it('is known at once, and written within a tenth of a second, as one batch', async () => {
    const { keeper, clock, written, asked, turn } = keeping()
    expect(keeper.tell(made(object('file-1')))).toBeNull()
    keeper.tell(made(object('file-2')))
    keeper.tell({ made: [], gone: [{ id: 'file-1', providerId: 'p_1' }] })
    expect(await keeper.find(['file-2'])).toEqual([object('file-2')])
    clock.advance(100)
    await turn()
    const gone = [{ id: 'file-1', providerId: 'p_1' }]
    expect(written).toEqual([{ made: [object('file-2')], gone }])
    expect(asked).toEqual([])
  })

  it('is what the store had at the start, and what it finds later', async () => {
    const { keeper, world, asked, clock } = keeping()
    world.objects = [object('file-1')]
    await keeper.start()
    world.objects.push(object('file-2'), object('file-2', { providerId: 'p_2' }))
    expect(keeper.newest(9)).toEqual([object('file-1')])
    expect(await keeper.find(['file-1', 'file-2', 'file-3'])).toHaveLength(3)
    expect(asked).toEqual([2])
    // Another node may make it meanwhile.
    world.objects.push(object('file-3'))
    expect(await keeper.find(['file-3'])).toEqual([])
    clock.advance(1_000)
    expect(await keeper.find(['file-3'])).toEqual([object('file-3')])
    expect(asked).toEqual([2, 1])
  })

  it('waits while the store takes nothing, as much as there is room for, the newest word last', async () => {
    const { keeper, clock, world, written, turn } = keeping()
    world.fails = true
    keeper.tell(made(object('file-1'), object('file-2')))
    clock.advance(100)
    await turn()
    keeper.tell({ made: [], gone: [{ id: 'file-1', providerId: 'p_1' }] })
    expect(keeper.waiting).toBe(2)
    await expect(keeper.flush()).rejects.toThrow('gone')
    world.fails = false
    await keeper.flush()
    expect(written[0]?.made).toEqual([object('file-2')])
    expect(written[0]?.gone).toHaveLength(1)
    world.fails = true
    keeper.tell(made(...Array.from({ length: 50_010 }, (_, n) => object(`late-${n}`))))
    expect([keeper.waiting, keeper.dropped]).toEqual([50_000, 10])
    await keeper.close()
  })

  it('says nothing of an id where the store does not answer', async () => {
    const { keeper, world, asked } = keeping()
    world.fails = true
    expect(await keeper.find(['file-1'])).toEqual([])
    world.fails = false
    world.objects = [object('file-1')]
    expect(await keeper.find(['file-1'])).toEqual([object('file-1')])
    expect(asked).toEqual([1, 1])
  })

  it('is asked of the store one question at a time, whatever is asked for', async () => {
    const { keeper, world, asked, turn } = keeping()
    let answer = () => {}
    world.held = new Promise(resolve => {
      answer = resolve
    })
    const flood = Array.from({ length: 20_000 }, (_, n) => keeper.find([`made-up-${n}`]))
    const twice = keeper.find(['made-up-1'])
    await turn()
    expect(asked).toEqual([2_000])
    const later = keeper.find(['made-up-late'])
    answer()
    world.held = null
    expect((await Promise.all(flood)).flat()).toEqual([])
    expect(await twice).toEqual([])
    // What came while two thousand waited is unknown without a question.
    expect(await later).toEqual([])
    expect(asked).toEqual([2_000, 1])
    // And the same is not asked again at once.
    await keeper.find(['made-up-1'])
    expect(asked).toEqual([2_000, 1])
  })
})

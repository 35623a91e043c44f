import { describe, expect, it } from 'vitest'
import { type NewNode, NODE_GONE_MS } from '../../../src/model/node.ts'
import type { MakePlace } from '../place.ts'

export function node(id: string, change: Partial<NewNode> = {}): NewNode {
  const url = 'http://127.0.0.1:8077'
  const started = 1_700_000_000_000
  return { id, url, version: '1.0.0', workers: 1, revision: 3, started, ...change }
}

export function nodeSuite(place: MakePlace): void {
  describe('nodes', () => {
    it('are there from their first word to their good-bye, as they last said', async () => {
      const here = await place()
      const [one, two] = [await here.open(), await here.open()]
      await one.announce(node('a:1'))
      await two.announce(node('b:2', { workers: 4 }))
      const [first, second, third] = await two.nodes()
      expect(first).toEqual({ ...node('a:1'), seen: expect.any(Number) })
      expect(second).toMatchObject(node('b:2', { workers: 4 }))
      expect(third).toBeUndefined()
      await one.announce(node('a:1', { revision: 9 }))
      expect(await one.nodes()).toMatchObject([{ id: 'a:1', revision: 9 }, { id: 'b:2' }])
      await one.depart('a:1')
      await one.depart('c:3')
      expect((await two.nodes()).map(({ id }) => id)).toEqual(['b:2'])
    })

    it('are left out when nothing was heard of them, and swept up by the next to come', async () => {
      const here = await place()
      const store = await here.open()
      await store.announce(node('silent:1'))
      await store.announce(node('b:2'))
      const earlier = 'update nodes set seen = seen - ? where id = ?'
      await here.sql(earlier, [NODE_GONE_MS - 2_000, 'b:2'])
      await here.sql(earlier, [NODE_GONE_MS + 1_000, 'silent:1'])
      expect((await store.nodes()).map(({ id }) => id)).toEqual(['b:2'])
      await store.announce(node('c:3'))
      expect(await here.sql('select id from nodes order by id')).toEqual([
        { id: 'b:2' },
        { id: 'c:3' },
      ])
      await store.announce(node('silent:1'))
      expect((await store.nodes()).map(({ id }) => id)).toEqual(['b:2', 'c:3', 'silent:1'])
    })

    it('are no change: no revision and no audit', async () => {
      const here = await place()
      const store = await here.open()
      await store.announce(node('a:1'))
      await store.takeLease('checks', 'a:1', 1_000)
      await store.depart('a:1')
      expect(await store.heads()).toEqual({ revision: 0, learned: 0 })
      expect(await here.sql('select * from audit')).toEqual([])
    })
  })

  describe('a lease', () => {
    it('is given to one of ten who ask at once, and kept by it', async () => {
      const here = await place()
      const stores = await here.openSeveral()
      const names = Array.from({ length: 10 }, (_, n) => `host:${n}`)
      const ask = () =>
        Promise.all(
          names.map((id, n) => stores[n % stores.length]?.takeLease('checks', id, 60_000)),
        )
      const first = await ask()
      expect(first.filter(Boolean)).toHaveLength(1)
      for (let turn = 0; turn < 3; turn++) expect(await ask()).toEqual(first)
      expect(await stores[0]?.takeLease('other work', 'host:0', 1_000)).toBe(true)
    })

    it('is taken over by one of ten when it has ended, and not before', async () => {
      const here = await place()
      const stores = await here.openSeveral()
      expect(await stores[0]?.takeLease('checks', 'dead:1', 10_000)).toBe(true)
      const names = Array.from({ length: 10 }, (_, n) => `host:${n}`)
      const ask = () =>
        Promise.all(
          names.map((id, n) => stores[n % stores.length]?.takeLease('checks', id, 10_000)),
        )
      const earlier = (ms: number) => here.sql('update leases set ends_at = ends_at - ?', [ms])
      await earlier(5_000)
      expect((await ask()).filter(Boolean)).toEqual([])
      await earlier(5_000)
      expect((await ask()).filter(Boolean)).toHaveLength(1)
      expect(await stores[0]?.takeLease('checks', 'dead:1', 10_000)).toBe(false)
    })

    it('is renewed by its holder, and free when that departs', async () => {
      const here = await place()
      const store = await here.open()
      await store.takeLease('checks', 'a:1', 1_000)
      expect(await store.takeLease('checks', 'a:1', 60_000)).toBe(true)
      await here.sql('update leases set ends_at = ends_at - 30000')
      expect(await store.takeLease('checks', 'b:2', 1_000)).toBe(false)
      await store.depart('b:2')
      expect(await store.takeLease('checks', 'b:2', 1_000)).toBe(false)
      await store.depart('a:1')
      expect(await store.takeLease('checks', 'b:2', 1_000)).toBe(true)
    })
  })
}

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import { OBJECT_KEPT_MS, type StoredObject } from '../../../src/model/object.ts'
import type { Store } from '../../../src/model/store.ts'
import type { MakePlace } from '../place.ts'

const DAY = 86_400_000

/** A provider with two keys, and objects as it would make them. */
async function furnish(store: Store, name = 'mock') {
  const { id: providerId } = await store.addProvider(
    { name, kind: 'openai', baseUrl: 'http://localhost:1/v1', path: null, overrides: {} },
    { makeDefault: false },
  )
  const secrets = ['a', 'b'].map(each => ({ value: new Secret(`sk-${each}-0123456789abcdef`) }))
  const { added } = await store.addKeys(name, secrets)
  const [one, two] = added.map(({ id }) => id) as [string, string]
  const object = (id: string, change: Partial<StoredObject> = {}): StoredObject => {
    return { id, providerId, keyId: one, tokenId: 't_1', usedAt: Date.now(), ...change }
  }
  return { one, two, providerId, object }
}

const made = (...objects: StoredObject[]) => ({ made: objects, gone: [] })

export function objectSuite(place: MakePlace): void {
  describe('objects', () => {
    it('are found by their ids, at whichever provider, also by who opens the store later', async () => {
      const here = await place()
      const store = await here.open()
      const first = await furnish(store)
      const second = await furnish(store, 'other')
      const objects = [first.object('file-1'), second.object('file-1'), first.object('file-2')]
      await store.rememberObjects(made(...objects))
      await store.rememberObjects(made())
      const again = await here.open()
      const found = await again.findObjects(['file-1', 'file-2', 'File-1', 'file-3', 'file-2 '])
      expect(found).toHaveLength(3)
      expect(found).toEqual(expect.arrayContaining(objects))
      expect(await again.findObjects([])).toEqual([])
      expect(await again.countObjects(first.one)).toBe(2)
      expect(await again.countObjects(first.two)).toBe(0)
    })

    it('stay with the key and the token that made them; their last use is the latest', async () => {
      const store = await (await place()).open()
      const { object, two } = await furnish(store)
      const usedAt = Date.now()
      await store.rememberObjects(made(object('file-1', { usedAt })))
      const later = { keyId: two, tokenId: 't_2', usedAt: usedAt + DAY }
      await store.rememberObjects(made(object('file-1', later), object('file-1', later)))
      await store.rememberObjects(made(object('file-1', { usedAt: usedAt - DAY })))
      expect(await store.findObjects(['file-1'])).toEqual([
        object('file-1', { usedAt: usedAt + DAY }),
      ])
    })

    it('go when they are deleted, at that provider only', async () => {
      const store = await (await place()).open()
      const first = await furnish(store)
      const second = await furnish(store, 'other')
      await store.rememberObjects(made(first.object('file-1'), second.object('file-1')))
      await store.rememberObjects({ made: [], gone: [{ ...first, id: 'file-1' }] })
      expect(await store.findObjects(['file-1'])).toMatchObject([{ keyId: second.one }])
    })

    it('go with their key, and those of a key that is gone are not written', async () => {
      const store = await (await place()).open()
      const { object, one, two } = await furnish(store)
      await store.rememberObjects(made(object('file-1'), object('file-2', { keyId: two })))
      await store.removeKeys([one])
      await store.rememberObjects(made(object('file-3'), object('file-4', { keyId: two })))
      const found = await store.findObjects(['file-1', 'file-2', 'file-3', 'file-4'])
      expect(found.map(({ id }) => id).sort()).toEqual(['file-2', 'file-4'])
      await store.removeProvider('mock')
      expect(await store.findObjects(['file-2', 'file-4'])).toEqual([])
    })

    it('are given newest last, in any number', async () => {
      const store = await (await place()).open()
      const { object } = await furnish(store)
      const objects = Array.from({ length: 700 }, (_, n) =>
        object(`file-${n}`, { usedAt: 1_000 + n }),
      )
      await store.rememberObjects(made(...objects))
      expect(await store.newestObjects(3)).toEqual(objects.slice(-3))
      expect(await store.findObjects(objects.map(({ id }) => id))).toHaveLength(700)
    })

    it('are forgotten when nobody used them for sixty days', async () => {
      const store = await (await place()).open()
      const { object } = await furnish(store)
      const usedAt = Date.now() - OBJECT_KEPT_MS
      const old = Array.from({ length: 300 }, (_, n) =>
        object(`old-${n}`, { usedAt: usedAt - DAY }),
      )
      await store.rememberObjects(made(...old, object('file-1', { usedAt: usedAt + DAY })))
      expect(await store.pruneObjects(1_000)).toBe(250)
      expect(await store.pruneObjects(1_000)).toBe(50)
      expect(await store.pruneObjects(1_000)).toBe(0)
      expect((await store.newestObjects(9)).map(({ id }) => id)).toEqual(['file-1'])
    })

    it('are so many at most: those go first that were not used for longest', async () => {
      const store = await (await place()).open()
      const { object } = await furnish(store)
      const usedAt = Date.now() - DAY
      const objects = Array.from({ length: 9 }, (_, n) =>
        object(`file-${n}`, { usedAt: usedAt + n }),
      )
      await store.rememberObjects(made(...objects))
      expect(await store.pruneObjects(9)).toBe(0)
      expect(await store.pruneObjects(4)).toBe(5)
      expect(await store.newestObjects(9)).toEqual(objects.slice(5))
    })

    it('are no change: no revision and no audit', async () => {
      const here = await place()
      const store = await here.open()
      const { object } = await furnish(store)
      const heads = await store.heads()
      const audit = await here.sql('select id from audit')
      await store.rememberObjects(made(object('file-1')))
      await store.pruneObjects(9)
      expect(await store.heads()).toEqual(heads)
      expect(await here.sql('select id from audit')).toEqual(audit)
    })

    it('are in a backup', async () => {
      const here = await place()
      const store = await here.open()
      const { object } = await furnish(store)
      const kept = object('file-1')
      await store.rememberObjects(made(kept))
      const file = join(here.folder, 'objects.backup')
      await store.backup(file, { logs: false, version: '1.0.0' })
      await store.rememberObjects({ made: [object('file-2')], gone: [object('file-1')] })
      await store.restore(file)
      expect(await store.findObjects(['file-1', 'file-2'])).toEqual([kept])
    })
  })
}

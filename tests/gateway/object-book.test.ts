import { describe, expect, it } from 'vitest'
import { ObjectBook } from '../../src/gateway/object-book.ts'
import { Objects } from '../../src/gateway/objects.ts'
import { UnknownIds } from '../../src/gateway/unknown-ids.ts'
import { OBJECT_USED_EVERY_MS, type ObjectNews, type StoredObject } from '../../src/model/object.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { NO_OBJECTS } from '../support/object-link.ts'

const object = (id: string, change: Partial<StoredObject> = {}): StoredObject => {
  return { id, providerId: 'p_1', keyId: 'k_1', tokenId: 't_1', usedAt: 1, ...change }
}

describe('ObjectBook', () => {
  it('keeps so many ids: those that were put or asked for last', () => {
    const book = new ObjectBook(3)
    for (const id of ['a', 'b', 'c']) book.put(object(id))
    book.of('a')
    book.put(object('d'))
    expect(book.size).toBe(3)
    expect(book.of('b')).toEqual([])
    expect(book.newest(2).map(({ id }) => id)).toEqual(['a', 'd'])
  })

  it('keeps who made an object first, and when it was used last', () => {
    const book = new ObjectBook(3)
    book.put(object('a', { usedAt: 5 }))
    book.put(object('a', { keyId: 'k_2', tokenId: 't_2', usedAt: 3 }))
    expect(book.of('a')).toEqual([object('a', { usedAt: 5 })])
    book.put(object('a', { usedAt: 9 }))
    expect(book.of('a')).toEqual([object('a', { usedAt: 9 })])
  })

  it('knows the same id at two providers, and forgets one of them', () => {
    const book = new ObjectBook(3)
    const other = object('a', { providerId: 'p_2', keyId: 'k_2' })
    book.put(object('a'))
    book.put(other)
    expect(book.of('a')).toEqual([object('a'), other])
    book.forget(object('a'))
    expect(book.of('a')).toEqual([other])
    book.forget(other)
    expect(book.size).toBe(0)
  })
})

describe('UnknownIds', () => {
  it('remembers for a second, and so many', () => {
    const clock = new ManualClock()
    const unknown = new UnknownIds(clock)
    for (let n = 0; n < 10_000; n++) unknown.add(`id-${n}`)
    expect(unknown.size).toBe(4_096)
    expect([unknown.has('id-0'), unknown.has('id-9999')]).toEqual([false, true])
    clock.advance(1_000)
    expect(unknown.has('id-9999')).toBe(false)
  })
})

describe('Objects', () => {
  it('tells of a use once in a day', () => {
    const clock = new ManualClock()
    const told: ObjectNews[] = []
    const tell = (news: ObjectNews) => {
      told.push(news)
      return null
    }
    const objects = new Objects({ ...NO_OBJECTS, tell }, clock)
    void objects.made(['a'], { providerId: 'p_1', keyId: 'k_1', tokenId: 't_1' })
    const use = () => objects.use(objects.of('a')[0] as StoredObject)
    use()
    clock.advance(OBJECT_USED_EVERY_MS)
    use()
    use()
    expect(told).toHaveLength(2)
    expect(told[1]?.made).toMatchObject([{ id: 'a', usedAt: clock.wall() }])
  })

  it('take what came in time, but was read later for want of a turn, as in time', async () => {
    const clock = new ManualClock()
    const objects = new Objects({ ...NO_OBJECTS, find: () => new Promise(() => {}) }, clock)
    const asking = objects.ask(['a'])
    setImmediate(() => objects.learn({ made: [object('a')], gone: [] }))
    clock.advance(5)
    await asking
    expect(objects.of('a')).toEqual([object('a')])
  })
})

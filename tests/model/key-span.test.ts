import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { spanOf } from '../../src/model/key-span.ts'
import { count } from '../support/count.ts'
import { keyList, stock } from '../support/key-lists.ts'

describe('the span in which two lists of keys differ', () => {
  it('holds every key that is not the same object at the same place', () => {
    fc.assert(
      fc.property(keyList, keyList, (one, two) => {
        const take = stock()
        const [earlier, later] = [one.map(take), two.map(take)]
        const { from, to, before } = spanOf(earlier, later)
        expect([...earlier.slice(0, from), ...later.slice(from, to), ...later.slice(to)]).toEqual(
          later,
        )
        expect(later.slice(0, from).every((key, n) => key === earlier[n])).toBe(true)
        expect(later.slice(to).every((key, n) => key === earlier[to + n])).toBe(true)
        if (to < later.length) expect(earlier).toHaveLength(later.length)
        expect(before).toEqual(earlier.slice(from, to < later.length ? to : earlier.length))
      }),
      { numRuns: count(300, 20_000) },
    )
  })

  it('is in place only where no key moved or left', () => {
    fc.assert(
      fc.property(keyList, keyList, (one, two) => {
        const take = stock()
        const [earlier, later] = [one.map(take), two.map(take)]
        const stay = earlier.every(({ id }, place) => later[place]?.id === id)
        expect(spanOf(earlier, later).inPlace).toBe(stay)
      }),
      { numRuns: count(300, 20_000) },
    )
  })

  it('is as small as it can be', () => {
    const take = stock()
    const keys = ['a', 'b', 'c', 'd'].map(id => take({ id, weight: 1 }))
    expect(spanOf(keys, [...keys])).toMatchObject({ from: 4, to: 4, before: [] })
    const changed = keys.with(2, take({ id: 'c', weight: 2 }))
    expect(spanOf(keys, changed)).toMatchObject({ from: 2, to: 3, before: [keys[2]] })
    const longer = [...keys, take({ id: 'e', weight: 1 })]
    expect(spanOf(keys, longer)).toMatchObject({ from: 4, to: 5, before: [], inPlace: true })
  })
})

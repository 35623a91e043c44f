import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Catalog, Key } from '../../src/model/catalog.ts'
import { CatalogueAssembly, CatalogueSender } from '../../src/model/catalogue-slices.ts'
import { catalog, key } from '../support/catalog.ts'
import { count } from '../support/count.ts'
import { stock } from '../support/key-lists.ts'

/** What comes out at the other end of a channel, and how many keys went through it. */
function channel() {
  const sender = new CatalogueSender()
  const assembly = new CatalogueAssembly()
  return (sent: Catalog) => {
    let through = 0
    let arrived: Catalog | null = null
    for (const slice of sender.slices(sent)) {
      expect(arrived).toBeNull()
      through += slice.keys.length
      arrived = assembly.add(structuredClone(slice))
    }
    return { arrived, through }
  }
}

function plain(keys: readonly Key[] | undefined) {
  return keys?.map(({ secret, ...rest }) => ({ ...rest, secret: secret?.reveal() ?? null }))
}

function keysNamed(from: number, to: number): Key[] {
  return Array.from({ length: to - from }, (_, n) => key(`k${from + n}`))
}

describe('a catalogue on its way to a worker', () => {
  it('goes in slices, and then as what changed', () => {
    const send = channel()
    const many = keysNamed(0, 1_201)
    expect(send(catalog({ keys: many }))).toMatchObject({ through: 1_201 })
    expect(send(catalog({ keys: many, revision: 2 }))).toMatchObject({
      through: 0,
      arrived: { revision: 2 },
    })
    const changed = many.with(7, key('k7', { enabled: false, generation: 2 }))
    const { through, arrived } = send(catalog({ keys: [...changed.slice(1), key('new')] }))
    expect(through).toBe(2)
    expect(arrived?.keys.map(({ id }) => id)).toEqual([...many.slice(1).map(({ id }) => id), 'new'])
    expect(arrived?.keys[6]).toMatchObject({ id: 'k7', enabled: false })
  })

  it('keeps its order where a key takes the place of another', () => {
    const send = channel()
    const keys = keysNamed(0, 4)
    send(catalog({ keys }))
    const { arrived } = send(catalog({ keys: keys.with(1, key('new')) }))
    expect(arrived?.keys.map(({ id }) => id)).toEqual(['k0', 'new', 'k2', 'k3'])
  })

  it('is the one that was sent, whatever was before it', () => {
    const one = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      weight: fc.nat(2),
      generation: fc.nat(2),
      sealed: fc.boolean(),
      value: fc.constantFrom('sk-one-0123456789', 'sk-two-0123456789'),
      rpm: fc.constantFrom(null, 60),
    })
    const list = fc.uniqueArray(one, { selector: ({ id }) => id })
    fc.assert(
      fc.property(fc.array(list, { maxLength: 8 }), fc.boolean(), (lists, lasting) => {
        const send = channel()
        const take = stock()
        for (const [revision, given] of lists.entries()) {
          const keys = given.map(({ sealed, ...change }) =>
            (lasting ? take : stock())({
              ...change,
              ...(sealed && { secret: null, fault: { state: 'sealed', reason: 'no key' } }),
            }),
          )
          const { arrived } = send(catalog({ keys, revision }))
          expect(arrived?.revision).toBe(revision)
          expect(plain(arrived?.keys)).toEqual(plain(keys))
        }
      }),
      { numRuns: count(300, 20_000) },
    )
  })
})

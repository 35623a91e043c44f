import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Exchange } from '../../src/gateway/exchange.ts'
import { InFlight } from '../../src/gateway/in-flight.ts'

/** All that it looks at is the place. */
function exchange(): Exchange {
  return { place: -1 } as Exchange
}

it('holds what was added and not removed, in whatever order they come and go', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(20)), { maxLength: 60 }), steps => {
      const flying = new InFlight()
      const expected = new Set<Exchange>()
      const all: Exchange[] = []
      for (const step of steps) {
        if (step === null) {
          const added = exchange()
          all.push(added)
          expected.add(added)
          flying.add(added)
        } else {
          const gone = all[step]
          if (gone === undefined) continue
          expected.delete(gone)
          flying.remove(gone)
        }
        expect(flying.size).toBe(expected.size)
      }
      expect(new Set(flying)).toEqual(expected)
    }),
  )
})

it('goes over all that were there, though each ends when it is looked at', () => {
  const flying = new InFlight()
  const all = [exchange(), exchange(), exchange(), exchange()]
  for (const one of all) flying.add(one)
  const seen: Exchange[] = []
  for (const one of flying) {
    seen.push(one)
    flying.remove(one)
  }
  expect(seen).toEqual(all)
  expect(flying.size).toBe(0)
})

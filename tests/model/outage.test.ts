import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ProviderMemory } from '../../src/model/catalog.ts'
import { addOutages, mergeOutages, rememberedBreakers } from '../../src/model/outage.ts'
import { outage, provider, word } from '../support/catalog.ts'

const words = fc.dictionary(
  fc.constantFrom('a', 'b', '*', '', '__proto__'),
  fc.tuple(fc.nat(3), fc.nat(3)).map(([at, remaining]) => word(at, remaining)),
)
const memories: fc.Arbitrary<ProviderMemory> = fc
  .tuple(words, fc.nat(1))
  .map(([breakers, generation]) => outage(breakers, { generation }))

describe('what several say of a provider', () => {
  it('is the later word on each model, and all the words where they differ in models', () => {
    const one = outage({ a: word(1, 5_000), b: word(3, 0) })
    const other = outage({ a: word(2, 0), b: word(2, 5_000), c: word(0, 9) })
    const both = outage({ a: word(2, 0), b: word(3, 0), c: word(0, 9) })
    expect(mergeOutages(one, other)).toEqual(both)
  })

  it('in the same moment is that it opened', () => {
    const opened = outage({ a: word(1, 5_000) })
    const closed = outage({ a: word(1, 0) })
    expect(mergeOutages(opened, closed)).toEqual(opened)
    expect(mergeOutages(closed, opened)).toEqual(opened)
  })

  it('does not depend on the order, nor on how often it is heard', () => {
    fc.assert(
      fc.property(memories, memories, memories, (a, b, c) => {
        const merged = mergeOutages(mergeOutages(a, b), c)
        expect(mergeOutages(a, mergeOutages(b, c))).toEqual(merged)
        expect(mergeOutages(mergeOutages(c, b), a)).toEqual(merged)
        expect(mergeOutages(merged, b)).toEqual(merged)
      }),
    )
  })

  it('under an older generation is nothing', () => {
    const anew = outage({}, { generation: 2 })
    const before = outage({ a: word(9, 5_000) })
    expect(mergeOutages(anew, before)).toBe(anew)
    expect(mergeOutages(before, anew)).toBe(anew)
  })

  it('is kept of the 256 models that something was said of last', () => {
    const known = new Map<string, ProviderMemory>()
    for (let at = 0; at < 300; at++) addOutages(known, [outage({ [`model-${at}`]: word(at, 1) })])
    const models = Object.keys(known.get('p_mock')?.breakers ?? {})
    expect(models).toHaveLength(256)
    expect(models).toContain('model-299')
    expect(models).not.toContain('model-43')
  })
})

describe('what is remembered of breakers', () => {
  it('is that they are open, while their time runs', () => {
    const providers = [provider('mock', ''), provider('lab', '')]
    const outages = [outage({ a: word(1_000, 5_000), b: word(1_000, 0), c: word(0, 500) })]
    const at = (wall: number) => [...rememberedBreakers({ providers, outages }, wall)]
    expect(at(5_999)).toEqual([['mock', { a: 'open' }]])
    expect(at(6_000)).toEqual([['mock', {}]])
  })
})

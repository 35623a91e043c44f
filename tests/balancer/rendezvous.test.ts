import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ownerOf } from '../../src/balancer/rendezvous.ts'

const keyIds = Array.from({ length: 2_000 }, (_, at) => `k_${at}`)
const candidates = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `x_${at}` }))
const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), {
  minLength: 2,
  maxLength: 12,
})

function owners(from: readonly { id: string }[]): (string | undefined)[] {
  return keyIds.map(id => ownerOf(id, from)?.id)
}

describe('whose a key is', () => {
  it('does not depend on the order of the candidates', () => {
    fc.assert(
      fc.property(fc.string(), ids, (keyId, names) => {
        const all = names.map(id => ({ id }))
        expect(ownerOf(keyId, all)).toEqual(ownerOf(keyId, [...all].reverse()))
      }),
    )
  })

  it('changes for none but its own keys when a candidate goes, and back when it returns', () => {
    fc.assert(
      fc.property(fc.string(), ids, fc.nat(), (keyId, names, at) => {
        const all = names.map(id => ({ id }))
        const gone = all[at % all.length]
        const before = ownerOf(keyId, all)
        const after = ownerOf(
          keyId,
          all.filter(other => other !== gone),
        )
        if (before !== gone) expect(after).toBe(before)
        else expect(after).not.toBe(gone)
      }),
    )
  })

  it('is nobody where there is none', () => {
    expect(ownerOf('k_a', [])).toBeNull()
  })

  it('is shared out evenly', () => {
    const counts = new Map<string | undefined, number>()
    for (const owner of owners(candidates(4))) counts.set(owner, (counts.get(owner) ?? 0) + 1)
    expect(counts.size).toBe(4)
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(80)
  })

  it('moves about one key in n to the nth candidate, and to no other', () => {
    const [before, after] = [owners(candidates(4)), owners(candidates(5))]
    const moved = after.filter((owner, at) => owner !== before[at])
    expect(new Set(moved)).toEqual(new Set(['x_4']))
    expect(Math.abs(moved.length - 400)).toBeLessThan(80)
  })
})

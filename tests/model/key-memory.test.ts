import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KeyMemory, Mark } from '../../src/model/catalog.ts'
import { mergeMemories } from '../../src/model/key-memory.ts'
import { keyMemory } from '../support/catalog.ts'

function mark(kind: Mark['kind'], remaining: number, reason = 'said'): Mark {
  return { kind, remaining, reason }
}

describe('what two learned of a key without knowing of each other', () => {
  it('stands as far as either says something against it', () => {
    const invalid = { reason: 'refused', since: 1 }
    expect(
      mergeMemories(
        keyMemory({ failures: 3, invalid, cooling: { m: mark('cooling', 5_000) } }),
        keyMemory({ failures: 1, exhausted: mark('exhausted', 9_000), savedAt: 1_400 }),
      ),
    ).toEqual(
      keyMemory({
        failures: 3,
        invalid,
        exhausted: mark('exhausted', 9_000),
        cooling: { m: mark('cooling', 4_600) },
        savedAt: 1_400,
      }),
    )
  })

  it('of the same mark is the longer one, as of now', () => {
    const both = (earlier: number, later: number) =>
      mergeMemories(
        keyMemory({
          exhausted: mark('exhausted', earlier),
          cooling: { m: mark('cooling', earlier) },
        }),
        keyMemory({
          exhausted: mark('exhausted', later),
          cooling: { m: mark('cooling', later) },
          savedAt: 2_000,
        }),
      )
    expect(both(5_000, 3_000).exhausted?.remaining).toBe(4_000)
    expect(both(5_000, 3_000).cooling.m?.remaining).toBe(4_000)
    expect(both(3_500, 3_000).exhausted?.remaining).toBe(3_000)
    expect(both(500, 3_000).cooling.m?.remaining).toBe(3_000)
  })

  it('is not changed by hearing it twice, nor ever better than either', () => {
    const marks = fc.option(fc.nat(10_000).map(remaining => mark('exhausted', remaining)))
    const some = fc.record({
      failures: fc.nat(5),
      invalid: fc.option(fc.record({ reason: fc.constant('no'), since: fc.nat(9) })),
      exhausted: marks,
      cooling: fc.dictionary(
        fc.constantFrom('m', 'n', '__proto__'),
        marks.filter(m => m !== null),
      ),
    })
    fc.assert(
      fc.property(some, some, (first, second) => {
        const [a, b] = [
          keyMemory(first as Partial<KeyMemory>),
          keyMemory(second as Partial<KeyMemory>),
        ]
        const merged = mergeMemories(a, b)
        expect(mergeMemories(a, merged)).toEqual(merged)
        for (const one of [a, b]) {
          expect(merged.failures).toBeGreaterThanOrEqual(one.failures)
          if (one.invalid) expect(merged.invalid).not.toBeNull()
          const left = merged.exhausted?.remaining ?? -1
          expect(left).toBeGreaterThanOrEqual(one.exhausted?.remaining ?? -1)
        }
      }),
    )
  })
})

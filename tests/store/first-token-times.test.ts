import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classOf, median } from '../../src/store/first-token-times.ts'

function counted(times: readonly number[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const time of times) counts.set(classOf(time), (counts.get(classOf(time)) ?? 0) + 1)
  return counts
}

const time = fc.double({ min: 5, max: 500_000, noNaN: true })

describe('the median of times in classes', () => {
  it('is true to a tenth', () => {
    fc.assert(
      fc.property(fc.array(time, { minLength: 1, maxLength: 50 }), times => {
        const inOrder = times.toSorted((a, b) => a - b)
        const exact = inOrder[Math.ceil(times.length / 2) - 1] as number
        const found = median(counted(times)) as number
        expect(Math.abs(found - exact) / exact).toBeLessThan(0.1)
      }),
    )
  })

  it('is none of nothing, and small or large where all times are', () => {
    expect(median(new Map())).toBeNull()
    expect(median(counted([0, 0.001, 5]))).toBeLessThanOrEqual(5)
    const most = counted([10_000_000, Number.MAX_VALUE])
    expect(most.size).toBe(1)
    expect(median(most)).toBeGreaterThan(500_000)
  })

  it('is of classes whose names stand in their order', () => {
    fc.assert(
      fc.property(time, time, (a, b) => {
        if (a <= b) expect(classOf(a) <= classOf(b)).toBe(true)
      }),
    )
  })
})

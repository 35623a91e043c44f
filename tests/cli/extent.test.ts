import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstId, type NewestBelow, type Row } from '../../src/cli/extent.ts'

/** The rows of a log, and how often it was read. */
function logOf(rows: readonly Row[]): { newestBelow: NewestBelow; reads: () => number } {
  let reads = 0
  return {
    newestBelow: async id => {
      reads++
      return rows.findLast(row => row.id < id)
    },
    reads: () => reads,
  }
}

/** Ids with gaps, times that never go back. */
const rows = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.nat(1_000)), { minLength: 1 })
  .map(steps =>
    steps.map((_, at) => {
      const before = steps.slice(0, at + 1)
      return {
        id: before.reduce((sum, [up]) => sum + up, 0),
        time: before.reduce((sum, [, later]) => sum + later, 0),
      }
    }),
  )

describe('the first id of a time', () => {
  it('is found within a hundredth of what lies above it, whatever the gaps', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(50_000), async (log, since) => {
        const newest = log.at(-1)?.id ?? 0
        const exact = log.find(row => row.time >= since)?.id ?? newest
        const found = await firstId(logOf(log).newestBelow, newest, since)
        expect(found).toBeGreaterThanOrEqual(exact)
        expect(found - exact).toBeLessThanOrEqual(1 + (newest - exact) / 100)
      }),
    )
  })

  it('is the oldest row where no time is given', async () => {
    const log = [700_001, 700_002, 700_010].map(id => ({ id, time: 5 }))
    expect(await firstId(logOf(log).newestBelow, 700_010)).toBe(700_001)
  })

  it('takes few reads of a large log', async () => {
    const log = Array.from({ length: 100_000 }, (_, at) => ({ id: at + 4_900_000, time: at }))
    const { newestBelow, reads } = logOf(log)
    await firstId(newestBelow, 4_999_999, 30_000)
    expect(reads()).toBeLessThan(20)
  })
})

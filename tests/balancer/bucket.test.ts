import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bucket } from '../../src/balancer/bucket.ts'

describe('Bucket', () => {
  it('admits its number at once, then one by one as time passes', () => {
    const bucket = new Bucket(3)
    expect([0, 0, 0, 0].map(at => bucket.take(at))).toEqual([true, true, true, false])
    expect(bucket.wait(0)).toBe(20_000)
    expect(bucket.take(19_999)).toBe(false)
    expect(bucket.take(20_000)).toBe(true)
  })

  it('never admits more than twice its number in any minute, nor more than one over its rate in the long run', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.array(fc.nat(5_000), { minLength: 1, maxLength: 400 }),
        (perMinute, gaps) => {
          const bucket = new Bucket(perMinute)
          const admitted: number[] = []
          let now = 0
          for (const gap of gaps) {
            now += gap
            if (bucket.take(now)) admitted.push(now)
          }
          const allowed = perMinute + (now / 60_000) * perMinute
          expect(admitted.length).toBeLessThanOrEqual(Math.ceil(allowed) + 1)
          for (const at of admitted) {
            const inMinute = admitted.filter(other => other >= at && other < at + 60_000).length
            expect(inMinute).toBeLessThanOrEqual(2 * perMinute)
          }
        },
      ),
    )
  })

  it('what it says of the wait is true', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.nat(2_000), { maxLength: 200 }),
        (perMinute, gaps) => {
          const bucket = new Bucket(perMinute)
          let now = 0
          for (const gap of gaps) {
            now += gap
            bucket.take(now)
          }
          expect(bucket.take(now + bucket.wait(now))).toBe(true)
        },
      ),
    )
  })
})

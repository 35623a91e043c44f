import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { Turns } from '../../src/base/turns.ts'

const MOST = 4

describe('turns', () => {
  let through: number[]
  let turns: Turns<number>
  const ask = (one: number) => {
    if (turns.ask(one)) through.push(one)
  }
  const next = () => new Promise(resolve => setImmediate(resolve))

  beforeEach(() => {
    through = []
    turns = new Turns(MOST, one => through.push(one))
  })

  it('let all through in the order in which they came, so many in one, and none twice', async () => {
    const arrivals = fc.array(fc.nat({ max: 5 * MOST }), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(arrivals, async counts => {
        through = []
        let asked = 0
        for (const count of counts) {
          const before = through.length
          for (let n = 0; n < count; n++) ask(asked++)
          await next()
          // Some went on as they came, some in the turn that followed.
          expect(through.length - before).toBeLessThanOrEqual(2 * MOST)
          expect(through.length + turns.waiting).toBe(asked)
        }
        while (turns.waiting > 0) await next()
        expect(through).toEqual(Array.from({ length: asked }, (_, n) => n))
        await next()
      }),
      { numRuns: 50 },
    )
  })

  it('let one through in each while there is a hurry, and more when a turn has passed without', async () => {
    const counts: number[] = []
    for (let one = 0; one < 20; one++) ask(one)
    for (let turn = 0; turn < 3; turn++) {
      turns.hurry()
      const before = through.length
      await next()
      counts.push(through.length - before)
    }
    const before = through.length
    await next()
    counts.push(through.length - before)
    expect(counts).toEqual([1, 1, 1, MOST])
  })

  it('let one through at once, too, where there is a hurry', () => {
    turns.hurry()
    for (let one = 0; one < 3; one++) ask(one)
    expect([through, turns.waiting]).toEqual([[0], 2])
  })
})

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { count, PATIENCE } from '../support/count.ts'
import { type Dice, seeded, written } from './relay-fuzz/dice.ts'
import { breaches } from './relay-fuzz/laws.ts'
import { World } from './relay-fuzz/world.ts'

/** Clients of one gateway: what one of them taught, the next ones meet. */
const ASKS = 25
const RUNS = count(50_000, 1_000_000)

const { random } = Math
/** Jitter comes from the dice too, or no run could be repeated. */
let dice: Dice = written([])

beforeAll(() => {
  Math.random = () => dice.below(1_000) / 1_000
})

afterAll(() => {
  Math.random = random
})

async function play(given: Dice, asks: number): Promise<World> {
  dice = given
  const world = new World(given)
  await world.run(asks)
  return world
}

describe('the way of an answer from upstream to client', () => {
  it('keeps its laws through 50,000 (soak: 1,000,000) runs of random faults', {
    timeout: PATIENCE,
  }, async ({ annotate }) => {
    const began = performance.now()
    const first = Math.floor(random() * 2 ** 31)
    let attempts = 0
    for (let seed = first; seed < first + RUNS / ASKS; seed++) {
      const world = await play(seeded(seed), ASKS).catch(error => {
        throw new Error(`seed ${seed}`, { cause: error })
      })
      expect(breaches(world), `seed ${seed}`).toEqual([])
      for (const { plays } of world.cases) attempts += plays.length
    }
    const seconds = (performance.now() - began) / 1_000
    await annotate(
      `${RUNS} exchanges, ${attempts} attempts, ${Math.round(RUNS / seconds)} a second`,
    )
  })

  it('is the same again for the same dice', async () => {
    const [one, other] = [await play(seeded(7), 200), await play(seeded(7), 200)]
    expect(other.records).toEqual(one.records)
    expect(new Set(one.records.map(({ outcome }) => outcome)).size).toBeGreaterThan(5)
  })

  it('keeps them through 2,000 (soak: 50,000) runs that can be shrunk', {
    timeout: PATIENCE,
  }, async () => {
    const numbers = fc.array(fc.nat(10_000), { maxLength: 120 })
    await fc.assert(
      fc.asyncProperty(numbers, async decisions => {
        expect(breaches(await play(written(decisions), 2))).toEqual([])
      }),
      { numRuns: count(2_000, 50_000) },
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KeyState } from '../../src/balancer/key-state.ts'
import type { Lease } from '../../src/balancer/lease.ts'
import { judge, type Mark } from '../../src/balancer/mark.ts'
import { Pool } from '../../src/balancer/pool.ts'
import type { KeyMemory } from '../../src/model/catalog.ts'
import { type Fault, type Outcome, usualRetry, WORKED } from '../../src/model/outcome.ts'
import { key } from '../support/catalog.ts'

const WALL = 1_000_000
const RULES = { policy: 'round-robin', maxFailures: 3 } as const
let told: string[] = []

function pool(names: readonly string[], generation = 1): Pool {
  told = []
  const made = new Pool(
    { keyLearned: ({ id }) => told.push(id), breakerChanged: () => {} },
    () => 1,
  )
  made.update(
    names.map(name => key(name, { generation })),
    RULES,
    new Map(),
    0,
    WALL,
  )
  return made
}

function outcome(fault: Fault, retryAfter: number | null = null): Outcome {
  const retry = usualRetry(fault)
  return { fault, reach: 'rejected', retry, code: null, detail: fault, message: '', retryAfter }
}

/** One exchange's attempts, each on the next key; its marks are not judged yet. */
function attempts(of: Pool, faults: readonly Fault[], now = 0, model = 'm'): Mark[] {
  const tried: KeyState[] = []
  return faults.flatMap(fault => {
    const lease = of.select(model, tried, now) as Lease
    tried.push(lease.key)
    return lease.release(outcome(fault), now, WALL) ?? []
  })
}

const memories = (of: Pool, names: readonly string[], now = 0): KeyMemory[] =>
  names.map(name => (of.key(name) as KeyState).memory(now, WALL))

describe('marks of one exchange', () => {
  const NAMES = ['a', 'b', 'c', 'd']

  it('are in force at once, but told to nobody before they are judged', () => {
    const four = pool(NAMES)
    const marks = attempts(four, ['rate', 'rate'])
    expect(four.key('a')?.usableFor('m', 0)).toBe(false)
    expect(told).toEqual([])
    judge(marks, four, 0)
    expect(told).toEqual(['a', 'b'])
  })

  it('stand where a later attempt at the same provider worked', () => {
    const four = pool(NAMES)
    judge(attempts(four, ['rate', 'quota', 'auth']), four, 0)
    expect(memories(four, NAMES)).toMatchObject([
      { cooling: { m: {} } },
      { exhausted: {} },
      { failures: 1 },
      { failures: 0, exhausted: null, cooling: {} },
    ])
  })

  it.each<[Fault[], string[]]>([
    // Alone of its kind a fault is the key's own.
    [['rate'], ['a']],
    [
      ['rate', 'quota', 'auth'],
      ['a', 'b', 'c'],
    ],
    [['rate', 'rate'], []],
    [['auth', 'auth', 'auth'], []],
    [['rate', 'auth', 'rate'], ['b']],
    [['model', 'model'], []],
  ])('where none worked: of %j those of %j stand', (faults, standing) => {
    const four = pool(NAMES)
    judge(attempts(four, faults), null, 0)
    const marked = memories(four, NAMES).filter(
      ({ failures, exhausted, cooling }) =>
        failures > 0 || exhausted !== null || Object.keys(cooling).length > 0,
    )
    expect(marked.map(({ keyId }) => keyId)).toEqual(standing)
  })

  it('another provider’s success says nothing of this one', () => {
    const [one, other] = [pool(NAMES), pool(['x'])]
    judge(attempts(one, ['rate', 'rate']), other, 0)
    expect(memories(one, NAMES).every(({ cooling }) => Object.keys(cooling).length === 0)).toBe(
      true,
    )
  })

  it('charge the provider once where they are dropped, whatever their number', () => {
    const four = pool(NAMES)
    for (let n = 0; n < 4; n++) judge(attempts(four, ['rate', 'rate', 'rate']), null, n)
    expect(four.breakers(4)).toEqual({})
    judge(attempts(four, ['rate', 'rate']), null, 4)
    expect(four.breakers(4)).toEqual({ m: 'open' })
  })

  it('of an exchange that was given up charge nobody, and are taken back', () => {
    const four = pool(NAMES)
    for (let n = 0; n < 20; n++) judge(attempts(four, ['auth', 'auth', 'auth']), null, n, true)
    expect(four.breakers(20)).toEqual({})
    expect(memories(four, NAMES).every(({ failures }) => failures === 0)).toBe(true)
    judge(attempts(four, ['auth']), null, 20, true)
    expect(memories(four, NAMES).some(({ failures }) => failures === 1)).toBe(true)
  })

  it('of a model that no key has charge nobody', () => {
    const four = pool(NAMES)
    for (let n = 0; n < 20; n++) judge(attempts(four, ['model', 'model']), null, n)
    expect(four.breakers(20)).toEqual({})
  })

  it('are void once the owner had a word', () => {
    const four = pool(NAMES)
    const marks = attempts(four, ['auth', 'auth'])
    const renewed = NAMES.map(name => key(name, { generation: 2 }))
    four.update(renewed, RULES, new Map(), 0, WALL)
    const invalid = { reason: 'since then', since: WALL }
    for (const name of NAMES) Object.assign(four.key(name) as KeyState, { failures: 3, invalid })
    judge(marks, null, 0)
    expect(memories(four, NAMES)).toMatchObject(Array(4).fill({ failures: 3, invalid }))
  })

  it('taken back, leave every key as it was, whatever had been learned before', () => {
    const fault = fc.constantFrom<Fault>('auth', 'quota', 'rate', 'model')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fault, fc.nat(3)), { maxLength: 12 }),
        fault,
        fc.integer({ min: 2, max: 4 }),
        fc.nat(7_200_000),
        (history, common, size, later) => {
          const four = pool(NAMES)
          for (const [before, at] of history) {
            const lease = four.select(
              'm',
              NAMES.slice(0, at).map(name => four.key(name) as KeyState),
              0,
            )
            const mark = lease?.release(outcome(before, 1_000), 0, WALL)
            if (mark) judge([mark], four, 0)
          }
          const before = memories(four, NAMES, later)
          const tried: KeyState[] = []
          const marks: Mark[] = []
          for (let n = 0; n < size; n++) {
            const lease = four.select('m', tried, later)
            if (lease === null) break
            tried.push(lease.key)
            const mark = lease.release(outcome(common), later, WALL)
            if (mark) marks.push(mark)
          }
          if (marks.length < 2) return
          judge(marks, null, later)
          expect(memories(four, NAMES, later)).toEqual(before)
          for (const { id } of tried) expect(four.key(id)?.inFlight).toBe(0)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('a limit whose time has come', () => {
  it('of one model is tried by one request at a time, until one works', () => {
    const one = pool(['a'])
    judge(attempts(one, ['rate']), null, 0)
    expect(one.wait('m', 0)).toBe(1_000)
    const trial = one.select('m', [], 1_000) as Lease
    expect([trial.trial, one.select('m', [], 1_000), one.wait('m', 1_000)]).toEqual([
      true,
      null,
      1_000,
    ])
    // Other models are no concern of it.
    expect(one.select('other', [], 1_000)?.trial).toBe(false)
    const again = trial.release(outcome('rate'), 1_100, WALL)
    judge([again as Mark], null, 1_100)
    expect(one.wait('m', 1_100)).toBe(2_000)
    const second = one.select('m', [], 3_100) as Lease
    // A good answer is told when it begins: a long one keeps nobody waiting.
    second.succeed(3_200)
    expect(one.select('m', [], 3_200)?.trial).toBe(false)
    second.release(WORKED, 9_000, WALL)
    expect(one.key('a')?.inFlight).toBe(2)
  })

  it('stays where the trial ended for another reason, and the next request is one', () => {
    const one = pool(['a'])
    judge(attempts(one, ['quota']), null, 0)
    for (const fault of ['provider', 'client', 'gone', 'local'] as const) {
      const trial = one.select('m', [], 3_600_000) as Lease
      expect(trial.trial).toBe(true)
      trial.release(outcome(fault), 3_600_000, WALL)
    }
    expect(one.key('a')?.exhausted).toMatchObject({ until: 3_600_000, onTrial: false })
  })
})

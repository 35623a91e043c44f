import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KeyState } from '../../src/balancer/key-state.ts'
import type { Lease } from '../../src/balancer/lease.ts'
import { judge } from '../../src/balancer/mark.ts'
import { Pool } from '../../src/balancer/pool.ts'
import type { Key, KeyMemory } from '../../src/model/catalog.ts'
import { type Fault, type Outcome, usualRetry, WORKED } from '../../src/model/outcome.ts'
import type { Policy } from '../../src/model/settings.ts'
import { key, keyMemory } from '../support/catalog.ts'
import { count } from '../support/count.ts'
import { keyList, stock } from '../support/key-lists.ts'

const WALL = Date.UTC(2026, 0, 1)
let learned: KeyState[] = []

function pool(
  keys: readonly Key[],
  policy: Policy = 'round-robin',
  memories: KeyMemory[] = [],
): Pool {
  learned = []
  const made = new Pool(
    { keyLearned: state => learned.push(state), breakerChanged: () => {} },
    () => 1,
  )
  made.update(keys, { policy, maxFailures: 3 }, new Map(memories.map(m => [m.keyId, m])), 0, WALL)
  return made
}

const SILENT = { keyLearned: () => {}, breakerChanged: () => {} }

function outcome(fault: Fault, retryAfter: number | null = null): Outcome {
  return {
    fault,
    reach: 'rejected',
    retry: usualRetry(fault),
    code: null,
    detail: `${fault} said`,
    message: '',
    retryAfter,
  }
}

function ids(from: Pool, count: number, now = 0, model = 'm'): string[] {
  return Array.from({ length: count }, () => {
    const lease = from.select(model, [], now)
    lease?.release(WORKED, now, WALL)
    return lease?.key.id ?? 'none'
  })
}

function release(lease: Lease | null, of: Outcome, now: number): void {
  const mark = lease?.release(of, now, WALL)
  if (mark) judge([mark], mark.pool, now)
}

/** Ends one request on this very key. */
function end(from: Pool, id: string, of: Outcome, now: number, model = 'm'): void {
  for (;;) {
    const lease = from.select(model, [], now) as Lease
    const wanted = lease.key.id === id
    release(lease, wanted ? of : outcome('gone'), now)
    if (wanted) return
  }
}

describe('round-robin', () => {
  it('gives every key its turn in the order they were added', () => {
    const three = pool([key('a'), key('b'), key('c')])
    expect(ids(three, 7)).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a'])
  })

  it('goes on where it stood when keys are added, removed or reloaded', () => {
    const turning = pool([key('a'), key('b'), key('c')])
    ids(turning, 1)
    const rules = { policy: 'round-robin', maxFailures: 3 } as const
    turning.update([key('a'), key('b'), key('c'), key('d')], rules, new Map(), 0, WALL)
    expect(ids(turning, 4)).toEqual(['b', 'c', 'd', 'a'])
    turning.update([key('a'), key('c'), key('d')], rules, new Map(), 0, WALL)
    expect(ids(turning, 3)).toEqual(['c', 'd', 'a'])
  })

  it('passes over keys that already refused this exchange', () => {
    const two = pool([key('a'), key('b')])
    const first = two.select('m', [], 0) as Lease
    const second = two.select('m', [first.key], 0) as Lease
    expect(second.key.id).toBe('b')
    expect(two.select('m', [first.key, second.key], 0)).toBeNull()
  })
})

describe('a reload', () => {
  const rules = { policy: 'round-robin', maxFailures: 3 } as const

  it('leaves the keys of its list in their order, whatever was there before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(keyList, fc.nat(3)), { maxLength: 8 }), steps => {
        const take = stock()
        const made = pool([])
        for (const [list, turns] of steps) {
          made.update(list.map(take), rules, new Map(), 0, WALL)
          const tier = Math.min(...list.filter(({ enabled }) => enabled).map(one => one.tier))
          const usable = list.filter(one => one.enabled && one.tier === tier).map(({ id }) => id)
          const cycle = ids(made, usable.length)
          const first = usable.indexOf(cycle[0] as (typeof usable)[number])
          expect(cycle).toEqual([...usable.slice(first), ...usable.slice(0, first)])
          expect(made.size).toBe(list.length)
          ids(made, turns)
        }
      }),
      { numRuns: count(300, 20_000) },
    )
  })

  it('of a few keys among many is what placing all anew would be, for limited models too', () => {
    const change = fc.record({ at: fc.nat(99), weight: fc.constant(2), enabled: fc.boolean() })
    const steps = fc.array(
      fc.record({
        changes: fc.array(change, { maxLength: 3 }),
        limited: fc.nat(99),
        renewed: fc.boolean(),
        added: fc.nat(1),
      }),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(steps, list => {
        const take = stock()
        let recipes = Array.from({ length: 100 }, (_, n) => ({ id: `k${n}`, generation: 1 }))
        const [one, all] = [pool(recipes.map(take)), pool(recipes.map(take))]
        let now = 0
        for (const { changes, limited, renewed, added } of list) {
          now++
          const { id: keyId, generation } = recipes[limited] as { id: string; generation: number }
          const cooling = { m: { kind: 'cooling', remaining: 60_000, reason: 'rate' } } as const
          for (const each of [one, all]) {
            each.learn(keyMemory({ keyId, generation, cooling, savedAt: WALL }), now, WALL)
          }
          for (const { at, ...rest } of changes) {
            const { id, generation } = recipes[at] as { id: string; generation: number }
            recipes = recipes.with(at, { id, ...rest, generation: generation + Number(renewed) })
          }
          if (added > 0) recipes = [...recipes, { id: `k${recipes.length}`, generation: 1 }]
          one.update(recipes.map(take), rules, new Map(), now, WALL)
          // Other objects, more than are placed one by one.
          all.update(recipes.map(stock()), rules, new Map(), now, WALL)
          const order = recipes.map(({ id }) => id)
          for (const model of ['m', 'other']) {
            const cycle = [...new Set(ids(one, order.length, now, model))]
            const sorted = [...new Set(ids(all, order.length, now, model))].sort()
            expect(cycle.toSorted()).toEqual(sorted)
            const first = order.indexOf(cycle[0] ?? '')
            const turned = [...order.slice(first), ...order.slice(0, first)]
            expect(cycle).toEqual(turned.filter(id => cycle.includes(id)))
          }
        }
      }),
      { numRuns: count(100, 3_000) },
    )
  })
})

describe('other policies', () => {
  it('weighted: shares are exact over a cycle', () => {
    const turns = ids(
      pool([key('a', { weight: 5 }), key('b', { weight: 1 }), key('c', { weight: 2 })], 'weighted'),
      16,
    )
    expect(turns.filter(id => id === 'a')).toHaveLength(10)
    expect(turns.filter(id => id === 'b')).toHaveLength(2)
    expect(turns.filter(id => id === 'c')).toHaveLength(4)
    expect(turns.slice(0, 8).join('')).not.toMatch(/aaaaa/)
  })

  it('least-busy: the key with the fewest requests in flight, ties in turn', () => {
    const busy = pool([key('a'), key('b')], 'least-busy')
    const a = busy.select('m', [], 0)
    const b = busy.select('m', [], 0)
    expect([a?.key.id, b?.key.id]).toEqual(['a', 'b'])
    release(b, WORKED, 0)
    expect(busy.select('m', [], 0)?.key.id).toBe('b')
  })

  it('uses a lower tier up before a higher one', () => {
    const tiers = pool([key('spare', { tier: 2 }), key('main', { tier: 1, concurrency: 1 })])
    const first = tiers.select('m', [], 0)
    expect(first?.key.id).toBe('main')
    expect(tiers.select('m', [], 0)?.key.id).toBe('spare')
    release(first, WORKED, 0)
    expect(tiers.select('m', [], 0)?.key.id).toBe('main')
  })
})

describe('limits of a key', () => {
  it('holds to requests per minute, and says when the next may come', () => {
    const slow = pool([key('a', { rpm: 2 })])
    expect(ids(slow, 3)).toEqual(['a', 'a', 'none'])
    expect(slow.wait('m', 0)).toBe(30_000)
    expect(ids(slow, 1, 30_000)).toEqual(['a'])
  })

  it('holds to requests at once', () => {
    const narrow = pool([key('a', { concurrency: 2 })])
    const one = narrow.select('m', [], 0)
    narrow.select('m', [], 0)
    expect(narrow.select('m', [], 0)).toBeNull()
    release(one, WORKED, 0)
    expect(narrow.select('m', [], 0)).not.toBeNull()
  })
})

describe('what a key learns', () => {
  it('is invalid after max_failures refusals in a row, and says since when and why', () => {
    const two = pool([key('bad'), key('good')])
    for (let i = 0; i < 3; i++) end(two, 'bad', outcome('auth'), i)
    expect(new Set(ids(two, 10, 5))).toEqual(new Set(['good']))
    expect(two.key('bad')?.invalid).toEqual({ reason: 'auth said', since: WALL })
    expect(learned.at(-1)?.id).toBe('bad')
  })

  it('a success in between clears the count', () => {
    const one = pool([key('a')])
    for (const fault of ['auth', 'auth', 'none', 'auth', 'auth'] as const)
      end(one, 'a', outcome(fault), 0)
    expect(ids(one, 1)).toEqual(['a'])
    expect(one.key('a')?.failures).toBe(0)
  })

  it('cools for the model only, until the time the upstream gave', () => {
    const two = pool([key('a'), key('b')])
    end(two, 'a', outcome('rate', 2_000), 0, 'big')
    expect(ids(two, 4, 1_999, 'big')).toEqual(['b', 'b', 'b', 'b'])
    expect(new Set(ids(two, 4, 1_999, 'small'))).toEqual(new Set(['a', 'b']))
    expect(new Set(ids(two, 4, 2_000, 'big'))).toEqual(new Set(['a', 'b']))
  })

  it('without a time backs off 1 s, 2 s, 4 s, … up to a minute', () => {
    const one = pool([key('a')])
    let now = 0
    const waits = Array.from({ length: 8 }, () => {
      end(one, 'a', outcome('rate'), now)
      const wait = one.wait('m', now) as number
      now += wait
      return wait
    })
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  })

  it('of models that clients made up takes no more room than 256 of them', () => {
    const one = pool([key('a')])
    const state = one.key('a') as KeyState
    for (let n = 0; n < 2_000; n++) end(one, 'a', outcome('rate', 60_000), n, `made-up-${n}`)
    expect(state.cooling.size).toBe(256)
    expect(one.select('made-up-1999', [], 2_000)).toBeNull()
    expect(one.select('another', [], 2_000)).not.toBeNull()
    // Those that have ended go first.
    end(one, 'a', outcome('rate', 60_000), 90_000, 'the-last')
    expect([...state.cooling.keys()]).toEqual(['the-last'])
  })

  it('comes back at each of its times, in whatever order they were learned', () => {
    const one = pool([key('a')])
    for (const [model, wait] of [
      ['x', 30_000],
      ['y', 10_000],
      ['z', 20_000],
    ] as const) {
      end(one, 'a', outcome('rate', wait), 0, model)
    }
    const usable = (now: number) =>
      ['x', 'y', 'z'].filter(model => {
        const lease = one.select(model, [], now)
        release(lease, outcome('gone'), now)
        return lease !== null
      })
    expect(usable(9_999)).toEqual([])
    expect(usable(10_000)).toEqual(['y'])
    expect(usable(20_000)).toEqual(['y', 'z'])
    expect(usable(30_000)).toEqual(['x', 'y', 'z'])
  })

  it('counts refusals of requests that were out together as one', () => {
    const one = pool([key('a')])
    const leases = [one.select('m', [], 0), one.select('m', [], 0), one.select('m', [], 0)]
    for (const lease of leases) release(lease, outcome('rate'), 0)
    expect(one.wait('m', 0)).toBe(1_000)
  })

  it('without quota is exhausted at once, and then tried by one request at a time', () => {
    const one = pool([key('a')])
    end(one, 'a', outcome('quota', 10_000), 0)
    expect(one.select('m', [], 9_999)).toBeNull()
    const trial = one.select('m', [], 10_000)
    expect(trial?.key.id).toBe('a')
    expect(one.select('m', [], 10_000)).toBeNull()
    release(trial, outcome('client'), 10_000)
    const second = one.select('m', [], 10_001)
    release(second, WORKED, 10_001)
    expect(ids(one, 3, 10_002)).toEqual(['a', 'a', 'a'])
  })

  it('nothing from what a client, the provider or this host did', () => {
    const one = pool([key('a')])
    for (const fault of ['client', 'local', 'gone', 'provider'] as const)
      end(one, 'a', outcome(fault), 0)
    expect(learned).toEqual([])
    expect(one.key('a')?.failures).toBe(0)
  })
})

describe('the owner’s verbs', () => {
  const rules = { policy: 'round-robin', maxFailures: 3 } as const

  it('a raised generation voids what was learned', () => {
    const one = pool([key('a')])
    for (let i = 0; i < 3; i++) end(one, 'a', outcome('auth'), i)
    expect(ids(one, 1)).toEqual(['none'])
    one.update([key('a', { generation: 2 })], rules, new Map(), 9, WALL)
    expect(ids(one, 1, 9)).toEqual(['a'])
  })

  it('stands against requests that were out when it was given', () => {
    const one = pool([key('a')])
    for (const late of [outcome('auth'), outcome('quota'), outcome('rate', 60_000), WORKED]) {
      const out = Array.from({ length: 5 }, () => one.select('m', [], 9))
      const generation = (one.key('a') as KeyState).generation + 1
      one.update([key('a', { generation })], rules, new Map(), 9, WALL)
      learned = []
      for (const lease of out) release(lease, late, 9)
      expect(learned).toEqual([])
      expect(one.key('a')).toMatchObject({
        failures: 0,
        invalid: null,
        exhausted: null,
        inFlight: 0,
      })
      expect(ids(one, 1, 9)).toEqual(['a'])
    }
  })

  it('leaves the one trial of an exhausted key to whoever began it under the new generation', () => {
    const one = pool([key('a')])
    end(one, 'a', outcome('quota', 10), 0)
    const old = one.select('m', [], 20)
    one.update([key('a', { generation: 2 })], rules, new Map(), 20, WALL)
    end(one, 'a', outcome('quota', 10), 20)
    const trial = one.select('m', [], 40)
    release(old, outcome('gone'), 40)
    expect(one.select('m', [], 40)).toBeNull()
    release(trial, WORKED, 41)
    expect(ids(one, 1, 41)).toEqual(['a'])
  })

  it('brings what others learned under the new generation with it', () => {
    const one = pool([key('a')])
    const invalid = { reason: 'refused', since: WALL }
    const known = keyMemory({ generation: 2, failures: 3, invalid, savedAt: WALL })
    one.update([key('a', { generation: 2 })], rules, new Map([['a', known]]), 0, WALL)
    expect(ids(one, 1)).toEqual(['none'])
  })

  it('a disabled or sealed key is handed to nobody, and no time is promised for it', () => {
    const one = pool([key('a', { enabled: false }), key('b', { secret: null })])
    expect(ids(one, 1)).toEqual(['none'])
    expect(one.wait('m', 0)).toBeNull()
  })

  it('a removed key stays gone though a request on it ends later', () => {
    const one = pool([key('a'), key('b')])
    const lease = one.select('m', [], 0)
    one.update([key('b')], rules, new Map(), 0, WALL)
    release(lease, outcome('rate', 10), 0)
    expect(ids(one, 4, 1_000)).toEqual(['b', 'b', 'b', 'b'])
  })
})

describe('memory', () => {
  it('survives a restart: times shrink by the wall time that passed, and never grow', () => {
    const before = pool([key('a'), key('b')])
    end(before, 'a', outcome('rate', 60_000), 0)
    const kept = (before.key('a') as KeyState).memory(20_000, WALL)
    const after = new Pool(SILENT, () => 1)
    after.update([key('a')], rulesOf(), new Map([['a', kept]]), 500, WALL + 30_000)
    expect(after.wait('m', 500)).toBe(10_000)
    const clockSetBack = new Pool(SILENT, () => 1)
    clockSetBack.update([key('a')], rulesOf(), new Map([['a', kept]]), 500, WALL - 86_400_000)
    expect(clockSetBack.wait('m', 500)).toBe(40_000)
    expect(clockSetBack.select('m', [], 40_501)?.key.id).toBe('a')
  })

  it('of an older generation is ignored', () => {
    const before = pool([key('a')])
    for (let i = 0; i < 3; i++) end(before, 'a', outcome('auth'), i)
    const kept = (before.key('a') as KeyState).memory(0, WALL)
    expect(ids(pool([key('a')], 'round-robin', [kept]), 1)).toEqual(['none'])
    expect(ids(pool([key('a', { generation: 2 })], 'round-robin', [kept]), 1)).toEqual(['a'])
  })
})

describe('what another process learned', () => {
  const said = (change: Partial<KeyMemory>) => keyMemory({ savedAt: WALL, ...change })
  const mark = (kind: 'cooling' | 'exhausted', remaining: number) => ({
    kind,
    remaining,
    reason: 'said',
  })

  it('takes a key out, for as long as was said, and is not passed on', () => {
    const two = pool([key('a'), key('b')])
    two.learn(said({ cooling: { m: mark('cooling', 5_000) } }), 0, WALL)
    expect(learned).toEqual([])
    expect(new Set(ids(two, 4, 4_999))).toEqual(new Set(['b']))
    expect(new Set(ids(two, 4, 5_000))).toEqual(new Set(['a', 'b']))
    two.learn(said({ invalid: { reason: 'refused', since: WALL } }), 6_000, WALL)
    expect(new Set(ids(two, 4, 6_000))).toEqual(new Set(['b']))
  })

  it('brings it back where a request of the other succeeded', () => {
    const one = pool([key('a')])
    end(one, 'a', outcome('quota', 60_000), 0)
    one.learn(said({}), 5_000, WALL)
    expect(ids(one, 1, 5_000)).toEqual(['a'])
  })

  it('does not undo what was learned here a moment ago', () => {
    const one = pool([key('a')])
    end(one, 'a', outcome('rate', 60_000), 0)
    one.learn(said({ failures: 1 }), 100, WALL)
    expect(one.select('m', [], 100)).toBeNull()
    expect(one.key('a')?.failures).toBe(1)
  })

  it('under an older generation is ignored', () => {
    const one = pool([key('a', { generation: 2 })])
    one.learn(said({ invalid: { reason: 'refused', since: WALL } }), 0, WALL)
    expect(ids(one, 1)).toEqual(['a'])
  })
})

describe('breaker', () => {
  it('refuses a model after five provider failures in a row, then lets one probe through', () => {
    const two = pool([key('a'), key('b')])
    for (let i = 0; i < 5; i++) release(two.select('m', [], i), outcome('provider'), i)
    expect(two.select('m', [], 10)).toBeNull()
    expect(two.select('other', [], 10)).not.toBeNull()
    expect(two.wait('m', 4)).toBe(5_000)
    const probe = two.select('m', [], 5_004)
    expect(probe?.probe).toBe(true)
    expect(two.select('m', [], 5_004)).toBeNull()
    release(probe, WORKED, 5_004)
    for (let i = 0; i < 2; i++) release(two.select('m', [], 5_005), WORKED, 5_005)
    expect(two.breakers(5_006)).toEqual({})
  })
})

describe('any history', () => {
  const faults = fc.constantFrom<Fault>(
    'none',
    'auth',
    'quota',
    'rate',
    'model',
    'provider',
    'client',
    'local',
    'gone',
  )
  const step = fc.record({
    fault: faults,
    after: fc.nat(20_000),
    hold: fc.boolean(),
    model: fc.constantFrom('x', 'y'),
  })

  it('hands out only usable keys, never leaks a claim, and comes back when time passes', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.constantFrom<Policy>('round-robin', 'weighted', 'least-busy'),
        (steps, policy) => {
          const some = pool(
            [key('a'), key('b', { weight: 3 }), key('c', { tier: 2, concurrency: 2 })],
            policy,
          )
          const held: Lease[] = []
          let now = 0
          for (const { fault, after, hold, model } of steps) {
            now += after
            const lease = some.select(model, [], now)
            if (lease === null) continue
            expect(lease.key.invalid).toBeNull()
            expect(lease.key.cooling.get(model)?.until ?? 0).toBeLessThanOrEqual(now)
            expect(lease.key.exhausted?.until ?? 0).toBeLessThanOrEqual(now)
            if (hold) held.push(lease)
            else lease.release(outcome(fault), now, WALL)
          }
          for (const lease of held) lease.release(outcome('gone'), now, WALL)
          for (const id of ['a', 'b', 'c']) expect(some.key(id)?.inFlight).toBe(0)
          const wait = some.wait('x', now)
          if (wait !== null) expect(some.select('x', [], now + wait)).not.toBeNull()
        },
      ),
      { numRuns: count(500, 50_000) },
    )
  })
})

function rulesOf() {
  return { policy: 'round-robin', maxFailures: 3 } as const
}

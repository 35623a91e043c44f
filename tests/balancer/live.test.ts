import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Lease } from '../../src/balancer/lease.ts'
import { Live } from '../../src/balancer/live.ts'
import type { Provider, ProviderMemory } from '../../src/model/catalog.ts'
import { type Fault, type Outcome, usualRetry, WORKED } from '../../src/model/outcome.ts'
import { key, outage, provider, word } from '../support/catalog.ts'
import { count } from '../support/count.ts'
import { ManualClock } from '../support/manual-clock.ts'

const WALL = Date.UTC(2026, 0, 1)

/** One process that serves provider `mock`, and what it says of it. */
class Gateway {
  readonly clock: ManualClock
  readonly live: Live
  readonly #said: ProviderMemory[] = []

  constructor(clock = new ManualClock(WALL)) {
    this.clock = clock
    this.live = new Live(clock)
    this.live
      .pool('p_mock')
      .update([key('a')], { policy: 'round-robin', maxFailures: 3 }, new Map(), clock.now(), WALL)
    this.configure()
  }

  configure(change: Partial<Provider> = {}): void {
    this.live.configure([provider('mock', 'http://localhost', change)])
  }

  get open(): Record<string, string> {
    return { ...this.live.pool('p_mock').breakers(this.clock.now()) }
  }

  wait(model = 'm'): number | null {
    return this.live.pool('p_mock').wait(model, this.clock.now())
  }

  claim(model = 'm'): Lease | null {
    return this.live.pool('p_mock').select(model, [], this.clock.now())
  }

  release(lease: Lease | null, outcome: Outcome): void {
    lease?.release(outcome, this.clock.now(), this.clock.wall())
  }

  /** Five failures open it. */
  break(model = 'm'): void {
    for (let n = 0; n < 5; n++) this.release(this.claim(model), FAILED)
  }

  /** What it says when it is asked, once. */
  tell(): ProviderMemory[] {
    const said = this.live.takeOutages()
    this.#said.push(...said)
    return said
  }

  /** All it ever said. */
  get said(): readonly ProviderMemory[] {
    return this.#said
  }
}

function outcome(fault: Fault): Outcome {
  return { ...WORKED, fault, retry: usualRetry(fault), detail: fault }
}
const FAILED = outcome('provider')

/** Two processes on one host. */
function two(): [Gateway, Gateway, ManualClock] {
  const clock = new ManualClock(WALL)
  return [new Gateway(clock), new Gateway(clock), clock]
}

describe('what is told of a provider', () => {
  it('is that a breaker opened, and that it closed, once each', () => {
    const gateway = new Gateway()
    expect(gateway.tell()).toEqual([])
    gateway.break()
    const opened = word(WALL, 5_000)
    expect(gateway.tell()).toEqual([outage({ m: opened })])
    expect(gateway.tell()).toEqual([])
    gateway.clock.advance(5_000)
    gateway.release(gateway.claim(), WORKED)
    expect(gateway.tell()).toEqual([outage({ m: word(WALL + 5_000, 0) })])
  })

  it('is nothing of what was heard', () => {
    const gateway = new Gateway()
    gateway.live.learnOutages([outage({ m: word(WALL, 5_000) })])
    expect(gateway.tell()).toEqual([])
  })

  it('is nothing of a provider that is gone', () => {
    const gateway = new Gateway()
    gateway.break()
    gateway.live.retain(new Set(), new Set(), new Set())
    expect(gateway.tell()).toEqual([])
  })

  it('is also that all its models are left alone, and that they are not', () => {
    const gateway = new Gateway()
    gateway.live.learnOutages([outage({ '*': word(WALL, 5_000) })])
    expect([gateway.open, gateway.claim('any')]).toEqual([{ '*': 'open' }, null])
    gateway.clock.advance(5_000)
    gateway.release(gateway.claim('any'), WORKED)
    expect(gateway.tell()).toEqual([outage({ '*': word(WALL + 5_000, 0) })])
  })
})

describe('what is heard of a provider', () => {
  it('opens the breaker for the time that is left, and then one probe goes out', () => {
    const [one, other, clock] = two()
    one.break()
    clock.advance(1_000)
    other.live.learnOutages(one.tell())
    expect([other.wait(), other.claim()]).toEqual([4_000, null])
    clock.advance(4_000)
    expect(other.open).toEqual({ m: 'half-open' })
    expect(other.claim()?.probe).toBe(true)
    expect(other.claim()).toBeNull()
  })

  it('closes the breaker', () => {
    const [one, other, clock] = two()
    one.break()
    other.live.learnOutages(one.tell())
    clock.advance(5_000)
    one.release(one.claim(), WORKED)
    other.live.learnOutages(one.tell())
    expect(other.open).toEqual({})
    // How often it opened is known there too.
    other.break()
    expect(other.wait()).toBe(10_000)
  })

  it('says nothing of other models: two do not close each other’s', () => {
    const [one, other] = two()
    one.break('a')
    other.break('b')
    const [first, second] = [one.tell(), other.tell()]
    one.live.learnOutages(second)
    other.live.learnOutages(first)
    expect(one.open).toEqual({ a: 'open', b: 'open' })
    expect(other.open).toEqual(one.open)
  })

  it('does not count where a later word is known, in whatever order they come', () => {
    const [one, other, clock] = two()
    one.break()
    const opened = one.tell()
    clock.advance(5_000)
    const [probe, late] = [one.claim(), one.tell()]
    expect(late).toEqual([])
    one.release(probe, WORKED)
    const closed = one.tell()
    other.live.learnOutages([...closed, ...opened])
    expect(other.open).toEqual({})
    one.live.learnOutages(opened)
    expect(one.open).toEqual({})
  })

  it('does not lose an opening where another closed it moments before', () => {
    const [one, other, clock] = two()
    one.break()
    other.live.learnOutages(one.tell())
    clock.advance(5_000)
    const [good, bad] = [one.claim(), other.claim()]
    one.release(good, WORKED)
    clock.advance(10)
    other.release(bad, FAILED)
    const [closed, opened] = [one.tell(), other.tell()]
    one.live.learnOutages(opened)
    other.live.learnOutages(closed)
    expect([one.open, other.open]).toEqual([{ m: 'open' }, { m: 'open' }])
    expect([one.tell(), other.tell()]).toEqual([[], []])
  })

  it('is answered in order by hosts whose clocks differ', () => {
    const ahead = new Gateway(new ManualClock(WALL + 3_600_000))
    const behind = new Gateway()
    ahead.break()
    behind.live.learnOutages(ahead.tell())
    // It takes no more time than was said, though it seems to be of the future.
    expect(behind.wait()).toBe(5_000)
    behind.clock.advance(5_000)
    behind.release(behind.claim(), WORKED)
    ahead.live.learnOutages(behind.tell())
    expect([behind.open, ahead.open]).toEqual([{}, {}])
  })

  it('is as good after a restart: the time that is left, and none for a clock set back', () => {
    const before = new Gateway()
    before.break()
    const kept = before.tell()
    const after = new Gateway(new ManualClock(WALL + 3_000))
    after.live.learnOutages(kept)
    expect(after.wait()).toBe(2_000)
    const setBack = new Gateway(new ManualClock(WALL - 86_400_000))
    setBack.live.learnOutages(kept)
    expect(setBack.wait()).toBe(5_000)
    const muchLater = new Gateway(new ManualClock(WALL + 86_400_000))
    muchLater.live.learnOutages(kept)
    expect(muchLater.open).toEqual({ m: 'half-open' })
  })

  it('ends in the same at all of them, whoever hears what when', () => {
    const event = fc.record({
      who: fc.nat(2),
      model: fc.constantFrom('a', 'b', '', '__proto__'),
      works: fc.boolean(),
      after: fc.nat(3_000),
      hears: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), events => {
        // Their clocks go together, but not by the same time of day.
        const all = [0, 40, -3_000].map(skew => new Gateway(new ManualClock(WALL + skew)))
        for (const { who, model, works, after, hears } of events) {
          for (const { clock } of all) clock.advance(after)
          const gateway = all[who] as Gateway
          if (works) gateway.release(gateway.claim(model), WORKED)
          else gateway.break(model)
          const said = gateway.tell()
          const other = all[(who + 1) % 3] as Gateway
          if (hears) other.live.learnOutages(said)
        }
        const words = all.flatMap(({ said }) => said)
        for (const { live } of all) live.learnOutages([...words].reverse())
        const [first, ...others] = all.map(({ open }) => Object.keys(open).sort())
        for (const other of others) expect(other).toEqual(first)
      }),
      { numRuns: count(100, 2_000) },
    )
  })
})

describe('the owner’s word on a provider', () => {
  it('voids what was learned before, and what is said of that time', () => {
    const gateway = new Gateway()
    gateway.break()
    const kept = gateway.tell()
    gateway.configure({ generation: 2 })
    gateway.live.learnOutages(kept)
    expect(gateway.open).toEqual({})
    gateway.break()
    expect(gateway.tell()).toEqual([outage({ m: word(WALL, 5_000) }, { generation: 2 })])
  })

  it('voids what attempts teach that are still out', () => {
    const gateway = new Gateway()
    const out = Array.from({ length: 5 }, () => gateway.claim())
    gateway.configure({ generation: 2 })
    for (const lease of out) gateway.release(lease, FAILED)
    expect(gateway.open).toEqual({})
    expect(gateway.tell()).toEqual([])
  })

  it('is not answered by a success of the time before', () => {
    const gateway = new Gateway()
    const out = gateway.claim()
    gateway.configure({ generation: 2 })
    for (let n = 0; n < 4; n++) gateway.release(gateway.claim(), FAILED)
    gateway.release(out, WORKED)
    gateway.release(gateway.claim(), FAILED)
    expect(gateway.open).toEqual({ m: 'open' })
  })

  it('leaves it as it is where nothing of it changed', () => {
    const gateway = new Gateway()
    gateway.break()
    gateway.configure({ enabled: true })
    expect(gateway.open).toEqual({ m: 'open' })
  })
})

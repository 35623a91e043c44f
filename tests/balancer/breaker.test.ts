import { describe, expect, it } from 'vitest'
import { Breaker } from '../../src/balancer/breaker.ts'

function opened(): Breaker {
  const breaker = new Breaker()
  for (let i = 0; i < 5; i++) breaker.fail(false, 0)
  return breaker
}

describe('Breaker', () => {
  it('stays closed as long as a success comes before the fifth failure', () => {
    const breaker = new Breaker()
    for (let i = 0; i < 20; i++) {
      for (let n = 0; n < 4; n++) breaker.fail(false, 0)
      breaker.succeed(false)
    }
    expect(breaker.state(0)).toBe('closed')
  })

  it('opens at five in a row, for five seconds', () => {
    const breaker = opened()
    expect([breaker.state(0), breaker.allows(4_999), breaker.wait(1_000)]).toEqual([
      'open',
      false,
      4_000,
    ])
    expect([breaker.state(5_000), breaker.allows(5_000)]).toEqual(['half-open', true])
  })

  it('lets one probe at a time through while half-open', () => {
    const breaker = opened()
    expect(breaker.enter(5_000)).toBe(true)
    expect(breaker.allows(5_000)).toBe(false)
    breaker.forget(true)
    expect(breaker.allows(5_000)).toBe(true)
  })

  it('closes at the first good probe, and forgets earlier openings after three successes', () => {
    const breaker = opened()
    expect(breaker.succeed(breaker.enter(5_000))).toBe(true)
    expect(breaker.state(5_000)).toBe('closed')
    for (let i = 0; i < 5; i++) breaker.fail(false, 6_000)
    expect(breaker.wait(6_000)).toBe(10_000)
    breaker.succeed(breaker.enter(16_000))
    for (let i = 0; i < 2; i++) breaker.succeed(false)
    for (let i = 0; i < 5; i++) breaker.fail(false, 20_000)
    expect(breaker.wait(20_000)).toBe(5_000)
  })

  it('is not closed by a success of a request that went out before it opened', () => {
    const breaker = opened()
    expect(breaker.succeed(false)).toBe(false)
    expect(breaker.state(1)).toBe('open')
  })

  it('goes on after a restart where it stood', () => {
    const kept = opened().opening(2_000)
    expect(kept).toEqual({ remaining: 3_000, openings: 1 })
    const later = new Breaker()
    later.recall(kept, 100)
    expect([later.wait(100), later.state(3_100)]).toEqual([3_000, 'half-open'])
    later.fail(later.enter(3_100), 3_100)
    expect(later.wait(3_100)).toBe(10_000)
    later.recall(null, 3_200)
    expect([later.state(3_200), later.opening(3_200)]).toEqual(['closed', null])
  })

  it('stays open longer each time a probe fails, up to five minutes', () => {
    const breaker = opened()
    let now = 0
    const waits: number[] = []
    for (let i = 0; i < 70; i++) {
      waits.push(breaker.wait(now))
      now += breaker.wait(now)
      breaker.fail(breaker.enter(now), now)
    }
    expect(waits.slice(0, 3)).toEqual([5_000, 10_000, 15_000])
    expect(Math.max(...waits)).toBe(300_000)
  })

  it('ignores late failures of requests that went out before it opened', () => {
    const breaker = opened()
    breaker.fail(false, 4_000)
    expect(breaker.wait(4_000)).toBe(1_000)
  })
})

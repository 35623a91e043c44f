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

  it('closes after three good probes', () => {
    const breaker = opened()
    for (let i = 0; i < 3; i++) breaker.succeed(breaker.enter(5_000 + i))
    expect(breaker.state(5_003)).toBe('closed')
    expect(breaker.enter(5_003)).toBe(false)
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

import { describe, expect, it } from 'vitest'
import { within } from '../../src/base/clock.ts'
import { ManualClock } from '../support/manual-clock.ts'

describe('within', () => {
  it('gives what the promise gives, and leaves no timer', async () => {
    const clock = new ManualClock()
    expect(await within(clock, 10, Promise.resolve(1), () => 2)).toBe(1)
    await expect(within(clock, 10, Promise.reject(new Error('no')), () => 2)).rejects.toThrow('no')
    expect(clock.pending).toBe(0)
  })

  it('gives or throws something else when it takes too long', async () => {
    const clock = new ManualClock()
    const never = new Promise<number>(() => {})
    const given = within(clock, 10, never, () => 2)
    const thrown = within(clock, 10, never, () => {
      throw new Error('late')
    })
    clock.advance(10)
    expect(await given).toBe(2)
    await expect(thrown).rejects.toThrow('late')
  })
})

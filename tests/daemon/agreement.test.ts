import { describe, expect, it } from 'vitest'
import { Agreement } from '../../src/daemon/agreement.ts'
import { keyMemory } from '../support/catalog.ts'
import { ManualClock } from '../support/manual-clock.ts'

const INVALID = { reason: 'refused', since: 1 }

describe('what workers say of a key', () => {
  it('is taken together where they speak in the same moment', () => {
    const agreement = new Agreement(new ManualClock())
    const refused = keyMemory({ failures: 5, invalid: INVALID })
    expect(agreement.take(1, [refused])).toEqual([refused])
    expect(agreement.take(2, [keyMemory({ failures: 2 })])).toEqual([refused])
    // It spoke again, but still cannot have heard.
    expect(agreement.take(2, [keyMemory({ failures: 3 })])).toEqual([refused])
  })

  it('is the last word once all have heard of it', () => {
    const clock = new ManualClock()
    const agreement = new Agreement(clock)
    agreement.take(1, [keyMemory({ failures: 2 })])
    clock.advance(251)
    expect(agreement.take(2, [keyMemory()])).toEqual([keyMemory()])
  })

  it('may be taken back by who said it', () => {
    const agreement = new Agreement(new ManualClock())
    agreement.take(1, [keyMemory({ failures: 2 })])
    expect(agreement.take(1, [keyMemory()])).toEqual([keyMemory()])
  })

  it('under an older generation is void', () => {
    const agreement = new Agreement(new ManualClock())
    agreement.take(1, [keyMemory({ failures: 3, invalid: INVALID })])
    const anew = keyMemory({ generation: 2 })
    expect(agreement.take(2, [anew])).toEqual([anew])
    expect(agreement.take(1, [keyMemory({ failures: 4, invalid: INVALID })])).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { Agreement } from '../../src/daemon/agreement.ts'
import type { KeyMemory } from '../../src/model/catalog.ts'
import { ManualClock } from '../support/manual-clock.ts'

const INVALID = { reason: 'refused', since: 1 }

function memory(change: Partial<KeyMemory> = {}): KeyMemory {
  return {
    keyId: 'a',
    generation: 1,
    failures: 0,
    invalid: null,
    exhausted: null,
    cooling: {},
    savedAt: 1_000,
    ...change,
  }
}

describe('what workers say of a key', () => {
  it('is taken together where they speak in the same moment', () => {
    const agreement = new Agreement(new ManualClock())
    const refused = memory({ failures: 5, invalid: INVALID })
    expect(agreement.take(1, [refused])).toEqual([refused])
    expect(agreement.take(2, [memory({ failures: 2 })])).toEqual([refused])
    // It spoke again, but still cannot have heard.
    expect(agreement.take(2, [memory({ failures: 3 })])).toEqual([refused])
  })

  it('is the last word once all have heard of it', () => {
    const clock = new ManualClock()
    const agreement = new Agreement(clock)
    agreement.take(1, [memory({ failures: 2 })])
    clock.advance(251)
    expect(agreement.take(2, [memory()])).toEqual([memory()])
  })

  it('may be taken back by who said it', () => {
    const agreement = new Agreement(new ManualClock())
    agreement.take(1, [memory({ failures: 2 })])
    expect(agreement.take(1, [memory()])).toEqual([memory()])
  })

  it('under an older generation is void', () => {
    const agreement = new Agreement(new ManualClock())
    agreement.take(1, [memory({ failures: 3, invalid: INVALID })])
    const anew = memory({ generation: 2 })
    expect(agreement.take(2, [anew])).toEqual([anew])
    expect(agreement.take(1, [memory({ failures: 4, invalid: INVALID })])).toEqual([])
  })
})

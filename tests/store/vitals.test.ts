import { describe, expect, it } from 'vitest'
import { BalanceError } from '../../src/base/errors.ts'
import { Vitals } from '../../src/store/vitals.ts'
import { ManualClock } from '../support/manual-clock.ts'

const WELL = { ok: true, error: null }
const LOCKED = new BalanceError('store_unavailable', 'balance.db is locked.')
const FULL = new BalanceError('store_unavailable', 'balance-log.db is full.')

function vitals() {
  const clock = new ManualClock()
  return { clock, vitals: new Vitals(clock) }
}

describe('a store', () => {
  it('is well as long as its calls succeed, and where a caller was wrong', () => {
    const { vitals: store } = vitals()
    store.began(1, 'revision')
    store.began(2, 'key')
    store.ended(1, null)
    store.ended(2, new BalanceError('no_such', 'no such key'))
    expect(store.health).toEqual(WELL)
  })

  it('that is locked stays ill though it is read, until it is written', () => {
    const { vitals: store } = vitals()
    store.began(1, 'announce')
    store.ended(1, LOCKED)
    store.began(2, 'heads')
    store.ended(2, null)
    expect(store.health).toEqual({ ok: false, error: 'balance.db is locked.' })
    store.began(3, 'remember')
    store.ended(3, null)
    expect(store.health).toEqual(WELL)
  })

  it('whose log is full stays ill though all else is written', () => {
    const { vitals: store } = vitals()
    store.began(1, 'record')
    store.ended(1, FULL)
    for (const [call, verb] of [
      [2, 'announce'],
      [3, 'records'],
    ] as const) {
      store.began(call, verb)
      store.ended(call, null)
    }
    expect(store.health).toEqual({ ok: false, error: 'balance-log.db is full.' })
    store.began(4, 'record')
    store.ended(4, null)
    expect(store.health).toEqual(WELL)
  })

  it('is well again when the work that failed is no longer done, but not before', () => {
    const { clock, vitals: store } = vitals()
    store.began(1, 'records')
    store.ended(1, FULL)
    clock.advance(10_000)
    store.began(2, 'records')
    store.ended(2, FULL)
    clock.advance(14_000)
    store.began(3, 'heads')
    store.ended(3, null)
    expect(store.health).toEqual({ ok: false, error: 'balance-log.db is full.' })
    clock.advance(2_000)
    expect(store.health).toEqual(WELL)
  })

  it('is ill while a call hangs, whatever others do', () => {
    const { clock, vitals: store } = vitals()
    store.began(1, 'record')
    clock.advance(1_000)
    expect(store.health).toEqual(WELL)
    store.began(2, 'heads')
    store.ended(2, null)
    clock.advance(2_500)
    expect(store.health).toEqual({
      ok: false,
      error: 'The store does not answer: to write the log takes more than 3 s.',
    })
    store.ended(1, null)
    expect(store.health).toEqual(WELL)
  })

  it('is ill without its thread, and begins anew with the next', () => {
    const { clock, vitals: store } = vitals()
    store.began(1, 'record')
    store.ended(1, FULL)
    store.began(2, 'record')
    store.down('The store thread ended.')
    expect(store.health.error).toBe('The store thread ended.')
    store.up()
    clock.advance(60_000)
    expect(store.health).toEqual(WELL)
  })
})

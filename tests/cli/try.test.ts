import { describe, expect, it } from 'vitest'
import { tryShapes } from '../../src/control/shapes/try.ts'
import type { ExchangeRecord, StoredExchange, StoredFailure } from '../../src/model/record.ts'
import { exchange, NOON } from './exchange.ts'

function stored(change: Partial<ExchangeRecord>): StoredExchange {
  return { ...exchange('req', change), id: 1, node: 'host:1', keyLabel: null }
}

function failed(attempt: number, after: number, ms: number): StoredFailure {
  return {
    id: attempt,
    requestId: 'req',
    time: NOON + after,
    attempt,
    provider: 'openai',
    keyId: `k_failed${attempt}`,
    model: null,
    status: 429,
    fault: 'rate',
    code: 'rate_limited',
    excerpt: '',
    ms,
  }
}

const WORKED = { provider: 'openai', key: 'k_0000000001', status: 200, outcome: 'ok', code: null }
const FAILED = { provider: 'openai', status: 429, outcome: 'rate', code: 'rate_limited' }
const UNKNOWN = { status: null, outcome: null, code: null, ms: null }

describe('the tries of an exchange', () => {
  it('are its failed attempts and, last, the one that worked', () => {
    const tries = tryShapes(stored({ attempts: 3, ms: 812 }), [
      failed(1, 10, 40),
      failed(2, 50, 30),
    ])
    expect(tries).toEqual([
      { ...FAILED, attempt: 1, key: 'k_failed1', ms: 40 },
      { ...FAILED, attempt: 2, key: 'k_failed2', ms: 30 },
      { ...WORKED, attempt: 3, ms: 732 },
    ])
  })

  it('are one where the first worked, whose beginning is not known', () => {
    expect(tryShapes(stored({}), [])).toEqual([{ ...WORKED, attempt: 1, ms: null }])
  })

  it('are all failed ones where none worked', () => {
    const record = stored({ attempts: 1, status: 429, outcome: 'rate' })
    expect(tryShapes(record, [failed(1, 10, 40)])).toEqual([
      { ...FAILED, attempt: 1, key: 'k_failed1', ms: 40 },
    ])
  })

  it('are none where nobody was asked', () => {
    expect(tryShapes(stored({ attempts: 0, outcome: 'invalid_token' }), [])).toEqual([])
  })

  it('leave open what is not kept any more', () => {
    const forgotten = { attempt: 1, provider: null, key: null, ...UNKNOWN }
    expect(tryShapes(stored({ attempts: 2 }), [])).toEqual([
      forgotten,
      { ...WORKED, attempt: 2, ms: null },
    ])
    const gone = stored({ attempts: 2, status: 502, outcome: 'auth' })
    expect(tryShapes(gone, [])).toEqual([
      forgotten,
      { attempt: 2, provider: 'openai', key: 'k_0000000001', ...UNKNOWN },
    ])
  })

  it('have no time where the clock was set back meanwhile', () => {
    const [, last] = tryShapes(stored({ attempts: 2, ms: 5 }), [failed(1, 10, 40)])
    expect(last).toEqual({ ...WORKED, attempt: 2, ms: null })
  })
})

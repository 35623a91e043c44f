import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Headers } from '../../src/model/dialect.ts'
import { readWhen } from '../../src/wire/when.ts'
import { count } from '../support/count.ts'

const WALL = Date.UTC(2026, 0, 1, 12, 0, 0)
const NOTHING = { retryDelay: null, message: '' }
const HOUR = 3_600_000

function when(headers: Headers, quota = false): number | null {
  return readWhen(headers, NOTHING, WALL, quota)
}

describe('readWhen', () => {
  it.each([
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after-ms': '0' }, 0],
    [{ 'retry-after-ms': '12.5' }, 13],
    [{ 'x-ms-retry-after-ms': '7000' }, 7_000],
    [{ 'retry-after': '120' }, 120_000],
    [{ 'retry-after': ' 1.5 ' }, 1_500],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': '30, 60' }, null],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '' }, null],
    [{ 'retry-after': 'NaN' }, null],
    [{ 'retry-after': 'Infinity' }, null],
    [{ 'retry-after': '9'.repeat(400) }, null],
    [{ 'retry-after': 'Thu, 01 Jan 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': '2026' }, 2_026_000],
    [{ 'retry-after-ms': 'x', 'retry-after': '2' }, 2_000],
    [{ 'retry-after-ms': '-1', 'x-ms-retry-after-ms': '5' }, 5],
  ])('%j → %s ms', (headers, ms) => expect(when(headers)).toBe(ms))

  it("reads a date against the answer's own, whatever our clock says", () => {
    const headers = {
      date: 'Wed, 31 Dec 2025 09:00:00 GMT',
      'retry-after': 'Wed, 31 Dec 2025 09:00:20 GMT',
    }
    expect(when(headers)).toBe(20_000)
    expect(when({ ...headers, date: 'nonsense' })).toBe(0)
  })

  it.each([
    ['37s', 37_000],
    ['37.826s', 37_826],
    ['0.5s', 500],
    ['-3s', null],
    ['37', null],
    ['later', null],
  ])('RetryInfo %s → %s ms', (retryDelay, ms) => {
    expect(readWhen({}, { retryDelay, message: '' }, WALL, false)).toBe(ms)
  })

  it.each([
    ['Rate limit reached for gpt-4o. Please try again in 6m0s. Visit …', 360_000],
    ['Please try again in 17ms.', 17],
    ['Please try again in 1m30.951s.', 90_951],
    ['Please retry in 37.82626638s.', 37_827],
    ['Please try again in 20 minutes.', null],
    ['Please try again later.', null],
  ])('"%s" → %s ms', (message, ms) => {
    expect(readWhen({}, { retryDelay: null, message }, WALL, false)).toBe(ms)
  })

  it.each([
    ['1s', 1_000],
    ['6m0s', 360_000],
    ['17ms', 17],
    ['1h0m0s', HOUR],
    ['1m30.951s', 90_951],
    ['59.5', 59_500],
    [String(WALL / 1_000 + 5), 5_000],
    [String(WALL + 1_234), 1_234],
    ['2026-01-01T12:00:42Z', 42_000],
    ['2026-01-01T12:00:42.5+00:00', 42_500],
    ['2026-01-01T11:00:00Z', 0],
    ['2026-01-01', null],
    ['tomorrow', null],
  ])('a dimension that is used up resets at %s → %s ms', (reset, ms) => {
    const headers = {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': reset,
      'x-ratelimit-remaining-tokens': '5',
      'x-ratelimit-reset-tokens': '30m',
    }
    expect(when(headers)).toBe(ms)
  })

  it('takes the latest reset of those used up, and none of the others', () => {
    const headers = {
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-01-01T12:00:10Z',
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': '2026-01-01T12:00:30Z',
      'anthropic-ratelimit-output-tokens-remaining': '1000',
      'anthropic-ratelimit-output-tokens-reset': '2026-01-01T12:00:50Z',
    }
    expect(when(headers)).toBe(30_000)
    expect(when({ ...headers, 'retry-after': '3' })).toBe(3_000)
    expect(when({ 'x-ratelimit-reset-requests': '10s' })).toBeNull()
  })

  it('believes more than an hour of a quota only, and more than a month of nobody', () => {
    expect(when({ 'retry-after': '3600' })).toBe(HOUR)
    expect(when({ 'retry-after': '3601' })).toBeNull()
    expect(when({ 'retry-after': '86400' }, true)).toBe(24 * HOUR)
    expect(when({ 'retry-after': String(32 * 86_400) }, true)).toBeNull()
  })

  it('is null or between 0 and an hour for any text whatever', () => {
    const value = fc.option(
      fc.oneof(
        fc.string(),
        fc.double().map(String),
        fc.date({ noInvalidDate: true }).map(date => date.toUTCString()),
        fc.date({ noInvalidDate: true }).map(date => date.toISOString()),
        fc.stringMatching(/^-?(\d{1,9}(\.\d+)?(h|m|s|ms)){0,4}$/),
      ),
      { nil: undefined },
    )
    const names = ['retry-after-ms', 'retry-after', 'date', 'x-ratelimit-reset-tokens'] as const
    fc.assert(
      fc.property(fc.array(value, { minLength: 6, maxLength: 6 }), values => {
        const headers: Record<string, string | undefined> = { 'x-ratelimit-remaining-tokens': '0' }
        names.forEach((name, i) => {
          headers[name] = values[i]
        })
        const hints = { retryDelay: values[4] ?? null, message: `try again in ${values[5]}` }
        const ms = readWhen(headers, hints, WALL, false)
        expect(ms === null || (Number.isInteger(ms) && ms >= 0 && ms <= HOUR)).toBe(true)
      }),
      { numRuns: count(5_000, 500_000) },
    )
  })
})

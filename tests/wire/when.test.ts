import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Headers } from '../../src/model/dialect.ts'
import { type BodyHints, readWhen, SILENT } from '../../src/wire/when.ts'
import { count } from '../support/count.ts'

const WALL = Date.UTC(2026, 0, 1, 12, 0, 0)
const HOUR = 3_600_000

const LONGEST_QUOTA = 31 * 24 * HOUR

function when(headers: Headers, quota = false): number | null {
  return readWhen(headers, SILENT, WALL, quota)
}

function hinted(hints: Partial<BodyHints>, headers: Headers = {}, quota = false): number | null {
  return readWhen(headers, { ...SILENT, ...hints }, WALL, quota)
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
    [{ 'retry-after': 'Thursday, 01-Jan-26 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Thu Jan  1 12:00:30 2026' }, 30_000],
    [{ 'retry-after': 'Mon 5' }, null],
    [{ 'retry-after': 'Thu, 01 Jan 2026 12:00:30' }, null],
    [{ 'retry-after': 'Thu, 99 Jan 2026 12:00:30 GMT' }, null],
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
    ['1500us', 2],
    ['250ns', 1],
    ['later', null],
  ])('RetryInfo %s → %s ms', (retryDelay, ms) => {
    expect(hinted({ retryDelay })).toBe(ms)
  })

  it.each([
    ['Rate limit reached for gpt-4o. Please try again in 6m0s. Visit …', 360_000],
    ['Please try again in 17ms.', 17],
    ['Please try again in 1m30.951s.', 90_951],
    ['Please retry in 37.82626638s.', 37_827],
    ['Please try again in 20 minutes.', null],
    ['Please try again in 2minutes.', null],
    ['Please retry after 45 seconds.', null],
    ['Please try again later.', null],
  ])('"%s" → %s ms', (message, ms) => {
    expect(hinted({ message })).toBe(ms)
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

  it('takes headers that the body quotes after those that are there', () => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(WALL + 9_000) }
    expect(hinted({ headers: { 'retry-after': '17' } })).toBe(17_000)
    expect(hinted({ headers: { 'retry-after': '17' } }, { 'retry-after': '3' })).toBe(3_000)
    expect(hinted({ headers })).toBe(9_000)
    expect(hinted({ headers }, { ...headers, 'x-ratelimit-reset': '4' })).toBe(4_000)
    expect(hinted({ headers: { ...headers, 'x-ratelimit-remaining': '1' } })).toBeNull()
    expect(hinted({ headers: { date: 'Thu, 01 Jan 2026 11:00:00 GMT' }, seconds: '5' })).toBe(5_000)
  })

  it.each([
    ['2026-01-02T00:00:00Z', true, 12 * HOUR],
    ['2026-01-02T00:00:00Z', false, null],
    ['2026-03-01T00:00:00Z', true, null],
    ['soon', true, null],
  ])('a budget that resets at %s (a quota: %s) → %s ms', (resetsAt, quota, ms) => {
    expect(hinted({ resetsAt }, {}, quota)).toBe(ms)
  })
})

/** Any text at all, and much of what looks like a time. */
const text = fc.oneof(
  fc.string(),
  fc.double().map(String),
  fc.bigInt().map(String),
  fc.date({ noInvalidDate: true }).map(date => date.toUTCString()),
  fc.date({ noInvalidDate: true }).map(date => date.toISOString()),
  fc.date({ noInvalidDate: true }).map(date => String(date.getTime())),
  fc.stringMatching(/^-?(\d{1,9}(\.\d+)?(h|m|s|ms|us|ns)){0,4}$/),
  fc.constantFrom('0', '30, 60', 'NaN', '-1', 'Infinity', '1e3', '+5', '0x10'),
)

const NAMES = [
  'date',
  'retry-after',
  'retry-after-ms',
  'x-ms-retry-after-ms',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-tokens',
  'anthropic-ratelimit-requests-remaining',
  'anthropic-ratelimit-requests-reset',
  'anthropic-ratelimit-input-tokens-remaining',
  'anthropic-ratelimit-input-tokens-reset',
]
const anyHeaders = fc.dictionary(fc.constantFrom(...NAMES), text)
const anyHints = fc.record({
  headers: anyHeaders,
  seconds: fc.option(text),
  retryDelay: fc.option(text),
  resetsAt: fc.option(text),
  message: text.map(time => `Please try again in ${time}.`),
})

describe('for any headers and any body', () => {
  it('it is null or a whole number between 0 and the longest that is believed', () => {
    fc.assert(
      fc.property(anyHeaders, anyHints, fc.boolean(), (headers, hints, quota) => {
        const ms = readWhen(headers, hints, WALL, quota)
        const longest = quota ? LONGEST_QUOTA : HOUR
        expect(ms === null || (Number.isInteger(ms) && ms >= 0 && ms <= longest)).toBe(true)
      }),
      { numRuns: count(5_000, 500_000) },
    )
  })

  it('no clock of ours matters where the answer has a date', () => {
    const wall = fc.integer({ min: 0, max: 4e12 })
    fc.assert(
      fc.property(anyHeaders, anyHints, wall, wall, (headers, hints, one, other) => {
        const dated = { ...headers, date: 'Wed, 31 Dec 2025 09:00:00 GMT' }
        expect(readWhen(dated, hints, one, false)).toBe(readWhen(dated, hints, other, false))
      }),
      { numRuns: count(1_000, 100_000) },
    )
  })

  it('a wait comes back as it was told, in every form', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_600 }), seconds => {
        const ms = seconds * 1_000
        const at = new Date(WALL + ms)
        const go = `${Math.floor(seconds / 3_600)}h${Math.floor(seconds / 60) % 60}m${seconds % 60}s`
        const used = (reset: string) => ({
          'x-ratelimit-remaining': '0',
          'x-ratelimit-reset': reset,
        })
        const told = [
          when({ 'retry-after-ms': String(ms) }),
          when({ 'retry-after': String(seconds) }),
          when({ 'retry-after': at.toUTCString() }),
          when(used(go)),
          when(used(String(seconds))),
          when(used(String(at.getTime()))),
          when(used(String(at.getTime() / 1_000))),
          when(used(at.toISOString())),
          hinted({ retryDelay: `${seconds}s` }),
          hinted({ seconds: String(seconds) }),
          hinted({ message: `Please try again in ${go}.` }),
        ]
        expect(new Set(told)).toEqual(new Set([ms]))
      }),
      { numRuns: count(500, 50_000) },
    )
  })
})

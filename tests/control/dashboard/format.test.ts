import { afterEach, describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatLeft,
  formatMoment,
  formatMs,
  formatShare,
  formatShort,
  formatTokens,
  formatValue,
} from '../../../src/control/dashboard/data/format.ts'
import { setLanguage } from '../../../src/control/dashboard/text/language.ts'

afterEach(() => setLanguage('en'))

describe('numbers', () => {
  it.each([
    [0, '0'],
    [999.456, '999.46'],
    [9_999, '9,999'],
    [12_345, '12.3K'],
    [19_500_000, '19.5M'],
  ])('%d is short as %s', (value, text) => {
    expect(formatShort(value)).toBe(text)
  })

  it('are written as the language writes them', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567')
    setLanguage('zh')
    expect(formatShort(123_456)).toBe('12.3万')
  })

  it.each([
    [0, 0, '0%'],
    [5, 10, '50%'],
    [1, 3, '33.3%'],
    [17, 1_000, '1.7%'],
    [1, 10_000, '0.01%'],
  ])('%d of %d is %s', (part, whole, text) => {
    expect(formatShare(part, whole)).toBe(text)
  })

  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [12_800, '12.5 KiB'],
    [1_073_741_824, '1 GiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe('times', () => {
  it.each([
    [null, '–'],
    [0.4, '0 ms'],
    [850, '850 ms'],
    [1_254, '1.25 s'],
    [12_340, '12.3 s'],
    [125_000, '2 min 5 s'],
  ])('%s ms are %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text)
  })

  it.each([
    [-5, '0 s'],
    [1, '1 s'],
    [59_001, '1 min'],
    [252_000, '4 min 12 s'],
    [3_600_000, '1 h'],
    [11_100_000, '3 h 5 min'],
    [176_400_000, '2 d 1 h'],
  ])('%d ms are left as %s', (ms, text) => {
    expect(formatLeft(ms)).toBe(text)
  })

  it('of today have seconds, others a date', () => {
    const now = new Date(2026, 10, 24, 18, 0, 0).getTime()
    expect(formatMoment(new Date(2026, 10, 24, 14, 3, 9).getTime(), now)).toBe('14:03:09')
    expect(formatMoment(new Date(2026, 10, 23, 14, 3, 9).getTime(), now)).toBe('2026-11-23 14:03')
    expect(formatMoment('no time', now)).toBe('–')
  })
})

it.each([
  [null, null, '–'],
  [120, 48, '120→48'],
  [120, null, '120→?'],
])('tokens %s and %s are %s', (prompt, completion, text) => {
  expect(formatTokens(prompt, completion)).toBe(text)
})

it.each([
  [null, '–'],
  ['text', 'text'],
  [5, '5'],
  [{ a: [1] }, '{"a":[1]}'],
])('a value %j is %s', (value, text) => {
  expect(formatValue(value)).toBe(text)
})

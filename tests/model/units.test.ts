import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DEFAULT_SETTINGS,
  formatSetting,
  parseSetting,
  SETTING_NAMES,
} from '../../src/model/settings.ts'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/model/units.ts'

describe('units', () => {
  it.each([
    ['30s', 30_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['1m30s', 90_000],
    ['90', 90_000],
    ['2d', 172_800_000],
  ])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each([
    ['32MiB', 33_554_432],
    ['1GB', 1_000_000_000],
    ['512', 512],
    ['1.5 kib', 1_536],
  ])('%s is %i bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  it.each(['', 'soon', '5 parsecs', '-1s', '1s2', 's'])(
    '%j is no duration, and says how one is written',
    text => {
      expect(() => parseDuration(text)).toThrow(
        expect.objectContaining({ code: 'invalid_value', hint: expect.stringContaining('30s') }),
      )
    },
  )

  it('what is written is read back', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 12), amount => {
        expect(parseSize(formatSize(amount))).toBe(amount)
        if (amount > 0) expect(parseDuration(formatDuration(amount))).toBe(amount)
      }),
    )
  })
})

describe('settings', () => {
  it.each(SETTING_NAMES)('%s: its default is read back as it is shown', name => {
    expect(parseSetting(name, formatSetting(name, DEFAULT_SETTINGS[name]))).toEqual(
      DEFAULT_SETTINGS[name],
    )
  })

  it.each([
    ['max_failures', '0'],
    ['max_failures', '1.5'],
    ['max_failures', 'three'],
    ['timeout', '0'],
    ['timeout', 'soon'],
    ['policy', 'random'],
    ['headers', '{"a b":"x"}'],
    ['headers', '{"x":"a\\r\\nb"}'],
    ['headers', '{"Connection":"close"}'],
    ['headers', '{"x":'],
    ['normalize_urls', 'maybe'],
  ] as const)('%s=%s is refused by name', (name, value) => {
    expect(() => parseSetting(name, value)).toThrow(
      expect.objectContaining({ code: 'invalid_value', message: expect.stringContaining(name) }),
    )
  })
})

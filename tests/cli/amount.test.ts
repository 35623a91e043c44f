import { describe, expect, it } from 'vitest'
import { formatBytes, formatCount, formatShare } from '../../src/cli/amount.ts'

describe('an amount', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [1_610_612_736, '1.5 GiB'],
    [2 ** 52, '4096.0 TiB'],
  ])('of %d bytes is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it.each([
    [0, 10, '0'],
    [0, 0, '0'],
    [1, 8, '12.5'],
    [1, 10_000, '<0.1'],
    [3, 3, '100'],
  ])('%d of %d is %s percent', (part, whole, text) => expect(formatShare(part, whole)).toBe(text))

  it('of many has its thousands apart', () => expect(formatCount(1_234_567.8)).toBe('1,234,568'))
})

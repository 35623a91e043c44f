import { describe, expect, it } from 'vitest'
import { LocalTime } from '../../../src/model/moving/local-time.ts'

describe('times without their zone', () => {
  it.each([
    ['Asia/Shanghai', '2025-12-24 18:00:00.123456', '2025-12-24T10:00:00.123Z'],
    ['UTC', '2025-12-24T18:00:00', '2025-12-24T18:00:00.000Z'],
    ['Europe/Berlin', '2025-07-01 12:00:00.5', '2025-07-01T10:00:00.500Z'],
    ['Europe/Berlin', '2025-12-01 12:00:00', '2025-12-01T11:00:00.000Z'],
    ['America/St_Johns', '2025-12-01 23:59:59', '2025-12-02T03:29:59.000Z'],
    // The clock is set on at 01:00 UTC of March 30, and back at 01:00 UTC of October 26.
    ['Europe/Berlin', '2025-03-30 01:59:59', '2025-03-30T00:59:59.000Z'],
    ['Europe/Berlin', '2025-03-30 03:00:00', '2025-03-30T01:00:00.000Z'],
    ['Europe/Berlin', '2025-10-26 01:59:59', '2025-10-25T23:59:59.000Z'],
    ['Europe/Berlin', '2025-10-26 02:30:00', '2025-10-26T00:30:00.000Z'],
    ['Europe/Berlin', '2025-10-26 03:00:00', '2025-10-26T02:00:00.000Z'],
  ])('in %s, %s is %s', (zone, text, expected) => {
    const time = new LocalTime(zone).read(text)
    expect(new Date(time ?? Number.NaN).toISOString()).toBe(expected)
  })

  it.each([null, '', 'yesterday', '2025-13-40 10:00:00'])('%j is none', text => {
    expect(new LocalTime('UTC').read(text)).toBeNull()
  })

  it('refuses what is no zone', () => {
    expect(() => new LocalTime('Mars/Olympus')).toThrow(/no time zone/)
  })
})

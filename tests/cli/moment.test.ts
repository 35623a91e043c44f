import { describe, expect, it, vi } from 'vitest'
import { formatLeft } from '../../src/cli/moment.ts'
import { parseFuture, parsePast } from '../../src/model/moment.ts'

const WALL = Date.UTC(2026, 5, 1, 12)

describe('parsePast and parseFuture', () => {
  it('count durations from now', () => {
    expect(parsePast('2h', WALL)).toBe(WALL - 7_200_000)
    expect(parseFuture('30d', WALL)).toBe(WALL + 30 * 86_400_000)
  })

  it('take ISO 8601 times', () => {
    expect(parsePast('2026-01-31T14:00Z', WALL)).toBe(Date.UTC(2026, 0, 31, 14))
    expect(parsePast('2026-01-31T14:00+09:00', WALL)).toBe(Date.UTC(2026, 0, 31, 5))
  })

  it.each([
    ['2026-01-31', Date.UTC(2026, 0, 30, 15)],
    ['2026-01-31T14:00', Date.UTC(2026, 0, 31, 5)],
    ['2026-01-31 14:00:30 ', Date.UTC(2026, 0, 31, 5, 0, 30)],
  ])('take %j as it is meant here', (text, wall) => {
    vi.stubEnv('TZ', 'Asia/Tokyo')
    expect(parsePast(text, WALL)).toBe(wall)
    vi.unstubAllEnvs()
  })

  it.each(['yesterday', '', '5', '2h ago', '2026-13-45', '2026-01'])('refuse %j', text => {
    expect(() => parsePast(text, WALL)).toThrowError(expect.objectContaining({ exit: 2 }))
  })

  it('refuse an expiry that has passed', () => {
    expect(() => parseFuture('2020-01-01', WALL)).toThrow('in the past')
  })
})

describe('formatLeft', () => {
  it.each([
    [0, 'now'],
    [-5_000, 'now'],
    [1, '1s'],
    [61_000, '1m 1s'],
    [3_600_000, '1h'],
    [90_061_000, '1d 1h'],
  ])('%d ms → %s', (ms, text) => {
    expect(formatLeft(WALL + ms, WALL)).toBe(text)
  })
})

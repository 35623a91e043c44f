import { describe, expect, it } from 'vitest'
import { newRequestId } from '../../src/gateway/request-id.ts'

const WALL = Date.UTC(2033, 4, 18)

/** RFC 9562 §5.7: the time, the version, the variant. */
const VERSION_7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

function timeOf(id: string): number {
  const [, high = '', low = ''] = VERSION_7.exec(id) ?? []
  return Number.parseInt(high + low, 16)
}

describe('request ids', () => {
  it('are UUIDs of version 7 that carry the time', () => {
    const id = newRequestId(WALL)
    expect(id).toMatch(VERSION_7)
    expect(timeOf(id)).toBe(WALL)
  })

  it('ascend and never repeat: within a millisecond, beyond what it holds, with a clock set back', () => {
    const start = WALL + 60_000
    const walls = [
      ...Array<number>(10_000).fill(start),
      start - 5_000,
      start,
      start + 1,
      start + 50,
    ]
    const ids = walls.map(newRequestId)
    expect(ids.every(id => VERSION_7.test(id))).toBe(true)
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
    expect(timeOf(ids.at(-1) as string)).toBe(start + 50)
  })
})

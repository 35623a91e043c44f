import { describe, expect, it } from 'vitest'
import { related, spread, spreads } from '../../src/bench/figures.ts'

describe('the spread of rounds', () => {
  it.each([
    [[3, 1, 2], { median: 2, least: 1, most: 3 }],
    [[4, 1, 2, 3], { median: 2.5, least: 1, most: 4 }],
    [[7], { median: 7, least: 7, most: 7 }],
  ])('of %j is %j', (values, expected) => {
    expect(spread(values)).toEqual(expected)
  })

  it('leaves out rounds that have no such figure', () => {
    const found = spreads([{ cpu: 1 }, { cpu: 3, toBare: 2 }, { cpu: 2 }])
    expect(found).toEqual({
      cpu: { median: 2, least: 1, most: 3 },
      toBare: { median: 2, least: 2, most: 2 },
    })
  })
})

describe('what one says of another', () => {
  it('is taken in the same turn', () => {
    const turn = related(
      new Map([
        ['direct', { p50: 1, p99: 2 }],
        ['nginx', { cpu: 10, p50: 1.5, p99: 3 }],
        ['bare', { cpu: 20, p50: 2, p99: 4 }],
        ['balance', { cpu: 30, p50: 3, p99: 6 }],
      ]),
    )
    expect(turn.get('direct')).toEqual({ p50: 1, p99: 2 })
    expect(turn.get('balance')).toEqual({
      ...{ cpu: 30, p50: 3, p99: 6 },
      ...{ toBare: 1.5, toNginx: 3, addedP50: 2, addedP99: 4 },
    })
  })

  it('is nothing where the other was not there, or spent too little to be counted', () => {
    const turn = related(
      new Map([
        ['bare', { cpu: 0 }],
        ['balance', { cpu: 30 }],
      ]),
    )
    expect(turn.get('balance')).toEqual({ cpu: 30 })
  })
})

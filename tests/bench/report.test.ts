import { describe, expect, it } from 'vitest'
import { type Report, ratiosOf, rendered } from '../../src/bench/report.ts'
import { type Measured, spread } from '../../src/bench/rounds.ts'

function measured(name: Measured['name'], ratio: number): Measured {
  const one = spread([1])
  return {
    name,
    cpu: spread([60 * ratio]),
    ratio: spread([ratio]),
    requestsPerSecond: one,
    p50: one,
    p99: one,
  }
}

const FOUND: Omit<Report, 'ratios'> = {
  host: { node: '20.19.0', platform: 'linux x64', cpu: 'Some CPU', cores: 2, pinned: true },
  scenarios: [
    {
      scenario: { name: 'json', traffic: 'json', connections: 64, requests: 10, rounds: 1 },
      measured: [measured('bare', 1), measured('balance', 1.5)],
    },
    {
      scenario: { name: 'stream', traffic: 'stream', connections: 64, requests: 10, rounds: 1 },
      measured: [measured('bare', 1), measured('balance', 1.25)],
    },
  ],
  rss: { bare: 50 * 2 ** 20, balance: 100 * 2 ** 20 },
  startup: { node: spread([40]), version: spread([50]) },
  select: {
    'round-robin': spread([0.2]),
    weighted: spread([6]),
    'least-busy': spread([4]),
  },
}

describe('the spread of rounds', () => {
  it.each([
    [[3, 1, 2], { median: 2, least: 1, most: 3 }],
    [[4, 1, 2, 3], { median: 2.5, least: 1, most: 4 }],
    [[7], { median: 7, least: 7, most: 7 }],
  ])('of %j is %j', (values, expected) => {
    expect(spread(values)).toEqual(expected)
  })
})

describe('the report', () => {
  it('gives balance as a multiple of bare', () => {
    expect(ratiosOf(FOUND)).toEqual({ json: 1.5, stream: 1.25, startup: 1.25 })
  })

  it('says how it was measured, and aligns its columns', () => {
    const lines = rendered({ ...FOUND, ratios: ratiosOf(FOUND) }).split('\n')
    expect(lines).toContain(
      'Pinned: the contender on core 1, load generator and upstream on core 0.',
    )
    const at = lines.findIndex(line => line.includes('CPU/request µs'))
    const [head = '', bare = '', balance = ''] = lines.slice(at)
    expect(bare).toMatch(/^bare {5}60\.0 \[60\.0-60\.0\]/)
    expect(balance.indexOf('1.50 [')).toBe(head.indexOf('÷ bare'))
    expect(lines).toContain('CPU per JSON request           1.50')
    expect(lines.filter(line => line.endsWith(' '))).toEqual([])
  })
})

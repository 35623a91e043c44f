import { describe, expect, it } from 'vitest'
import { type Measured, spread } from '../../src/bench/figures.ts'
import { goalsOf } from '../../src/bench/goals.ts'
import { type Found, rendered } from '../../src/bench/report.ts'

function measured(name: string, figures: Record<string, number[]>): Measured {
  const spreads = Object.entries(figures).map(([figure, values]) => [figure, spread(values)])
  return { name, figures: Object.fromEntries(spreads) as Measured['figures'], failed: null }
}

function scenario(name: string, all: readonly Measured[]) {
  const words = { title: `about ${name}`, unit: 'request', load: 'so much' } as const
  return { name, ...words, measured: all, notes: [] }
}

const FOUND: Found = {
  host: {
    ...{ date: '2026-01-31', platform: 'linux x64', cpu: 'Some CPU', cores: 2, pinned: true },
    versions: { balance: '1.2.3', node: '20.19.0' },
  },
  quick: false,
  scenarios: [
    scenario('json', [
      measured('bare', { cpu: [40, 42, 38], perSecond: [9_000] }),
      measured('balance', { cpu: [60], toBare: [1.5, 1.4, 1.6], toNginx: [3], perSecond: [9_000] }),
      { ...measured('portkey', { perSecond: [1_000] }), failed: 'it broke' },
    ]),
    scenario('steady', [
      measured('bare', { addedP50: [0.2], loopP99: [1.25], loopMost: [4], allocated: [15_543] }),
      measured('balance', {
        addedP50: [0.23],
        loopP99: [12],
        loopMost: [120],
        allocated: [27_640],
      }),
    ]),
    scenario('body-2m-first', [
      measured('bare', { cpu: [1_000] }),
      measured('balance', { cpu: [1_500] }),
    ]),
    scenario('body-2m-last', [
      measured('bare', { cpu: [1_000] }),
      measured('balance', { cpu: [3_000] }),
    ]),
    scenario('many-streams', [measured('balance', { perStream: [70_000], broken: [0, 0, 1] })]),
  ],
  idle: [{ name: 'balance', pss: 90e6, rss: 120e6 }],
  parse: spread([1_600]),
  select: null,
  cold: null,
  leftOut: ['Something was left out.'],
}

describe('the goals', () => {
  it('are held against medians of the run', () => {
    const goals = goalsOf(FOUND).map(({ figure, shown, met }) => [figure, shown, met])
    expect(goals).toEqual([
      ['CPU per JSON request ÷ bare pass-through', '1.50', 'must'],
      ['CPU per JSON request ÷ nginx', '3', 'aim'],
      ['CPU per streamed event ÷ bare pass-through', '-', null],
      ["requests/s ÷ Portkey's", '9', 'no'],
      ["added p50 at 500/s ÷ bare pass-through's", '1.15', 'aim'],
      ['added time to first event, p99 at 200 streams', '-', null],
      ['memory (PSS) per open stream', '70 kB', 'must'],
      ['broken of the streams, in the worst round', '1', 'no'],
      ['PSS after start, all processes', '90 MB', 'aim'],
      ['2 MB body: CPU added to bare ÷ JSON.parse of it', '1.25', 'no'],
      ['balance --version ÷ node -e 0', '-', null],
      ['keys list of many keys, over node -e 0', '-', null],
      ['serve ready with many keys', '-', null],
      ['reload of many keys: longest wait of /livez', '-', null],
    ])
  })
})

describe('the report', () => {
  const lines = rendered({ ...FOUND, goals: goalsOf(FOUND) }).split('\n')

  it('says where and how it was measured, and what was left out', () => {
    expect(lines.slice(0, 3)).toEqual([
      '2026-01-31, balance 1.2.3, node 20.19.0',
      'linux x64, 2 × Some CPU',
      'Pinned: the contender on core 1, load generator and upstream on core 0.',
    ])
    expect(lines).toContain('Something was left out.')
  })

  it('has a table for each scenario, with the columns that were measured', () => {
    const at = lines.indexOf('json: about json')
    expect(lines.slice(at, at + 7)).toEqual([
      'json: about json',
      'so much',
      '                    CPU/request µs            ÷ bare  ÷ nginx  requests/s',
      'bare              40.0 [38.0-42.0]                 -        -        9000',
      'balance                       60.0  1.50 [1.40-1.60]     3.00        9000',
      'portkey (failed)                 -                 -        -        1000',
      'portkey: it broke',
    ])
  })

  it('tells of main threads by themselves', () => {
    const at = lines.findIndex(line => line.startsWith('Main thread '))
    expect(lines.slice(at + 1, at + 5)).toEqual([
      '                 delay p99 ms  longest ms    kB  for each',
      'steady: bare              1.3         4.0  15.5   request',
      'steady: balance          12.0         120  27.6   request',
      '',
    ])
  })

  it('writes no more digits than a figure is worth', () => {
    const [wide] = [measured('wide', { cpu: [9.25, 8, 1_234.5], p50: [0.123, 0.1, 12.5] })]
    const found = { ...FOUND, scenarios: [scenario('json', [wide as Measured])] }
    expect(rendered({ ...found, goals: [] })).toMatch(/^wide +9 \[8-1235\] +0\.1 \[0\.1-12\.5\]$/m)
  })

  it('ends with the goals', () => {
    const must = lines.find(line => line.startsWith('CPU per JSON request ÷ bare'))
    expect(must).toMatch(/≤ 1\.5 +≤ 1\.25 +1\.50 +met$/)
    expect(lines.filter(line => line.endsWith(' '))).toEqual([])
  })
})

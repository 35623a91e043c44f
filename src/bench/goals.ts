import type { ColdStart } from './cold-start.ts'
import type { Figure, Measured, Spread } from './figures.ts'
import type { Found } from './report.ts'
import { MANY_STREAMS } from './scenarios.ts'

/** One figure that this program is held to. */
export interface Goal {
  readonly figure: string
  readonly must: string
  readonly aim: string
  /** Null where the run did not measure it. */
  readonly measured: number | null
  readonly shown: string
  readonly met: 'aim' | 'must' | 'no' | null
}

interface Wanted {
  readonly figure: string
  readonly unit: 'times' | 'ms' | 'kB' | 'MB' | 'broken'
  readonly must: number
  readonly aim: number
  /** More is better. */
  readonly atLeast?: true
  readonly of: (found: Found) => number | null
}

/** Medians of one run against what they must be and what they should be. */
export function goalsOf(found: Found): Goal[] {
  return WANTED.map(wanted => goalOf(wanted, found))
}

const WANTED: readonly Wanted[] = [
  {
    figure: 'CPU per JSON request ÷ bare pass-through',
    ...{ unit: 'times', must: 1.5, aim: 1.25 },
    of: found => median(found, 'json', 'toBare'),
  },
  {
    figure: 'CPU per JSON request ÷ nginx',
    ...{ unit: 'times', must: 3.8, aim: 3 },
    of: found => median(found, 'json', 'toNginx'),
  },
  {
    figure: 'CPU per streamed event ÷ bare pass-through',
    ...{ unit: 'times', must: 1.2, aim: 1.05 },
    of: found => median(found, 'stream', 'toBare'),
  },
  {
    figure: "requests/s ÷ Portkey's",
    ...{ unit: 'times', must: 10, aim: 18, atLeast: true },
    of: found =>
      quotient(median(found, 'json', 'perSecond'), median(found, 'json', 'perSecond', 'portkey')),
  },
  {
    figure: "added p50 at 500/s ÷ bare pass-through's",
    ...{ unit: 'times', must: 1.4, aim: 1.2 },
    of: found =>
      quotient(median(found, 'steady', 'addedP50'), median(found, 'steady', 'addedP50', 'bare')),
  },
  {
    figure: 'added time to first event, p99 at 200 streams',
    ...{ unit: 'ms', must: 3, aim: 1.5 },
    of: found => median(found, 'first-event', 'addedP99'),
  },
  {
    figure: 'memory (PSS) per open stream',
    ...{ unit: 'kB', must: 75, aim: 60 },
    of: found => scaled(median(found, MANY_STREAMS, 'perStream'), 1_000),
  },
  {
    figure: 'broken of the streams, in the worst round',
    ...{ unit: 'broken', must: 0, aim: 0 },
    of: found => spreadOf(found, MANY_STREAMS, 'broken')?.most ?? null,
  },
  {
    figure: 'PSS after start, all processes',
    ...{ unit: 'MB', must: 130, aim: 100 },
    of: ({ idle }) => scaled(idle.find(({ name }) => name === 'balance')?.pss ?? null, 1_000_000),
  },
  {
    figure: '2 MB body: CPU added to bare ÷ JSON.parse of it',
    ...{ unit: 'times', must: 1, aim: 0.5 },
    of: found => quotient(addedByBody(found), found.parse?.median ?? null),
  },
  {
    figure: 'balance --version ÷ node -e 0',
    ...{ unit: 'times', must: 1.6, aim: 1.4 },
    of: ({ cold }) => quotient(cold?.version.median ?? null, cold?.node.median ?? null),
  },
  coldGoal('keys list of many keys, over node -e 0', 250, 150, ({ listOverNode }) => listOverNode),
  coldGoal('serve ready with many keys', 1_200, 700, ({ ready }) => ready),
  coldGoal('reload of many keys: longest wait of /livez', 25, 10, ({ reload }) => reload),
]

function coldGoal(figure: string, must: number, aim: number, of: (cold: ColdStart) => Spread) {
  const measured = ({ cold }: Found) => (cold === null ? null : of(cold).median)
  return { figure, unit: 'ms', must, aim, of: measured } as const
}

function goalOf({ figure, unit, must, aim, atLeast, of }: Wanted, found: Found): Goal {
  const measured = of(found)
  const good = (value: number, limit: number) => (atLeast ? value >= limit : value <= limit)
  const sign = atLeast ? '≥' : '≤'
  const met = (value: number) => (good(value, aim) ? 'aim' : good(value, must) ? 'must' : 'no')
  return {
    figure,
    must: `${sign} ${withUnit(must, unit, String)}`,
    aim: `${sign} ${withUnit(aim, unit, String)}`,
    measured,
    shown: measured === null ? '-' : withUnit(measured, unit, digits),
    met: measured === null ? null : met(measured),
  }
}

function withUnit(value: number, unit: Wanted['unit'], written: (value: number) => string): string {
  return unit === 'times' || unit === 'broken' ? written(value) : `${written(value)} ${unit}`
}

function digits(value: number): string {
  return value.toFixed(Math.abs(value) >= 20 || Number.isInteger(value) ? 0 : 2)
}

/** Of the two places of the model the one that costs more, µs. */
function addedByBody(found: Found): number | null {
  const added = ['body-2m-first', 'body-2m-last'].map(name => {
    const [own, bare] = [median(found, name, 'cpu'), median(found, name, 'cpu', 'bare')]
    return own === null || bare === null ? null : own - bare
  })
  const known = added.filter(value => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}

function median(found: Found, scenario: string, figure: Figure, name = 'balance'): number | null {
  return spreadOf(found, scenario, figure, name)?.median ?? null
}

function spreadOf(found: Found, scenario: string, figure: Figure, name = 'balance') {
  const measured = found.scenarios.find(one => one.name === scenario)?.measured
  return measured?.find((one: Measured) => one.name === name)?.figures[figure]
}

/** Null also where the other is nothing, or less: noise of a host that was busy. */
function quotient(one: number | null, other: number | null): number | null {
  return one === null || other === null || other <= 0 ? null : one / other
}

function scaled(value: number | null, by: number): number | null {
  return value === null ? null : value / by
}

import type { ColdStart } from './cold-start.ts'
import type { Figure, Measured, Spread } from './figures.ts'
import type { Goal } from './goals.ts'
import type { Selecting } from './select.ts'
import { lines, sheet } from './sheet.ts'

/** All that one run found out. */
export interface Found {
  readonly host: Host
  readonly quick: boolean
  readonly scenarios: readonly ScenarioReport[]
  readonly idle: readonly Idle[]
  /** CPU of one JSON.parse of a body of 2 MB, µs; null where no such body was sent. */
  readonly parse: Spread | null
  /** Choosing a key; null where that was not asked for. */
  readonly select: Selecting | null
  readonly cold: ColdStart | null
  /** Sentences: what this host or this run could not measure. */
  readonly leftOut: readonly string[]
}

/** Memory of all processes of a contender after the start, before any request; bytes. */
export interface Idle {
  readonly name: string
  /** Proportional set size; null where the host does not tell. */
  readonly pss: number | null
  readonly rss: number
}

export interface Report extends Found {
  readonly goals: readonly Goal[]
}

export interface Host {
  readonly date: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  /** Contender on core 1, load and upstream on core 0. */
  readonly pinned: boolean
  /** Of whatever took part: node, balance, nginx, peers. */
  readonly versions: Readonly<Record<string, string>>
}

export interface ScenarioReport {
  readonly name: string
  readonly title: string
  readonly unit: 'request' | 'event' | 'chunk'
  /** Connections, requests and rounds, in words. */
  readonly load: string
  readonly measured: readonly Measured[]
  /** Sentences under the table. */
  readonly notes: readonly string[]
}

/** The report for people. */
export function rendered(report: Report): string {
  const { host, quick, scenarios, leftOut, goals } = report
  const versions = Object.entries(host.versions).map(([name, version]) => `${name} ${version}`)
  return lines([
    `${host.date}, ${versions.join(', ')}`,
    `${host.platform}, ${host.cores} × ${host.cpu}`,
    host.pinned
      ? 'Pinned: the contender on core 1, load generator and upstream on core 0.'
      : 'Not pinned: contender, load generator and upstream share all cores.',
    'Medians of rounds taken in turns, least and most in brackets. CPU is that of all processes and threads.',
    'nginx and balance write each request down, nginx in a file; bare writes nothing.',
    ...(quick ? ['A quick run: it shows that everything works, and no figure of it is one.'] : []),
    ...leftOut,
    ...scenarios.flatMap(scenario => ['', ...scenarioLines(scenario)]),
    ...mainThreadLines(scenarios),
    ...otherLines(report),
    '',
    ...sheet(
      ['balance', 'must', 'aim', 'measured', ''],
      goals.map(({ figure, must, aim, shown, met }) => [figure, must, aim, shown, verdict(met)]),
    ),
  ])
}

function verdict(met: Goal['met']): string {
  return { aim: 'aim met', must: 'met', no: 'MISSED', none: 'not measured' }[met ?? 'none']
}

function scenarioLines({ name, title, load, unit, measured, notes }: ScenarioReport): string[] {
  const shownHere = COLUMNS.filter(({ figure }) =>
    measured.some(({ figures }) => figures[figure] !== undefined),
  )
  const rows = measured.map(({ name, figures, failed }) => [
    failed === null ? name : `${name} (failed)`,
    ...shownHere.map(({ figure, digits, scale }) => shown(figures[figure], digits, scale)),
  ])
  return [
    `${name}: ${title}`,
    load,
    ...sheet(['', ...shownHere.map(({ head }) => head.replace('UNIT', unit))], rows),
    ...measured.flatMap(({ name, failed }) => (failed === null ? [] : [`${name}: ${failed}`])),
    ...notes,
  ]
}

interface FigureColumn {
  readonly figure: Figure
  readonly head: string
  readonly digits: number
  readonly scale?: number
}

/** Of those that run on Node; a table of its own, for those of the scenarios are wide. */
function mainThreadLines(scenarios: readonly ScenarioReport[]): string[] {
  const rows = scenarios.flatMap(({ name, unit, measured }) =>
    measured
      .filter(({ figures }) => figures.loopP99 !== undefined)
      .map(({ name: who, figures }) => [
        `${name}: ${who}`,
        ...MAIN_THREAD.map(({ figure, digits, scale }) => shown(figures[figure], digits, scale)),
        unit,
      ]),
  )
  if (rows.length === 0) return []
  const heads = MAIN_THREAD.map(({ head }) => head)
  const title =
    'Main thread of what runs on Node: how late its event loop was, and the heap it took'
  return ['', title, ...sheet(['', ...heads, 'for each'], rows)]
}

const MAIN_THREAD: readonly FigureColumn[] = [
  { figure: 'loopP99', head: 'delay p99 ms', digits: 1 },
  { figure: 'loopMost', head: 'longest ms', digits: 1 },
  { figure: 'allocated', head: 'kB', digits: 1, scale: 1_000 },
]

const COLUMNS: readonly FigureColumn[] = [
  { figure: 'cpu', head: 'CPU/UNIT µs', digits: 1 },
  { figure: 'toBare', head: '÷ bare', digits: 2 },
  { figure: 'toNginx', head: '÷ nginx', digits: 2 },
  { figure: 'perSecond', head: 'requests/s', digits: 0 },
  { figure: 'p50', head: 'p50 ms', digits: 2 },
  { figure: 'p99', head: 'p99 ms', digits: 2 },
  { figure: 'addedP50', head: 'added p50 ms', digits: 2 },
  { figure: 'addedP99', head: 'added p99 ms', digits: 2 },
  { figure: 'refused', head: 'refused/request', digits: 2 },
  { figure: 'perStream', head: 'kB/stream', digits: 1, scale: 1_000 },
  { figure: 'open', head: 'open', digits: 0 },
  { figure: 'broken', head: 'broken', digits: 0 },
]

function otherLines({ idle, parse, select, cold }: Report): string[] {
  return [
    ...(idle.length === 0 ? [] : ['', 'MB of memory after the start, before any request']),
    ...(idle.length === 0 ? [] : sheet(['', 'PSS', 'RSS'], idle.map(idleRow))),
    ...(parse === null ? [] : ['', `JSON.parse of a body of 2 MB: ${shown(parse, 0)} µs CPU`]),
    ...(select === null ? [] : ['', 'Choosing a key among 10,000, 1,000 of them usable']),
    ...sheetOf(
      Object.entries(select ?? {}).map(([policy, one]) => [policy, `${shown(one, 2)} µs`]),
    ),
    ...(cold === null ? [] : coldLines(cold)),
  ]
}

function idleRow({ name, pss, rss }: Idle): string[] {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  return [name, pss === null ? '-' : megabytes(pss), megabytes(rss)]
}

function coldLines(cold: ColdStart): string[] {
  const rows: [string, Spread][] = [
    ['node -e 0', cold.node],
    ['balance --version', cold.version],
    ['balance keys list, over node -e 0', cold.listOverNode],
    ['the same with --json', cold.jsonListOverNode],
    ['balance serve, until it listens', cold.ready],
    ['longest wait of /livez, idle', cold.quiet],
    ['longest wait of /livez, over a reload', cold.reload],
  ]
  return [
    '',
    `cold-start: with ${cold.keys} keys`,
    ...sheetOf(rows.map(([what, ms]) => [what, `${shown(ms, 1)} ms`])),
    ...(cold.pss === null ? [] : sheetOf([['PSS then', `${shown(cold.pss, 1, 1e6)} MB`]])),
  ]
}

function sheetOf(rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : sheet(null, rows)
}

function shown(spread: Spread | undefined, digits: number, scale = 1): string {
  if (spread === undefined) return '-'
  const shownDigits = Math.max(0, Math.min(digits, 2 - magnitude(spread.most / scale)))
  const [median, least, most] = [spread.median, spread.least, spread.most].map(value =>
    (value / scale).toFixed(shownDigits),
  )
  return least === most ? `${median}` : `${median} [${least}-${most}]`
}

/** 0 below 10, 1 below 100 and so on: no figure is worth more than three digits, and tables are wide. */
function magnitude(value: number): number {
  return value < 10 ? 0 : Math.floor(Math.log10(value))
}

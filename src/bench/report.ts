import type { Measured, Scenario, Spread } from './rounds.ts'
import type { Selecting } from './select.ts'
import type { Startup } from './startup.ts'

/** All that one run of the bench found out. */
export interface Report {
  readonly host: {
    readonly node: string
    readonly platform: string
    readonly cpu: string
    readonly cores: number
    /** Contender on core 1, load and upstream on core 0. */
    readonly pinned: boolean
  }
  readonly scenarios: readonly { readonly scenario: Scenario; readonly measured: Measured[] }[]
  /** Resident bytes after all rounds. */
  readonly rss: { readonly bare: number; readonly balance: number }
  readonly startup: Startup
  readonly select: Selecting
  readonly ratios: Ratios
}

/** What is promised: medians over the turns of balance ÷ bare; see the scenario of the same name. */
export interface Ratios {
  readonly json: number
  readonly stream: number
  /** `balance --version` ÷ `node -e 0` */
  readonly startup: number
}

export function ratiosOf({ scenarios, startup }: Omit<Report, 'ratios'>): Ratios {
  const ratio = (name: Scenario['name']) => {
    const measured = scenarios.find(({ scenario }) => scenario.name === name)?.measured ?? []
    return measured.find(one => one.name === 'balance')?.ratio?.median ?? Number.NaN
  }
  return {
    json: ratio('json'),
    stream: ratio('stream'),
    startup: startup.version.median / startup.node.median,
  }
}

/** The report for people: plain text, columns aligned. */
export function rendered({ host, scenarios, rss, startup, select, ratios }: Report): string {
  return [
    `Node ${host.node} on ${host.platform}, ${host.cores} × ${host.cpu}`,
    host.pinned
      ? 'Pinned: the contender on core 1, load generator and upstream on core 0.'
      : 'Not pinned: contender, load generator and upstream share all cores.',
    'Medians of rounds taken in turns, least and most in brackets.',
    ...scenarios.flatMap(({ scenario, measured }) => ['', ...scenarioLines(scenario, measured)]),
    '',
    `Resident after it: balance ${mebibytes(rss.balance)}, bare ${mebibytes(rss.bare)}`,
    `Start: balance --version ${shown(startup.version, 1)} ms, node -e 0 ${shown(startup.node, 1)} ms`,
    '',
    'Choosing a key among 10,000, 1,000 of them usable, and giving it back',
    ...columns(Object.entries(select).map(([policy, taken]) => [policy, `${shown(taken, 2)} µs`])),
    '',
    'balance ÷ bare',
    ...columns([
      ['CPU per JSON request', ratios.json.toFixed(2)],
      ['CPU per streamed event', ratios.stream.toFixed(2)],
      ['balance --version ÷ node -e 0', ratios.startup.toFixed(2)],
    ]),
    '',
  ].join('\n')
}

function scenarioLines(scenario: Scenario, measured: readonly Measured[]): string[] {
  const unit = scenario.traffic === 'stream' ? 'event' : 'request'
  return [
    titleOf(scenario),
    ...columns([
      ['', `CPU/${unit} µs`, '÷ bare', 'requests/s', 'p50 ms', 'p99 ms'],
      ...measured.map(({ name, cpu, ratio, requestsPerSecond, p50, p99 }) => [
        name,
        shown(cpu, 1),
        shown(ratio, 2),
        shown(requestsPerSecond, 0),
        shown(p50, 2),
        shown(p99, 2),
      ]),
    ]),
  ]
}

const TITLES: Readonly<Record<Scenario['name'], string>> = {
  json: 'JSON chat, 1 KB either way, as fast as it goes',
  stream: 'Event streams of 40 events, one each 5 ms',
  latency: 'JSON chat, unhurried',
}

function titleOf({ name, connections, requests, rounds }: Scenario): string {
  return `${TITLES[name]}: ${connections} connections, ${rounds} rounds of ${requests} requests`
}

function shown(spread: Spread | null, digits: number): string {
  if (spread === null) return '-'
  const { median, least, most } = spread
  return `${median.toFixed(digits)} [${least.toFixed(digits)}-${most.toFixed(digits)}]`
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`
}

/** Two spaces between columns, no white space at the end of a line. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0))) ?? []
  return rows.map(row =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

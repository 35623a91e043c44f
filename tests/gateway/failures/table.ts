import type { Fault } from '../../../src/model/outcome.ts'
import { type BegunRow, type FailedRow, type ReusedRow, WAYS } from './row.ts'
import { ANSWER } from './rows/answer.ts'
import { BROKEN_OFF } from './rows/broken-off.ts'
import { ENDED } from './rows/ended.ts'
import { REFUSED_KEYS } from './rows/refused-key.ts'
import { REUSE } from './rows/reuse.ts'
import { STATEFUL } from './rows/stateful.ts'
import { STATUS } from './rows/status.ts'
import { TRANSPORT } from './rows/transport.ts'
import { WHOLE_ANSWERS } from './rows/whole.ts'

/** The failure matrix as Markdown, for docs/failover.md. */
export function failureTable(): string {
  return [
    ...section('No answer', FAILED, TRANSPORT.map(failed)),
    ...section('A kept connection', REUSED, REUSE.map(reused)),
    ...section('A refusal', FAILED, [...REFUSED_KEYS, ...STATUS].map(failed)),
    ...section('A success that is none', FAILED, ANSWER.map(failed)),
    ...section('Requests that would act twice (batches, files, …)', FAILED, STATEFUL.map(failed)),
    ...section(
      'An answer that was begun',
      BEGUN,
      [...BROKEN_OFF, ...WHOLE_ANSWERS, ...ENDED].map(begun),
    ),
  ].join('\n')
}

const FAILED = [
  'the upstream',
  'fault',
  'tried again',
  'attempts',
  'charged',
  'what the client gets when nothing helps',
  'asked as',
]
const REUSED = ['the upstream', 'failed attempts', 'connections', 'charged', 'what the client gets']
const BEGUN = ['the upstream', 'what the client gets', 'written down as', 'charged', 'asked as']

function section(title: string, columns: readonly string[], rows: readonly string[][]): string[] {
  const lines = [columns, columns.map(() => '---'), ...merged(rows)]
  return [`### ${title}`, '', ...lines.map(cells => `| ${cells.join(' | ')} |`), '']
}

const STATUSES = /^(\d{3}(?:, \d{3})*)(: .*)$/

/** Statuses with one meaning share a line. */
function merged(rows: readonly string[][]): string[][] {
  const lines: string[][] = []
  for (const [first = '', ...rest] of rows) {
    const [, code, meaning] = STATUSES.exec(first) ?? []
    const [, codes, same] = STATUSES.exec(lines.at(-1)?.[0] ?? '') ?? []
    if (meaning !== undefined && meaning === same)
      lines.at(-1)?.splice(0, 1, `${codes}, ${code}${same}`)
    else lines.push([first, ...rest])
  }
  return lines
}

function failed(row: FailedRow): string[] {
  const { alone, spent, elsewhere } = WAYS[row.way]
  return [
    row.upstream,
    `\`${row.fault}\``,
    WAYS[row.way].words,
    [alone, spent, elsewhere].map(attempts => attempts.length).join(' · '),
    CHARGED[row.fault],
    row.answer === 'relayed' ? 'that answer' : error(row.answer),
    askedAs(row),
  ]
}

function reused({ upstream, faults, connections, charged, answer }: ReusedRow): string[] {
  return [
    upstream,
    faults.map(fault => `\`${fault}\``).join(', ') || 'none',
    String(connections),
    charged === 0 ? 'nobody' : 'the provider',
    answer === null ? 'a good answer' : error(answer),
  ]
}

function begun(row: BegunRow): string[] {
  const { upstream, client, outcome, charged, event } = row
  return [
    upstream,
    event === undefined || row.end === 'complete' ? client : `${client} (\`${event[1]}\`)`,
    `\`${outcome}\``,
    charged === 0 ? 'nobody' : 'the provider',
    askedAs(row),
  ]
}

function error([status, code]: readonly [number, string]): string {
  return `${status} \`${code}\``
}

const CHARGED: Readonly<Record<FailedRow['fault'], string>> = {
  auth: 'the key: invalid after `max_failures` in a row',
  quota: 'the key: exhausted',
  rate: 'the key, for this model: cooling',
  model: 'the key, for this model',
  provider: 'the provider',
  client: 'nobody',
  local: 'nobody',
  proxy: 'nobody but the proxy',
  stale: 'nobody',
  gone: 'nobody',
} satisfies Record<Exclude<Fault, 'none'>, string>

function askedAs({ dialects, stream }: FailedRow | BegunRow): string {
  const names = dialects === undefined || dialects.length === 4 ? [] : dialects
  if (stream !== undefined) return [...names, stream ? 'stream' : 'no stream'].join(', ')
  return names.join(', ') || 'all'
}

import type { ChalkInstance } from 'chalk'
import type { Result, Stage, TestShape } from '../../control/shapes/test.ts'
import type { Column } from '../table.ts'

/** `keys test`. */
export function testColumns(paint: ChalkInstance): Column<TestShape>[] {
  return [
    { head: 'ID', cell: row => row.key },
    { head: 'PROVIDER', cell: row => row.provider },
    { head: 'LABEL', soft: true, cell: row => row.label },
    {
      head: 'RESULT',
      soft: true,
      cell: resultWords,
      paint: (text, row) => resultColor(paint, row)(text),
    },
    { head: 'MS', right: true, cell: row => row.ms },
    {
      head: 'CHANGED',
      cell: row => (row.before === row.after ? '' : `${row.before} → ${row.after}`),
    },
  ]
}

/** `providers test`: also how far each came. */
export function reachColumns(paint: ChalkInstance): Column<TestShape>[] {
  return [
    ...testColumns(paint),
    { head: 'FAILED AT', cell: row => row.failed_at && STAGES[row.failed_at] },
  ]
}

const RESULTS: Readonly<Record<Result, string>> = {
  works: 'works',
  accepted: 'accepted',
  reached: 'reached, no list of models',
  refused: 'refused',
  out_of_quota: 'out of quota',
  rate_limited: 'rate limited',
  model_refused: 'model refused',
  no_such_model: 'no such model',
  unreachable: 'unreachable',
  untrusted: 'certificate not trusted',
  no_answer: 'no answer',
  provider_failed: 'provider failed',
  host_failed: 'this host failed',
  not_opened: 'not opened',
}

const STAGES: Readonly<Record<Stage, string>> = {
  secret: 'the secret',
  host: 'this host',
  dns: 'DNS',
  connect: 'connecting',
  tls: 'TLS',
  answer: 'the answer',
  key: 'the key',
}

function resultWords({ result, code, message }: TestShape): string {
  const why = result === 'not_opened' ? message : code
  return why === null ? RESULTS[result] : `${RESULTS[result]} (${why})`
}

/** Red needs its owner, yellow may pass. */
function resultColor(paint: ChalkInstance, { ok, result }: TestShape): (text: string) => string {
  if (ok) return paint.green
  const lasting = ['refused', 'model_refused', 'no_such_model', 'untrusted', 'not_opened']
  return lasting.includes(result) ? paint.red : paint.yellow
}

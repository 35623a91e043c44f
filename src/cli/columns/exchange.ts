import type { ChalkInstance } from 'chalk'
import type { ExchangeShape, FailureShape } from '../../control/shapes/exchange.ts'
import type { TryShape } from '../../control/shapes/try.ts'
import { formatMoment } from '../moment.ts'
import type { Column } from '../table.ts'

/** `logs list`. */
export function exchangeColumns(paint: ChalkInstance): Column<ExchangeShape>[] {
  return [
    { head: 'ID', cell: row => row.id, right: true },
    { head: 'TIME', cell: row => formatMoment(Date.parse(row.time)) },
    {
      head: 'STATUS',
      cell: row => row.status,
      right: true,
      paint: (text, row) => statusColor(paint, row.status)(text),
    },
    { head: 'OUTCOME', soft: true, spare: true, cell: row => row.outcome },
    { head: 'TOKEN', soft: true, spare: true, cell: row => row.token },
    { head: 'PROVIDER', cell: row => row.provider },
    { head: 'KEY', cell: row => row.key_label || row.key },
    { head: 'MODEL', soft: true, cell: row => row.model },
    { head: 'REQUEST', soft: true, spare: true, cell: row => `${row.method} ${row.path}` },
    { head: 'TRIES', cell: row => row.attempts, right: true },
    { head: 'MS', cell: row => rounded(row.ms), right: true },
    { head: 'TTFT', spare: true, cell: row => rounded(row.ttft_ms), right: true },
    { head: 'TOKENS', spare: true, cell: tokensOf, right: true },
  ]
}

/** `logs errors`. */
export function failureColumns(paint: ChalkInstance): Column<FailureShape>[] {
  return [
    { head: 'TIME', cell: row => formatMoment(Date.parse(row.time)) },
    { head: 'REQUEST ID', soft: true, spare: true, cell: row => row.request_id },
    { head: 'TRY', cell: row => row.attempt, right: true },
    { head: 'PROVIDER', cell: row => row.provider },
    { head: 'KEY', cell: row => row.key },
    { head: 'MODEL', soft: true, spare: true, cell: row => row.model },
    { head: 'STATUS', cell: row => row.status, right: true },
    { head: 'FAULT', cell: row => row.fault, paint: text => paint.red(text) },
    { head: 'CODE', soft: true, cell: row => row.code },
    { head: 'MS', cell: row => rounded(row.ms), right: true },
  ]
}

/** The lower half of `logs show`. */
export function tryColumns(paint: ChalkInstance): Column<TryShape>[] {
  return [
    { head: 'TRY', cell: row => row.attempt, right: true },
    { head: 'PROVIDER', cell: row => row.provider },
    { head: 'KEY', cell: row => row.key },
    { head: 'STATUS', cell: row => row.status, right: true },
    {
      head: 'OUTCOME',
      cell: row => row.outcome,
      paint: (text, row) => outcomeColor(paint, row.outcome)(text),
    },
    { head: 'CODE', soft: true, cell: row => row.code },
    { head: 'MS', cell: row => rounded(row.ms), right: true },
  ]
}

/** Green worked, yellow is the caller's own doing, red failed. */
export function statusColor(paint: ChalkInstance, status: number): (text: string) => string {
  if (status >= 500) return paint.red
  return status >= 400 ? paint.yellow : paint.green
}

function outcomeColor(paint: ChalkInstance, outcome: string | null): (text: string) => string {
  if (outcome === null) return paint.dim
  return outcome === 'ok' ? paint.green : paint.red
}

/** `120→48`: what went in and what came out; null where the answer did not say. */
export function tokensOf(row: ExchangeShape): string | null {
  if (row.prompt_tokens === null && row.completion_tokens === null) return null
  return `${row.prompt_tokens ?? '?'}→${row.completion_tokens ?? '?'}`
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms)
}

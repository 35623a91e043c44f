import type { ChalkInstance } from 'chalk'
import type { StatsShape } from '../../control/shapes/stats.ts'
import type { StatsGroup } from '../../model/record.ts'
import { formatCount, formatShare } from '../amount.ts'
import { formatMoment } from '../moment.ts'
import type { Column } from '../table.ts'

/** `stats`, without its chart. */
export function statsColumns(by: StatsGroup, paint: ChalkInstance): Column<StatsShape>[] {
  return [
    { head: by.toUpperCase(), cell: row => (by === 'hour' ? hour(row) : row.group) },
    ...(by === 'key' ? [{ head: 'LABEL', cell: (row: StatsShape) => row.label }] : []),
    { head: 'REQUESTS', cell: row => formatCount(row.requests), right: true },
    {
      head: 'ERRORS %',
      cell: row => formatShare(row.errors, row.requests),
      right: true,
      paint: (text, row) => (row.errors > 0 ? paint.red(text) : text),
    },
    { head: 'TOKENS IN', cell: row => formatCount(row.prompt_tokens), right: true },
    { head: 'TOKENS OUT', cell: row => formatCount(row.completion_tokens), right: true },
    { head: 'MEAN MS', cell: row => formatCount(row.ms), right: true },
  ]
}

/** The bar of each row's requests, as they were drawn. */
export function barColumn(
  rows: readonly StatsShape[],
  bars: readonly string[],
  paint: ChalkInstance,
): Column<StatsShape> {
  return {
    head: '',
    cell: row => bars[rows.indexOf(row)] || ' ',
    paint: text => paint.cyan(text),
  }
}

/** Local, without the seconds. */
function hour(row: StatsShape): string | null {
  return row.group && formatMoment(Date.parse(row.group)).slice(0, -3)
}

import type { ChalkInstance } from 'chalk'
import type { StatsGroup } from '../../model/record.ts'
import { bar, formatCount, formatShare } from '../amount.ts'
import { formatMoment } from '../moment.ts'
import type { StatsShape } from '../shapes/stats.ts'
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

/** A bar of each row's requests, the largest one `width` characters long. */
export function chartColumn(
  rows: readonly StatsShape[],
  width: number,
  paint: ChalkInstance,
): Column<StatsShape> {
  const most = rows.reduce((largest, { requests }) => Math.max(largest, requests), 1)
  return {
    head: '',
    cell: row => bar(row.requests / most, width) || '▏',
    paint: text => paint.cyan(text),
  }
}

/** Local, without the seconds. */
function hour(row: StatsShape): string | null {
  return row.group && formatMoment(Date.parse(row.group)).slice(0, -3)
}

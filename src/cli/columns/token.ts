import type { ChalkInstance } from 'chalk'
import type { TokenShape } from '../../control/shapes/token.ts'
import { formatMoment } from '../moment.ts'
import type { Column } from '../table.ts'

/** `tokens list`. */
export function tokenColumns(paint: ChalkInstance): Column<TokenShape>[] {
  return [
    { head: 'ID', cell: row => row.id },
    { head: 'NAME', cell: row => row.name },
    { head: 'TOKEN', cell: row => row.masked },
    {
      head: 'STATE',
      cell: row => (row.weak ? `${row.state}, weak` : row.state),
      paint: (text, row) => (row.state === 'active' ? paint.green(text) : paint.red(text)),
    },
    { head: 'PROVIDERS', soft: true, cell: row => row.providers?.join(',') ?? 'all' },
    { head: 'MODELS', soft: true, cell: row => row.models?.join(',') ?? 'all' },
    { head: 'RPM', cell: row => row.rpm, right: true },
    { head: 'AT ONCE', cell: row => row.concurrency, right: true },
    { head: 'EXPIRES', cell: row => row.expires && formatMoment(Date.parse(row.expires)) },
    { head: 'ORIGIN', soft: true, spare: true, cell: row => row.origin },
  ]
}

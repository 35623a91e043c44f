import type { ChalkInstance } from 'chalk'
import type { WorstKeyShape } from '../../control/operations/overview.ts'
import type { Column } from '../table.ts'
import { keyColor } from './key.ts'

/** `overview`: keys whose attempts failed. */
export function worstKeyColumns(paint: ChalkInstance): Column<WorstKeyShape>[] {
  return [
    { head: 'ID', cell: row => row.key },
    { head: 'PROVIDER', cell: row => row.provider },
    { head: 'LABEL', soft: true, cell: row => row.label },
    {
      head: 'STATE',
      cell: row => row.state,
      paint: (text, row) => keyColor(paint, row.state)(text),
    },
    { head: '429', right: true, cell: row => row.rate_limited },
    { head: 'REFUSED', right: true, cell: row => row.refused },
    { head: 'QUOTA', right: true, cell: row => row.quota },
    { head: 'OTHER', right: true, cell: row => row.other },
  ]
}

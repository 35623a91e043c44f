import type { ChalkInstance } from 'chalk'
import type { Candidate } from '../../model/explanation.ts'
import type { Column } from '../table.ts'

/** `routes explain`. */
export function candidateColumns(paint: ChalkInstance): readonly Column<Candidate>[] {
  const colors = { chosen: paint.green, able: (text: string) => text, removed: paint.red }
  return [
    { head: 'PROVIDER', cell: row => row.provider },
    { head: 'MODEL', cell: row => row.model },
    { head: 'TIER', cell: row => row.tier, right: true },
    { head: 'WEIGHT', cell: row => row.weight, right: true },
    { head: 'KEYS', cell: row => `${row.usable}/${row.keys}`, right: true },
    { head: 'STATE', cell: row => row.state, paint: (text, row) => colors[row.state](text) },
    { head: 'WHY', cell: row => row.reason, soft: true },
  ]
}

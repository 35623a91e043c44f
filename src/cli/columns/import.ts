import type { ChalkInstance } from 'chalk'
import type { ImportLine } from '../../model/moving/belongings.ts'
import type { Column } from '../table.ts'

/** The report of an import. */
export const IMPORT_COLUMNS = (paint: ChalkInstance): readonly Column<ImportLine>[] => [
  { head: 'THERE', cell: row => row.setting },
  { head: 'FROM', cell: row => row.from },
  {
    head: 'HERE',
    soft: true,
    cell: row => row.becomes ?? 'not carried over',
    paint: (text, row) => (row.outcome === 'imported' ? text : paint.yellow(text)),
  },
  { head: 'REMARK', soft: true, cell: row => row.remark },
]

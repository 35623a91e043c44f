import type { TargetShape } from '../../control/shapes/target.ts'
import type { Column } from '../table.ts'

/** `routes list`. */
export const TARGET_COLUMNS: readonly Column<TargetShape>[] = [
  { head: 'MODEL', cell: row => row.model },
  { head: 'PROVIDER', cell: row => row.provider },
  // With a blank, which no model has.
  { head: 'TARGET MODEL', cell: row => row.target_model ?? 'as asked' },
  { head: 'WEIGHT', cell: row => row.weight, right: true },
  { head: 'TIER', cell: row => row.tier, right: true },
  { head: 'ORIGIN', soft: true, spare: true, cell: row => row.origin },
]

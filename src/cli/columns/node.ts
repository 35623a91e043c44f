import type { ChalkInstance } from 'chalk'
import type { NodeStatus } from '../../model/status.ts'
import { formatLeft } from '../moment.ts'
import type { Column } from '../table.ts'

/** The daemons on one store, in `status`; the one that answers is marked. */
export function nodeColumns(paint: ChalkInstance, wall: number): Column<NodeStatus>[] {
  return [
    {
      head: 'NODE',
      cell: row => (row.self ? `${row.id} (this)` : row.id),
      paint: (text, row) => (row.self ? paint.bold(text) : text),
    },
    { head: 'URL', soft: true, cell: row => row.url },
    { head: 'VERSION', cell: row => row.version },
    { head: 'WORKERS', cell: row => row.workers, right: true },
    { head: 'REVISION', cell: row => row.revision, right: true },
    { head: 'UP', cell: row => formatLeft(wall, Date.parse(row.started)), right: true },
  ]
}

import type { ChalkInstance } from 'chalk'
import type { WorkerStatus } from '../../model/status.ts'
import { formatCount } from '../amount.ts'
import type { Column } from '../table.ts'

/** The processes that serve requests, in `status`; one that is behind the daemon is marked. */
export function workerColumns(paint: ChalkInstance, revision: number): Column<WorkerStatus>[] {
  return [
    { head: 'PID', cell: row => row.pid, right: true },
    {
      head: 'REVISION',
      cell: row => row.revision,
      right: true,
      paint: (text, row) => (row.revision === revision ? text : paint.yellow(text)),
    },
    { head: 'IN FLIGHT', cell: row => formatCount(row.in_flight), right: true },
    { head: 'REQUESTS', cell: row => formatCount(row.requests), right: true },
    { head: 'ERRORS', cell: row => formatCount(row.errors), right: true },
  ]
}

import type { ChalkInstance } from 'chalk'
import type { ProviderStatus } from '../../model/status.ts'
import type { Column } from '../table.ts'

/** `providers list`, and the lower half of `status`. */
export function providerColumns(paint: ChalkInstance): Column<ProviderStatus>[] {
  return [
    { head: 'PROVIDER', cell: row => row.name },
    { head: 'KIND', cell: row => row.kind },
    { head: 'BASE URL', soft: true, cell: row => row.base_url },
    { head: 'PATH', cell: row => `/${row.path ?? row.name}` },
    {
      head: 'STATE',
      cell: stateOf,
      paint: (text, row) => (row.enabled ? text : paint.dim(text)),
    },
    { head: 'KEYS', cell: keyCounts, paint: (text, row) => paintKeys(paint, text, row) },
  ]
}

function stateOf(row: ProviderStatus): string {
  const words = [row.enabled ? 'enabled' : 'disabled']
  if (row.default) words.push('default')
  for (const [model, state] of Object.entries(row.breakers))
    words.push(`${model}: breaker ${state}`)
  return words.join(', ')
}

/** `3 active, 1 invalid`. */
function keyCounts(row: ProviderStatus): string {
  const parts = Object.entries(row.keys).filter(([, count]) => count > 0)
  return parts.map(([state, count]) => `${count} ${state}`).join(', ') || 'none'
}

function paintKeys(paint: ChalkInstance, text: string, row: ProviderStatus): string {
  if (row.keys.active === 0) return paint.red(text)
  return row.keys.invalid + row.keys.sealed + row.keys.exhausted > 0
    ? paint.yellow(text)
    : paint.green(text)
}

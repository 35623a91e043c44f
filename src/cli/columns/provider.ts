import type { ChalkInstance } from 'chalk'
import type { ProviderStatus } from '../../model/status.ts'
import type { Column } from '../table.ts'
import { breakerModel } from './breaker.ts'

/** `providers list`. */
export function providerColumns(paint: ChalkInstance): Column<ProviderStatus>[] {
  return [
    { head: 'PROVIDER', cell: row => row.name },
    { head: 'KIND', cell: row => row.kind },
    { head: 'BASE URL', soft: true, cell: row => row.base_url },
    { head: 'PATH', cell: row => `/${row.path ?? row.name}` },
    stateColumn(paint, row => [...standing(row), ...breakers(row)]),
    keysColumn(paint),
    { head: 'ORIGIN', soft: true, spare: true, cell: row => row.origin },
  ]
}

/**
 * `status`: how they are, not what they are. Breakers have a table of their own there.
 * @param nextBack when the first of a provider's resting keys comes back, as text; null for none
 */
export function providerStateColumns(
  paint: ChalkInstance,
  nextBack: ((provider: string) => string | null) | null,
): Column<ProviderStatus>[] {
  return [
    { head: 'PROVIDER', cell: row => row.name },
    stateColumn(paint, standing),
    keysColumn(paint),
    ...(nextBack === null
      ? []
      : [{ head: 'NEXT BACK IN', cell: (row: ProviderStatus) => nextBack(row.name) }]),
  ]
}

function stateColumn(
  paint: ChalkInstance,
  words: (row: ProviderStatus) => readonly string[],
): Column<ProviderStatus> {
  return {
    head: 'STATE',
    cell: row => words(row).join(', '),
    paint: (text, row) => (row.enabled ? text : paint.dim(text)),
  }
}

function standing(row: ProviderStatus): string[] {
  return [row.enabled ? 'enabled' : 'disabled', ...(row.default ? ['default'] : [])]
}

function breakers(row: ProviderStatus): string[] {
  return Object.entries(row.breakers).map(
    ([model, state]) => `${breakerModel(model)}: breaker ${state}`,
  )
}

function keysColumn(paint: ChalkInstance): Column<ProviderStatus> {
  return { head: 'KEYS', cell: keyCounts, paint: (text, row) => paintKeys(paint, text, row) }
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

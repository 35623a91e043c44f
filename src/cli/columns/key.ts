import type { ChalkInstance } from 'chalk'
import type { KeyCondition } from '../../model/catalog.ts'
import type { KeyRow } from '../../model/status.ts'
import { formatLeft } from '../moment.ts'
import type { Column } from '../table.ts'

/** `keys list`. @param proxied whether there are proxies that keys are dialled through */
export function keyColumns(paint: ChalkInstance, wall: number, proxied: boolean): Column<KeyRow>[] {
  const via: Column<KeyRow> = { head: 'VIA', soft: true, cell: row => row.via }
  return [
    { head: 'ID', cell: row => row.id },
    { head: 'PROVIDER', cell: row => row.provider },
    { head: 'LABEL', soft: true, cell: row => row.label },
    { head: 'KEY', cell: row => row.reference ?? row.masked },
    {
      head: 'STATE',
      cell: row => row.state,
      paint: (text, row) => keyColor(paint, row.state)(text),
    },
    { head: 'BACK IN', cell: row => row.until && formatLeft(Date.parse(row.until), wall) },
    ...(proxied ? [via] : []),
    { head: 'FAULTS', cell: row => row.failures, right: true },
    { head: 'WEIGHT', spare: true, cell: row => row.weight, right: true },
    { head: 'TIER', spare: true, cell: row => row.tier, right: true },
    { head: 'RPM', spare: true, cell: row => row.rpm, right: true },
    { head: 'AT ONCE', spare: true, cell: row => row.concurrency, right: true },
    { head: 'ORIGIN', soft: true, spare: true, cell: row => row.origin },
    { head: 'REASON', soft: true, cell: row => row.reason },
  ]
}

/** Green works, yellow comes back by itself, red needs somebody, dim is switched off. */
export function keyColor(paint: ChalkInstance, state: KeyCondition): (text: string) => string {
  return paint[COLORS[state]]
}

const COLORS = {
  active: 'green',
  cooling: 'yellow',
  exhausted: 'yellow',
  invalid: 'red',
  sealed: 'red',
  disabled: 'dim',
} as const satisfies Record<KeyCondition, keyof ChalkInstance>

import type { ChalkInstance } from 'chalk'
import type { ProviderStatus } from '../../model/status.ts'
import type { Column } from '../table.ts'

/** A model that a provider keeps failing for, so that it is left alone or tried again. */
export interface Breaker {
  readonly provider: string
  readonly model: string
  readonly state: 'open' | 'half-open'
}

/** Those that are not closed. */
export function breakersOf(providers: readonly ProviderStatus[]): Breaker[] {
  return providers.flatMap(({ name, breakers }) =>
    Object.entries(breakers).map(([model, state]) => ({ provider: name, model, state })),
  )
}

/** Requests that name no model have a breaker too, and there is one for all. */
export function breakerModel(model: string): string {
  if (model === '*') return 'all models'
  return model || '(no model)'
}

/** The breakers that are not closed, in `status`. */
export function breakerColumns(paint: ChalkInstance): Column<Breaker>[] {
  return [
    { head: 'BREAKER', cell: row => row.provider },
    { head: 'MODEL', soft: true, cell: row => breakerModel(row.model) },
    {
      head: 'STATE',
      cell: row => row.state,
      paint: (text, row) => (row.state === 'open' ? paint.red(text) : paint.yellow(text)),
    },
  ]
}

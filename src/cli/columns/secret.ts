import type { ChalkInstance } from 'chalk'
import type { ProviderSecrets } from '../../model/secrets.ts'
import type { Column } from '../table.ts'

/** `secrets status`: how the keys of each provider are kept. */
export function secretColumns(paint: ChalkInstance): Column<ProviderSecrets>[] {
  return [
    { head: 'PROVIDER', cell: row => row.provider },
    { head: 'SEALED', cell: row => row.sealed, right: true },
    { head: 'REFERENCES', cell: row => row.references, right: true },
    {
      head: 'CANNOT BE OPENED',
      cell: row => row.unopened,
      right: true,
      paint: (text, row) => (row.unopened > 0 ? paint.red(text) : text),
    },
  ]
}

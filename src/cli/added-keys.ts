import type { ImportedKeys } from '../model/changes.ts'
import type { KeyStatus } from '../model/status.ts'
import { plural } from './plural.ts'
import type { Session } from './session.ts'
import { readKeys } from './state.ts'
import type { Column } from './table.ts'

/** What one provider was given, as `keys add` and `keys import` print it with `--json`. */
export interface AddedShape {
  readonly provider: string
  readonly added: readonly KeyStatus[]
  /** How many were there already, in the input or in the store. */
  readonly duplicates: number
}

export async function readAdded(
  session: Session,
  groups: readonly ImportedKeys[],
): Promise<AddedShape[]> {
  const keys = await readKeys(
    session,
    groups.flatMap(({ added }) => added),
  )
  return groups.map(({ provider, duplicates }) => ({
    provider,
    added: keys.filter(key => key.provider === provider),
    duplicates,
  }))
}

/** `keys import`. */
export const ADDED_COLUMNS: readonly Column<AddedShape>[] = [
  { head: 'PROVIDER', cell: row => row.provider },
  { head: 'ADDED', cell: row => row.added.length, right: true },
  { head: 'DUPLICATES', cell: row => row.duplicates, right: true },
]

/** Says how many keys were added to whom, and which of them cannot be used as they are. */
export async function tellAdded(
  session: Session,
  whom: string,
  shapes: readonly AddedShape[],
): Promise<void> {
  const added = shapes.flatMap(shape => shape.added)
  const duplicates = shapes.reduce((sum, shape) => sum + shape.duplicates, 0)
  const skipped = duplicates > 0 ? ` (${plural(duplicates, 'duplicate')} skipped)` : ''
  session.out.say(`added ${plural(added.length, 'key')} to ${whom}${skipped}`)
  for (const key of added.filter(({ state }) => state === 'invalid')) {
    session.out.warn(`${key.reference ?? key.masked}: ${key.reason}`)
  }
  await session.inForce()
}

import type { Kysely } from 'kysely'
import type { LogBatch } from './dialect.ts'
import { CHUNK, NONE, type Removed, removeRows } from './removal.ts'
import type { ImportedSpanRow, Tables } from './tables.ts'

export const SPAN_COLUMNS = ['kind', 'first_id', 'last_id', 'oldest'] as const

/**
 * Where the rows of an imported batch are, in the order of the columns above.
 * @param ids that they were given; of each table the first and the last are enough
 */
export function spansOf(
  oldest: NonNullable<LogBatch['oldest']>,
  ids: Readonly<Record<ImportedSpanRow['kind'], readonly number[]>>,
): (string | number)[][] {
  return (['exchanges', 'failures'] as const)
    .filter(kind => ids[kind].length > 0)
    .map(kind => [kind, Math.min(...ids[kind]), Math.max(...ids[kind]), oldest[kind]])
}

/**
 * Removes imported rows of before this time. They have young ids and old times, so they are not among
 * the lowest ids when their time has come, and an index of times would cost every request: for each
 * batch it is written down between which ids its rows are, and how old the oldest of them is.
 */
export async function removeOldImported(
  db: Kysely<Tables>,
  table: ImportedSpanRow['kind'],
  before: number,
): Promise<Removed> {
  const span = await db
    .selectFrom('imported_spans')
    .selectAll()
    .where('kind', '=', table)
    .where('oldest', '<', before)
    .orderBy('oldest')
    .limit(1)
    .executeTakeFirst()
  if (!span) return NONE
  const old = await rowsOf(db, span)
    .select('id')
    .where('time', '<', before)
    .orderBy('id')
    .limit(CHUNK)
    .execute()
  const removed = await removeRows(db, table, old)
  if (removed < CHUNK) await renew(db, span)
  return { ...NONE, [table]: removed, spans: 1 }
}

function rowsOf(db: Kysely<Tables>, { kind, first_id, last_id }: ImportedSpanRow) {
  return db.selectFrom(kind).where('id', '>=', first_id).where('id', '<=', last_id)
}

/** As its rows are now; without any it goes. */
async function renew(db: Kysely<Tables>, span: ImportedSpanRow): Promise<void> {
  const { oldest } = await rowsOf(db, span)
    .select(({ fn }) => fn.min('time').as('oldest'))
    .executeTakeFirstOrThrow()
  const { kind, first_id } = span
  if (oldest === null) {
    await db
      .deleteFrom('imported_spans')
      .where('kind', '=', kind)
      .where('first_id', '=', first_id)
      .execute()
    return
  }
  await db
    .updateTable('imported_spans')
    .set({ oldest })
    .where('kind', '=', kind)
    .where('first_id', '=', first_id)
    .execute()
}

import type { Kysely } from 'kysely'
import { DIMENSIONS, KEPT } from './rollups.ts'
import type { Tables } from './tables.ts'

/** Most rows of one statement. */
export const CHUNK = 100

/** Rows that were removed, at most {@link CHUNK} of a table; none when there is no more to remove. */
export interface Removed {
  readonly exchanges: number
  readonly failures: number
  readonly rollups: number
  /** Spans of imported rows that were looked through. */
  readonly spans: number
}

export const NONE: Removed = { exchanges: 0, failures: 0, rollups: 0, spans: 0 }

/**
 * What is too far from now, which is to say either way: a clock that ran ahead must not hold up
 * all that follows.
 *
 * The lowest ids are taken for the oldest rows. They are given out when an exchange ends, so times
 * are out of order by as long as exchanges take: a row behind {@link CHUNK} younger ones goes when
 * the first of those does. Imported rows have other ids than their times: see imported-spans.
 */
export async function removeOld(
  db: Kysely<Tables>,
  table: 'exchanges' | 'failures',
  now: number,
  maxAge: number,
): Promise<Removed> {
  const first = await db
    .selectFrom(table)
    .select(['id', 'time'])
    .orderBy('id')
    .limit(CHUNK)
    .execute()
  const old = first.filter(({ time }) => Math.abs(now - time) > maxAge)
  return { ...NONE, [table]: await removeRows(db, table, old) }
}

/** The oldest exchanges, but first their failures and those of exchanges that are gone already. */
export async function removeOldest(db: Kysely<Tables>): Promise<Removed> {
  const exchanges = await db
    .selectFrom('exchanges')
    .select('id')
    .orderBy('id')
    .limit(CHUNK)
    .execute()
  const last = exchanges.at(-1)
  if (!last) return NONE
  const failures = await db
    .selectFrom('failures')
    .select('id')
    .where('exchange_id', '<=', last.id)
    .orderBy('exchange_id')
    .limit(CHUNK)
    .execute()
  await removeRows(db, 'failures', failures)
  if (failures.length === CHUNK) return { ...NONE, failures: CHUNK }
  await removeRows(db, 'exchanges', exchanges)
  return { ...NONE, exchanges: exchanges.length, failures: failures.length }
}

/** Failed attempts whatever their age. */
export async function removeFailures(db: Kysely<Tables>): Promise<Removed> {
  const failures = await db.selectFrom('failures').select('id').orderBy('id').limit(CHUNK).execute()
  return { ...NONE, failures: await removeRows(db, 'failures', failures) }
}

/** Of the oldest hour before this time. */
export async function removeRollups(db: Kysely<Tables>, before: number): Promise<Removed> {
  return removeSums(db, DIMENSIONS, before)
}

/** Of the series by time, what nobody can ask for any more. */
export async function removeSeries(db: Kysely<Tables>, now: number): Promise<Removed> {
  for (const [dimension, ms] of KEPT) {
    const removed = await removeSums(db, [dimension], now - ms)
    if (removed.rollups > 0) return removed
  }
  return NONE
}

async function removeSums(
  db: Kysely<Tables>,
  dimensions: readonly string[],
  before: number,
): Promise<Removed> {
  for (const dimension of dimensions) {
    const oldest = await db
      .selectFrom('rollups')
      .select(['hour', 'name'])
      .where('dimension', '=', dimension)
      .where('hour', '<', before)
      .orderBy('hour')
      .orderBy('name')
      .limit(CHUNK)
      .execute()
    const [first] = oldest
    if (!first) continue
    const names = oldest.filter(({ hour }) => hour === first.hour).map(({ name }) => name)
    await db
      .deleteFrom('rollups')
      .where('dimension', '=', dimension)
      .where('hour', '=', first.hour)
      .where('name', 'in', names)
      .execute()
    return { ...NONE, rollups: names.length }
  }
  return NONE
}

export async function removeRows(
  db: Kysely<Tables>,
  table: 'exchanges' | 'failures',
  rows: readonly { readonly id: number }[],
): Promise<number> {
  const ids = rows.map(({ id }) => id)
  if (ids.length > 0) await db.deleteFrom(table).where('id', 'in', ids).execute()
  return ids.length
}

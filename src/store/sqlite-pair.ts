import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import { FOR_EVER } from './dialect.ts'
import type { SqliteFile } from './sqlite-file.ts'
import type { Tables } from './tables.ts'

/**
 * Writes both files of a store as one. SQLite commits each by itself, so the work has a name:
 *
 *   1. Control is told the name, in a transaction of its own.
 *   2. Both are written, each in its transaction, control's being the outer one; the log is told the
 *      name, where anything else was written to it.
 *   3. The log is committed.
 *   4. Control is committed, without the name.
 *
 * Whoever is killed before 3 leaves the old store (a name that the log does not have means nothing),
 * and after 4 the new one. Between the two both files have the name: {@link isHalfWritten}. The next
 * such work takes that name over, so that it stays half-written until this came to its end.
 */
export async function writePair<T>(
  control: SqliteFile,
  log: SqliteFile,
  change: (control: Kysely<Tables>, log: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  const name = await control.patiently(() =>
    control.db.transaction().execute(db => begin(db, log.db)),
  )
  // Else a power cut could take the log's commit and leave control's, which follows it.
  log.raw.pragma('synchronous = full')
  try {
    return await control.patiently(() =>
      control.db.transaction().execute(async db => {
        if ((await begun(db)) !== name) throw overtaken()
        const made = await log.patiently(() =>
          log.db.transaction().execute(on => named(on, name, () => change(db, on))),
        )
        await db.deleteFrom('leases').where('work', '=', WORK).execute()
        return made
      }),
    )
  } finally {
    log.raw.pragma('synchronous = normal')
  }
}

const WORK = 'restore'

/**
 * Refuses a store of which only the log was written.
 * @throws BalanceError restore_unfinished; store_unavailable while it is being written
 */
export async function refuseHalfWritten(
  control: SqliteFile,
  log: SqliteFile,
  url: string,
): Promise<void> {
  if (!(await isHalfWritten(control.db, log.db))) return
  // One that is between its commits now holds the lock, and is waited for.
  const locked = () => control.db.transaction().execute(db => isHalfWritten(db, log.db))
  if (!(await control.patiently(locked))) return
  throw new BalanceError(
    'restore_unfinished',
    `A restore to ${url} was cut short: its log is the backup's, and all else is not.`,
    {
      hint: 'Run the same balance restore FILE again, which finishes it. What was there before is in before-restore-….backup in the data folder.',
    },
  )
}

async function isHalfWritten(control: Kysely<Tables>, log: Kysely<Tables>): Promise<boolean> {
  const name = await begun(control)
  return name !== null && name === (await written(log))
}

async function begin(control: Kysely<Tables>, log: Kysely<Tables>): Promise<string> {
  const left = await begun(control)
  if (left !== null && left === (await written(log))) return left
  const name = randomUUID()
  await control.deleteFrom('leases').where('work', '=', WORK).execute()
  await control.insertInto('leases').values({ work: WORK, node: name, ends_at: FOR_EVER }).execute()
  return name
}

async function named<T>(log: Kysely<Tables>, name: string, change: () => Promise<T>): Promise<T> {
  const before = await changesOf(log)
  const made = await change()
  if ((await changesOf(log)) === before) return made
  await log.deleteFrom('batches').where('node', '=', WORK).execute()
  await log.insertInto('batches').values({ node: WORK, id: name, time: FOR_EVER }).execute()
  return made
}

/** How many rows this connection has ever changed. */
async function changesOf(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ changes: number }>`select total_changes() as changes`.execute(db)
  return (rows[0] as { changes: number }).changes
}

async function begun(control: Kysely<Tables>): Promise<string | null> {
  const query = control.selectFrom('leases').select('node').where('work', '=', WORK)
  return (await query.executeTakeFirst())?.node ?? null
}

async function written(log: Kysely<Tables>): Promise<string | null> {
  const query = log.selectFrom('batches').select('id').where('node', '=', WORK)
  return (await query.executeTakeFirst())?.id ?? null
}

function overtaken(): BalanceError {
  return new BalanceError('failed', 'Another restore of this store has just begun.', {
    hint: 'This one changed nothing.',
  })
}

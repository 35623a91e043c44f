import { CompiledQuery, type Kysely } from 'kysely'
import {
  type BatchMark,
  FOR_EVER,
  isToBeWritten,
  type LogBatch,
  MARK_KEPT,
  NO_EXCHANGE,
} from './dialect.ts'
import { SPAN_COLUMNS, spansOf } from './imported-spans.ts'
import { EXCHANGE_COLUMNS, FAILURE_COLUMNS, type LogEntry } from './record-rows.ts'
import { ROLLUP_COLUMNS, ROLLUP_SUMS } from './rollups.ts'
import { slices } from './slices.ts'
import type { Tables } from './tables.ts'

/** How often a transaction that the server chose to break a deadlock is tried. */
const TRIES = 3

/**
 * Writes the batch in one transaction; false where it is not to be written, see {@link isToBeWritten}.
 * @param step distance of two automatic ids
 */
export async function appendBatch(
  db: Kysely<Tables>,
  step: number,
  { entries, loose, rollups, oldest, mark }: LogBatch,
): Promise<boolean> {
  return undeadlocked(() =>
    db.transaction().execute(async trx => {
      if (mark !== null && !(await take(trx, mark))) return false
      const ids = { exchanges: [] as number[], failures: [] as number[] }
      const note = (kind: keyof typeof ids, first: number, rows: number) =>
        ids[kind].push(first, first + (rows - 1) * step)
      for (const chunk of slices(entries)) {
        note('exchanges', await appendEntries(trx, step, chunk), chunk.length)
      }
      for (const chunk of slices(loose)) {
        const rows = chunk.map(values => [NO_EXCHANGE, ...values])
        const { insertId } = await trx.executeQuery(insertion('failures', FAILURE_COLUMNS, rows))
        note('failures', Number(insertId), chunk.length)
      }
      for (const span of oldest === null ? [] : spansOf(oldest, ids)) {
        await trx.executeQuery(insertion('imported_spans', SPAN_COLUMNS, [span], REPLACING))
      }
      // Last, for these rows are every node's: they are locked until the transaction ends.
      for (const chunk of slices(rollups)) {
        await trx.executeQuery(insertion('rollups', ROLLUP_COLUMNS, chunk, ADDING))
      }
      return true
    }),
  )
}

/**
 * Marks the batch as this node's last; false where it is not to be written. Waits for a transaction
 * of another connection that may still be about to write the same batch.
 */
async function take(trx: Kysely<Tables>, mark: BatchMark): Promise<boolean> {
  const { node, id, time } = mark
  const last = await trx
    .selectFrom('batches')
    .select('id')
    .where('node', '=', node)
    .forUpdate()
    .executeTakeFirst()
  if (!isToBeWritten(mark, last?.id)) return false
  if (last) {
    await trx.updateTable('batches').set({ id, time }).where('node', '=', node).execute()
    return true
  }
  if (time !== FOR_EVER) {
    await trx
      .deleteFrom('batches')
      .where('time', '<', time - MARK_KEPT)
      .execute()
  }
  await trx.insertInto('batches').values({ node, id, time }).execute()
  return true
}

/** The id of the first. */
async function appendEntries(
  trx: Kysely<Tables>,
  step: number,
  entries: readonly LogEntry[],
): Promise<number> {
  const exchanges = entries.map(({ exchange }) => exchange)
  const { insertId } = await trx.executeQuery(insertion('exchanges', EXCHANGE_COLUMNS, exchanges))
  // The ids of one insert with a known number of rows are consecutive in every lock mode
  // (MySQL manual, "InnoDB AUTO_INCREMENT Lock Modes").
  const first = Number(insertId)
  const failures = entries.flatMap(({ failures }, index) =>
    failures.map(values => [first + index * step, ...values]),
  )
  if (failures.length > 0) {
    await trx.executeQuery(insertion('failures', FAILURE_COLUMNS, failures))
  }
  return first
}

const ADDING = `on duplicate key update
  ${ROLLUP_SUMS.map(name => `${name} = ${name} + values(${name})`).join(', ')}`

const REPLACING = 'on duplicate key update last_id = values(last_id), oldest = values(oldest)'

/** mysql2 writes a list of lists as the rows of an insert. */
function insertion(
  table: string,
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  rest = '',
) {
  const text = `insert into ${table} (${columns.join(', ')}) values ? ${rest}`
  return CompiledQuery.raw(text, [rows])
}

async function undeadlocked<T>(run: () => Promise<T>): Promise<T> {
  for (let turn = 1; ; turn++) {
    try {
      return await run()
    } catch (error) {
      if ((error as { code?: string }).code !== 'ER_LOCK_DEADLOCK' || turn === TRIES) throw error
    }
  }
}

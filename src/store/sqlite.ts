import type { Database } from 'better-sqlite3'
import type { Kysely } from 'kysely'
import type { Clock } from '../base/clock.ts'
import {
  type Engine,
  FOR_EVER,
  isToBeWritten,
  type LogBatch,
  MARK_KEPT,
  NO_EXCHANGE,
} from './dialect.ts'
import { SPAN_COLUMNS, spansOf } from './imported-spans.ts'
import { EXCHANGE_COLUMNS, FAILURE_COLUMNS } from './record-rows.ts'
import { ROLLUP_COLUMNS, ROLLUP_KEY, ROLLUP_SUMS } from './rollups.ts'
import { SqliteFile } from './sqlite-file.ts'
import { refuseHalfWritten, writePair } from './sqlite-pair.ts'
import { JOURNAL_LIMIT, SqliteSpace } from './sqlite-space.ts'
import type { Tables } from './tables.ts'
import type { SqliteAddress } from './url.ts'

const CONTROL_PRAGMAS = [
  'synchronous = full',
  'journal_size_limit = 67108864',
  // What an old master key opened is not left in free pages for whoever kept that key.
  'secure_delete = on',
]
const LOG_PRAGMAS = [
  // Heeded only while the file is empty.
  'auto_vacuum = incremental',
  'synchronous = normal',
  `journal_size_limit = ${JOURNAL_LIMIT}`,
]

/**
 * A store in two SQLite files. What operators wrote survives a power cut (`synchronous=FULL`);
 * of the log, which costs a seventh of the writes so, the last moments may be lost.
 * @param restoring opens one that a restore left half-written too
 * @throws BalanceError as {@link SqliteFile.open}; restore_unfinished
 */
export async function openSqlite(
  address: SqliteAddress,
  clock: Clock,
  { restoring = false }: { readonly restoring?: boolean } = {},
): Promise<Engine> {
  const control = await SqliteFile.open(address.file, 'control', CONTROL_PRAGMAS, clock)
  const log = await openLog(address.logFile, control, clock)
  if (!restoring) await whole(control, log, address.url)
  const append = appender(log.raw)
  const space = new SqliteSpace(log.raw, clock)
  return {
    url: address.url,
    query: read => control.patiently(() => read(control.db)),
    snapshot: read =>
      control.patiently(() => control.db.transaction().setAccessMode('read only').execute(read)),
    write: change => control.patiently(() => control.db.transaction().execute(change)),
    queryLog: read => log.patiently(() => read(log.db)),
    snapshotAll: read =>
      control.patiently(() => {
        const inBoth = (db: Kysely<Tables>) =>
          log.db
            .transaction()
            .setAccessMode('read only')
            .execute(logDb => read(db, logDb))
        return control.db.transaction().setAccessMode('read only').execute(inBoth)
      }),
    writeAll: change => writePair(control, log, change),
    append: batch => log.patiently(async () => append(batch)),
    erase: () => control.patiently(() => control.emptyJournal()),
    logSpace: () => log.patiently(async () => space.measure()),
    rollupSpace: () => log.patiently(async () => space.measureRollups()),
    reclaimLog: () => log.patiently(async () => space.reclaim()),
    wall: async () => clock.wall(),
    async close() {
      await log.close()
      await control.close()
    },
  }
}

async function openLog(path: string, control: SqliteFile, clock: Clock): Promise<SqliteFile> {
  try {
    return await SqliteFile.open(path, 'log', LOG_PRAGMAS, clock)
  } catch (error) {
    await control.close()
    throw error
  }
}

async function whole(control: SqliteFile, log: SqliteFile, url: string): Promise<void> {
  try {
    await refuseHalfWritten(control, log, url)
  } catch (error) {
    await log.close()
    await control.close()
    throw error
  }
}

type Append = (batch: LogBatch) => boolean

/** Prepared once and without Kysely between: 500 rows ten times a second go through here. */
function appender(raw: Database): Append {
  const exchange = raw.prepare<unknown[]>(insertion('exchanges', EXCHANGE_COLUMNS))
  const failure = raw.prepare<unknown[]>(insertion('failures', FAILURE_COLUMNS))
  const rollup = raw.prepare<unknown[]>(`${insertion('rollups', ROLLUP_COLUMNS)}
    on conflict (${ROLLUP_KEY.join(', ')}) do update
    set ${ROLLUP_SUMS.map(name => `${name} = ${name} + excluded.${name}`).join(', ')}`)
  const lastBatch = raw.prepare<[string], string>('select id from batches where node = ?').pluck()
  const sweep = raw.prepare<unknown[]>('delete from batches where time < ?')
  const mark = raw.prepare<unknown[]>('replace into batches (node, id, time) values (?, ?, ?)')
  const span = raw.prepare<unknown[]>(
    insertion('imported_spans', SPAN_COLUMNS).replace('insert', 'replace'),
  )
  return raw.transaction<Append>(batch => {
    if (batch.mark !== null) {
      const { node, id, time } = batch.mark
      const last = lastBatch.get(node)
      if (!isToBeWritten(batch.mark, last)) return false
      if (last === undefined && time !== FOR_EVER) sweep.run(time - MARK_KEPT)
      mark.run(node, id, time)
    }
    const exchanges = batch.entries.map(entry => {
      const { lastInsertRowid } = exchange.run(...entry.exchange)
      for (const values of entry.failures) failure.run(lastInsertRowid, ...values)
      return Number(lastInsertRowid)
    })
    const failures = batch.loose.map(values =>
      Number(failure.run(NO_EXCHANGE, ...values).lastInsertRowid),
    )
    for (const values of batch.rollups) rollup.run(...values)
    if (batch.oldest === null) return true
    for (const values of spansOf(batch.oldest, { exchanges, failures })) span.run(...values)
    return true
  }).immediate
}

function insertion(table: string, columns: readonly string[]): string {
  return `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`
}

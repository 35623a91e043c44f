import type { Database } from 'better-sqlite3'
import type { Clock } from '../base/clock.ts'
import type { Engine } from './dialect.ts'
import { EXCHANGE_COLUMNS, FAILURE_COLUMNS, type LogEntry } from './record-rows.ts'
import { SqliteFile } from './sqlite-file.ts'
import type { SqliteAddress } from './url.ts'

/**
 * A store in two SQLite files. What operators wrote survives a power cut (`synchronous=FULL`);
 * of the log, which costs a seventh of the writes so, the last moments may be lost.
 */
export async function openSqlite(address: SqliteAddress, clock: Clock): Promise<Engine> {
  const control = await SqliteFile.open(address.file, 'control', 'full', clock)
  const log = await openLog(address.logFile, control, clock)
  const append = appender(log.raw)
  return {
    url: address.url,
    query: read => control.patiently(() => read(control.db)),
    snapshot: read =>
      control.patiently(() => control.db.transaction().setAccessMode('read only').execute(read)),
    write: change => control.patiently(() => control.db.transaction().execute(change)),
    queryLog: read => log.patiently(() => read(log.db)),
    append: entries => log.patiently(async () => append(entries)),
    async close() {
      await log.close()
      await control.close()
    },
  }
}

async function openLog(path: string, control: SqliteFile, clock: Clock): Promise<SqliteFile> {
  try {
    return await SqliteFile.open(path, 'log', 'normal', clock)
  } catch (error) {
    await control.close()
    throw error
  }
}

/** Prepared once and without Kysely between: 500 rows ten times a second go through here. */
function appender(raw: Database): (entries: readonly LogEntry[]) => void {
  const exchange = raw.prepare<unknown[]>(insertion('exchanges', EXCHANGE_COLUMNS))
  const failure = raw.prepare<unknown[]>(insertion('failures', FAILURE_COLUMNS))
  return raw.transaction((entries: readonly LogEntry[]) => {
    for (const entry of entries) {
      const { lastInsertRowid } = exchange.run(...entry.exchange)
      for (const values of entry.failures) failure.run(lastInsertRowid, ...values)
    }
  }).immediate
}

function insertion(table: string, columns: readonly string[]): string {
  return `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`
}

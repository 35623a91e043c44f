import { existsSync } from 'node:fs'
import { BalanceError } from '../../base/errors.ts'
import { sqliteFault } from '../sqlite-fault.ts'
import { loadSqlite } from '../sqlite-library.ts'
import type { SqliteAddress } from '../url.ts'
import type { Reader } from './database.ts'

/** How long a lock of the running original is waited for. */
const WAIT = 5_000

/** Opened so that SQLite itself refuses to write. */
export async function openSqliteReader({ file, url }: SqliteAddress): Promise<Reader> {
  if (!existsSync(file)) {
    throw new BalanceError('usage', `There is no file ${file}.`, {
      hint: 'The original keeps it in data/, without an extension: data/default_db.',
    })
  }
  const Sqlite = await loadSqlite()
  const guarded = <T>(run: () => T): T => {
    try {
      return run()
    } catch (error) {
      throw sqliteFault(error, file)
    }
  }
  const db = guarded(() => new Sqlite(file, { readonly: true, fileMustExist: true, timeout: WAIT }))
  return {
    url,
    quoted: name => `"${name}"`,
    read: async (statement, values = []) =>
      guarded(() => db.prepare<unknown[], Record<string, unknown>>(statement).all(...values)),
    tables: async () =>
      guarded(() =>
        db.prepare<[], string>("select name from sqlite_schema where type = 'table'").pluck().all(),
      ),
    close: async () => void db.close(),
  }
}

import { randomBytes } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import type { Backup, BackupOptions, TellProgress } from '../model/backup.ts'
import type { Store } from '../model/store.ts'
import { broken, type Head, type Page, readArchive, writeArchive } from './archive.ts'
import { BackupProgress } from './backup-progress.ts'
import {
  BACKUP_TABLES,
  type BackupTable,
  countRows,
  emptyTable,
  misfit,
  readTable,
  writePage,
} from './backup-tables.ts'
import { readRevision } from './change.ts'
import { MIGRATIONS } from './migrations.ts'
import type { StoreParts } from './parts.ts'
import { movePrivate } from './private-file.ts'
import { judgeMasterKey } from './secrets.ts'
import type { Tables, VaultRow } from './tables.ts'

export function backupVerbs(parts: StoreParts): Pick<Store, 'backup' | 'readBackup' | 'restore'> {
  return {
    backup: (file, options, tell) => writeBackup(parts, file, options, tell),

    readBackup: async (file, tell) => {
      let row: VaultRow | null = null
      const take: Reader['take'] = async ({ table }, page) => {
        if (table === 'vault') row = rowOf<VaultRow>(page)
      }
      const backup = await readThrough(file, { take }, tell)
      return { ...backup, masterKey: judgeMasterKey(parts.vault, row) }
    },

    restore: (file, tell) => restore(parts, file, tell),
  }
}

/** In a draft beside the file first: there is a whole backup, or none. */
async function writeBackup(
  { engine, clock }: StoreParts,
  file: string,
  { logs, version }: BackupOptions,
  tell: TellProgress | undefined,
): Promise<Backup> {
  const draft = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`)
  const kind = engine.url.startsWith('sqlite:') ? 'sqlite' : 'mysql'
  return engine.snapshotAll(async (control, log) => {
    const revision = await readRevision(control)
    const head = { version, revision, created: clock.wall(), engine: kind, logs } as const
    try {
      const all = { ...head, schema: schema() }
      const tables = kept(logs).map(table => ({ table, db: table.part === 'log' ? log : control }))
      const progress = tell && new BackupProgress(tell, await countAll(tables))
      const rows = await writeArchive(draft, all, pages(tables, progress))
      movePrivate(draft, file)
      return { ...head, rows }
    } catch (error) {
      rmSync(draft, { force: true })
      throw fileFault(error, file)
    }
  })
}

interface Readable {
  readonly table: BackupTable
  readonly db: Kysely<Tables>
}

async function countAll(tables: readonly Readable[]): Promise<number> {
  let total = 0
  for (const { table, db } of tables) total += await countRows(db, table)
  return total
}

async function* pages(tables: readonly Readable[], progress: BackupProgress | undefined) {
  for (const { table, db } of tables) {
    for await (const page of readTable(db, table)) {
      yield page
      await progress?.add(page.rows.length)
    }
  }
}

/**
 * Rows of an older schema are given to this one as they are: a column that is added later has a
 * default.
 */
async function restore(
  { engine, change }: StoreParts,
  file: string,
  tell: TellProgress | undefined,
): Promise<Backup> {
  return engine.writeAll(async (control, log) => {
    const on = ({ part }: BackupTable) => (part === 'log' ? log : control)
    const reader: Reader = {
      async begin({ logs }) {
        for (const table of kept(logs)) await emptyTable(on(table), table)
        // Whoever is logged in showed a password that may be another from now on.
        await control.deleteFrom('admin_sessions').execute()
      },
      async take(table, page, line) {
        const refused = await writePage(on(table), page)
        if (refused !== null) throw noRow(file, page, line + refused.index, refused.code)
      },
    }
    const backup = await readThrough(file, reader, tell)
    const told = { revision: backup.revision, created: backup.created }
    await change(async made => made.note('store.restore', basename(file), null, told), control)
    return backup
  })
}

interface Reader {
  begin?(head: Head): Promise<void>
  /** @param line of its first row */
  take(table: BackupTable, page: Page, line: number): Promise<void>
}

/** Reads it to its end, and so to its checksum: what is done with a page must be undone if this throws. */
async function readThrough(
  file: string,
  reader: Reader,
  tell: TellProgress | undefined,
): Promise<Backup> {
  let progress: BackupProgress | undefined
  let backup = null as Backup | null
  for await (const part of readArchive(file)) {
    if ('head' in part) {
      const { schema: _, ...head } = part.head
      refuseNewer(part.head, file)
      await reader.begin?.(part.head)
      backup = { ...head, rows: {} }
    } else if ('page' in part) {
      const { page, line, read } = part
      const table = tableOf(page, kept(backup?.logs === true), file, line)
      const index = misfit(table, page)
      if (index >= 0) throw noRow(file, page, line + index)
      await reader.take(table, page, line)
      if (tell) progress ??= new BackupProgress(tell, statSync(file).size)
      await progress?.add(page.rows.length, read)
    } else if (backup !== null) {
      backup = { ...backup, rows: part.end }
    }
  }
  if (backup?.rows.revision !== 1) throw broken(file, 'it has not one row of revision')
  return backup
}

function kept(logs: boolean): readonly BackupTable[] {
  return BACKUP_TABLES.filter(({ part }) => logs || part === 'control')
}

function tableOf(
  { table }: Page,
  tables: readonly BackupTable[],
  file: string,
  line: number,
): BackupTable {
  const found = tables.find(known => known.table === table)
  if (found) return found
  throw broken(file, `line ${line}: it has no table ${printable(table, 64)}`)
}

/** Without what the engine says of it, which may have the values in it. */
function noRow(file: string, { table }: Page, line: number, code?: string): BalanceError {
  const reason = code === undefined ? '' : ` (${code})`
  return broken(file, `line ${line}: no row of ${table}${reason}`)
}

function rowOf<Row>({ columns, rows: [first] }: Page): Row {
  return Object.fromEntries(columns.map((name, index) => [name, first?.[index]])) as Row
}

function schema(): Record<string, number> {
  const newest = (part: string) => MIGRATIONS.filter(known => known.part === part).length
  return { control: newest('control'), log: newest('log') }
}

function refuseNewer({ schema: written, version }: Head, file: string): void {
  const known = schema()
  const newer = Object.entries(written).some(([part, number]) => number > (known[part] ?? 0))
  if (!newer) return
  throw new BalanceError(
    'store_too_new',
    `${file} was written by a newer version (${printable(version, 40)}).`,
    {
      hint: 'Install the newer version.',
    },
  )
}

function fileFault(error: unknown, file: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (error instanceof BalanceError || typeof syscall !== 'string') return error
  return new BalanceError('failed', `${file} cannot be written (${code}).`, {
    cause: error,
    hint: 'Name a file in a folder that is there, with room on its disk.',
  })
}

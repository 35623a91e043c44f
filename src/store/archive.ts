import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, type ReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { constants, createGunzip, createGzip } from 'node:zlib'
import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import type { BackupHead } from '../model/backup.ts'

/**
 * The one form of a backup, whatever the engine: gzip (RFC 1952) of lines of JSON.
 *
 *   {"balance_backup":1,"version":…,"revision":…,"created":…,"engine":…,"logs":…,"schema":{…}}
 *   {"table":"providers","columns":["seq","id",…]}
 *   [1,"p_…",…]                           one row; bytes as {"base64":"…"}
 *   …
 *   {"rows":{"providers":1,…},"sha256":"…"}     of all lines before, line ends included
 *
 * A file of an engine's own could be restored to that engine alone, and would carry pages that hold
 * removed rows.
 */
export interface Head extends BackupHead {
  /** The newest migration of each part. */
  readonly schema: Readonly<Record<string, number>>
}

export type Cell = string | number | null | Buffer

export interface Page {
  readonly table: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

export type Counts = Record<string, number>

interface Draft extends Page {
  readonly rows: Cell[][]
}

const FORMAT = 1
const PAGE_ROWS = 250

/** Writes an archive to a file that is not there yet, mode 0600; gives the number of its rows. */
export async function writeArchive(
  path: string,
  head: Head,
  pages: AsyncIterable<Page>,
): Promise<Counts> {
  const counts: Counts = {}
  await pipeline(
    written(head, pages, counts),
    // The data is text: more effort makes it hardly smaller, and keeps a processor from the gateway.
    createGzip({ level: constants.Z_BEST_SPEED }),
    createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }),
  )
  return counts
}

async function* written(head: Head, pages: AsyncIterable<Page>, counts: Counts) {
  const hash = createHash('sha256')
  const hashed = (lines: readonly unknown[]) => {
    const text = lines.map(line => `${JSON.stringify(line)}\n`).join('')
    hash.update(text)
    return text
  }
  const { created, ...rest } = head
  const first = { balance_backup: FORMAT, ...rest, created: new Date(created).toISOString() }
  yield hashed([first])
  for await (const { table, columns, rows } of pages) {
    if (counts[table] === undefined) yield hashed([{ table, columns }])
    counts[table] = (counts[table] ?? 0) + rows.length
    yield hashed(rows.map(row => row.map(packed)))
  }
  yield `${JSON.stringify({ rows: counts, sha256: hash.digest('hex') })}\n`
}

/** What comes of an archive, in this order; `end` only where all of it was whole. */
export type Part =
  | { readonly head: Head }
  /** With the line of its first row, from 1, and how many bytes of the file were read by then. */
  | { readonly page: Page; readonly line: number; readonly read: number }
  | { readonly end: Counts }

/**
 * Reads an archive in pages that one statement can carry.
 * @throws BalanceError failed where it is none, or not whole; store_too_new for a newer form
 */
export async function* readArchive(path: string): AsyncGenerator<Part> {
  const hash = createHash('sha256')
  const counts: Counts = {}
  let head: Head | null = null
  let page = null as Draft | null
  let ended = false
  let number = 0
  const file = createReadStream(path)
  const part = (page: Page, lines: number): Part => ({
    page,
    line: number - lines,
    read: file.bytesRead,
  })
  const faulty = (why: string) => broken(path, `line ${number}: ${why}`)
  for await (const line of linesOf(file, path)) {
    number++
    const value = parsed(line)
    if (value === null) throw faulty('it is not to be read')
    if (ended) throw faulty('something follows its end')
    if (head === null) {
      head = headOf(value, path)
      yield { head }
    } else if (Array.isArray(value)) {
      if (page === null || value.length !== page.columns.length) throw faulty('a stray row')
      const row = value.map(unpacked)
      if (!row.every(cell => cell !== undefined)) throw faulty('a value is of no kind')
      page.rows.push(row)
      counts[page.table] = (counts[page.table] ?? 0) + 1
      if (page.rows.length >= PAGE_ROWS) {
        yield part(page, page.rows.length - 1)
        page = { ...page, rows: [] }
      }
    } else if ('table' in value) {
      if (!isTable(value)) throw faulty('a table without names of columns')
      if (page !== null && page.rows.length > 0) yield part(page, page.rows.length)
      page = { table: value.table, columns: value.columns, rows: [] }
      counts[value.table] ??= 0
    } else {
      if (page !== null && page.rows.length > 0) yield part(page, page.rows.length)
      const { rows, sha256 } = value as { rows?: unknown; sha256?: unknown }
      if (sha256 !== hash.digest('hex')) throw broken(path, 'its checksum does not fit')
      if (JSON.stringify(rows) !== JSON.stringify(counts)) throw broken(path, 'rows are missing')
      ended = true
      yield { end: counts }
      continue
    }
    hash.update(`${line}\n`)
  }
  if (!ended) throw broken(path, 'it ends too early')
}

async function* linesOf(file: ReadStream, path: string): AsyncGenerator<string> {
  const clear = createGunzip()
  file.on('error', error => clear.destroy(error))
  clear.setEncoding('utf8')
  let held = ''
  try {
    for await (const chunk of file.pipe(clear)) {
      const lines = (held + chunk).split('\n')
      held = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    if (error instanceof BalanceError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw broken(path, code === 'ENOENT' ? 'there is no such file' : (code ?? message))
  } finally {
    file.destroy()
  }
  if (held !== '') throw broken(path, 'it ends too early')
}

function headOf(value: object, path: string): Head {
  const { balance_backup: format, created, ...head } = value as Record<string, unknown>
  if (typeof format !== 'number') throw broken(path, 'it does not begin as one')
  if (format > FORMAT) {
    const made = printable(String(head.version), 40)
    throw new BalanceError('store_too_new', `${path} was written by a newer version (${made}).`, {
      hint: 'Install the newer version.',
    })
  }
  const given = { ...head, created: Date.parse(String(created)) }
  for (const [field, isRight] of Object.entries(HEAD)) {
    if (isRight((given as Record<string, unknown>)[field])) continue
    throw broken(path, `line 1: ${field} is not what it must be`)
  }
  return given as unknown as Head
}

const HEAD: Readonly<Record<keyof Head, (value: unknown) => boolean>> = {
  version: value => typeof value === 'string',
  revision: Number.isSafeInteger,
  created: Number.isFinite,
  engine: value => value === 'sqlite' || value === 'mysql',
  logs: value => typeof value === 'boolean',
  schema: value => Object.values(value ?? 'none').every(Number.isSafeInteger),
}

function isTable(value: unknown): value is { table: string; columns: string[] } {
  const { table, columns } = value as { table?: unknown; columns?: unknown }
  return (
    typeof table === 'string' &&
    Array.isArray(columns) &&
    columns.length > 0 &&
    columns.every(isName)
  )
}

function isName(column: unknown): boolean {
  return typeof column === 'string' && /^[a-z_]{1,64}$/.test(column)
}

function parsed(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

function packed(cell: Cell): unknown {
  return Buffer.isBuffer(cell) ? { base64: cell.toString('base64') } : cell
}

function unpacked(cell: unknown): Cell | undefined {
  if (cell === null || typeof cell === 'string' || typeof cell === 'number') return cell
  const { base64 } = cell as { base64?: unknown }
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined
}

/** @param why what is wrong, and where */
export function broken(path: string, why: string): BalanceError {
  return new BalanceError('failed', `${path} is no whole backup: ${why}.`, {
    hint: 'Nothing was changed. Take another one.',
  })
}

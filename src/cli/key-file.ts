import type { CsvError } from 'csv-parse/sync'
import { BalanceError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { nearest, printable } from '../base/text.ts'
import type { NewKey } from '../model/changes.ts'
import { secretLines } from '../model/secret-lines.ts'

/** A key as it stands in a file. */
export interface KeyOfFile {
  readonly provider: string
  readonly key: NewKey & { readonly place: string }
}

/**
 * The keys in a file that has one a line, or is CSV (RFC 4180) with a row that names its columns.
 * What a key, a label or a limit may be is left to the store, whose refusals name the place too.
 * @param source how the file is called in messages: its path, `stdin`
 * @param provider whose keys they are; needed where the file does not say
 * @throws BalanceError usage, invalid_value with file and line; never with what is written there
 */
export function parseKeyFile(
  text: string,
  source: string,
  provider: string | undefined,
): Promise<KeyOfFile[]> {
  const unmarked = text.replace(/^\uFEFF/, '')
  if (isTable(unmarked, source)) return parseTable(unmarked, source, provider)
  return Promise.resolve(parseLines(unmarked, source, provider))
}

/** By its name, or by a first row that has a column of keys and is no comment. */
function isTable(text: string, source: string): boolean {
  if (/\.csv$/i.test(source)) return true
  const [first = ''] = text.trimStart().split(/[\r\n]/, 1)
  return !first.startsWith('#') && first.split(',').some(name => columnName(name) === 'key')
}

function parseLines(text: string, source: string, provider: string | undefined): KeyOfFile[] {
  const lines = secretLines(text, source)
  if (provider === undefined) {
    throw new BalanceError('usage', `${source} does not say whose keys it has.`, {
      hint: `Add --provider NAME. ${TABLE_HINT}`,
    })
  }
  return lines.map(({ line, value }) => {
    const place = `${source}:${line}`
    // No vendor's keys have one, so it is rather a table whose columns are not named.
    if (/[,;]/.test(value)) throw fault(place, 'This line looks like several fields.', TABLE_HINT)
    return { provider, key: { place, value: new Secret(value) } }
  })
}

const COLUMNS = ['provider', 'key', 'label', 'weight', 'tier', 'rpm', 'concurrency'] as const
type ColumnName = (typeof COLUMNS)[number]

const TABLE_HINT = `A CSV file begins with a row that names its columns, with commas: key, and of ${COLUMNS.filter(name => name !== 'key').join(', ')} those that it has.`

async function parseTable(
  text: string,
  source: string,
  provider: string | undefined,
): Promise<KeyOfFile[]> {
  const [head, ...rows] = await readRows(text, source)
  if (!head) throw noKeys(source)
  const columns = head.cells.map(columnName)
  checkColumns(columns, head.place, provider)
  if (rows.length === 0) throw noKeys(source)
  return rows.map(({ place, cells }) => {
    const row = new Map(columns.map((name, index) => [name, cells[index] ?? '']))
    const owner = provider ?? row.get('provider')
    if (!owner) throw fault(place, 'The provider is empty.', 'Every key needs one.')
    return { provider: owner, key: { place, ...keyOf(row as Row) } }
  })
}

type Row = ReadonlyMap<ColumnName, string>

function keyOf(row: Row): NewKey {
  const label = row.get('label') ?? ''
  const limits = (['weight', 'tier', 'rpm', 'concurrency'] as const)
    .map(name => [name, row.get(name) ?? ''] as const)
    .filter(([, cell]) => cell !== '')
    .map(([name, cell]) => [name, count(cell)])
  return {
    value: new Secret(row.get('key') ?? ''),
    ...(label === '' ? {} : { label }),
    ...(Object.fromEntries(limits) as Pick<NewKey, 'weight' | 'tier' | 'rpm' | 'concurrency'>),
  }
}

/** What is no count becomes none, which the store refuses. */
function count(cell: string): number | null {
  if (cell === 'none') return null
  return /^\d{1,15}$/.test(cell) ? Number(cell) : Number.NaN
}

function columnName(cell: string): string {
  return cell
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .toLowerCase()
}

/** That there is a column of keys is asked first: a row that has none may be one of secrets. */
function checkColumns(
  columns: readonly string[],
  place: string,
  provider: string | undefined,
): void {
  if (!columns.includes('key')) throw fault(place, 'No column is named key.', TABLE_HINT)
  for (const [index, name] of columns.entries()) {
    const shown = printable(name, 80)
    if (!(COLUMNS as readonly string[]).includes(name)) {
      const near = nearest(name, COLUMNS)
      const hint = near ? `Did you mean ${near}?` : `Columns are ${COLUMNS.join(', ')}.`
      throw fault(place, `There is no column "${shown}".`, hint)
    }
    if (columns.indexOf(name) !== index) {
      throw fault(place, `Two columns are named ${shown}.`, 'Leave one of them out.')
    }
  }
  if (columns.includes('provider') === (provider === undefined)) return
  if (provider === undefined) {
    throw fault(place, 'No column is named provider.', 'Name it, or add --provider NAME.')
  }
  throw fault(place, 'There is a column named provider.', 'Leave --provider out.')
}

interface CsvRow {
  /** Where it ends, which is where it begins unless a field goes over several lines. */
  readonly place: string
  readonly cells: readonly string[]
}

/** The package is large, and this is the one command that needs it. */
async function readRows(text: string, source: string): Promise<CsvRow[]> {
  const { parse } = await import('csv-parse/sync')
  // One kind of line end: where they are mixed, the package miscounts lines.
  const lines = text.replace(/\r\n?/g, '\n')
  try {
    const rows = parse(lines, CSV) as unknown as { record: string[]; info: { lines: number } }[]
    return rows.map(({ record, info }) => ({ place: `${source}:${info.lines}`, cells: record }))
  } catch (error) {
    // Not passed on: the package's own words repeat what is written there.
    const { code, lines } = error as CsvError & { readonly lines: number }
    throw fault(`${source}:${lines}`, FAULTS[code] ?? 'This is no CSV.', 'See RFC 4180.')
  }
}

const CSV = { info: true, trim: true, skip_empty_lines: true, skip_records_with_empty_values: true }

const FAULTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'A quote is opened here and never closed.',
  CSV_INVALID_CLOSING_QUOTE: 'A quote is closed before its field ends.',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'A quote is closed before its field ends.',
  INVALID_OPENING_QUOTE: 'A quote stands inside a field that does not begin with one.',
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'This row has more or fewer fields than the first.',
}

function fault(place: string, message: string, hint: string): BalanceError {
  return new BalanceError('invalid_value', `${place}: ${message}`, {
    hint: `${hint} Nothing was added.`,
  })
}

function noKeys(source: string): BalanceError {
  return new BalanceError('usage', `There is no key in ${source}.`, { hint: TABLE_HINT })
}

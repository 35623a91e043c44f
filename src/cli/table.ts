import Table from 'cli-table3'
import stringWidth from 'string-width'
import { printable } from '../base/text.ts'

/** One column of a listing: its head and how a row's cell is written. */
export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => string | number | boolean | null
  readonly right?: boolean
  /** May be cut where the table is too wide; ids and names may not, they are typed again. */
  readonly soft?: true
  /** Left out of a table that is too wide even so, the last such column first. */
  readonly spare?: true
  /** Colours the finished cell. */
  readonly paint?: (text: string, row: Row) => string
}

/** A column with its finished cells. */
interface Filled<Row> {
  readonly column: Column<Row>
  readonly texts: readonly string[]
  /** How wide each of them is shown. */
  readonly lengths: readonly number[]
  /** The widest of them, or the head. */
  readonly widest: number
}

/**
 * Rows as aligned columns under their heads, no borders; an empty cell is a dash.
 * @param width characters to fit into, as far as soft and spare columns can give way
 */
export function table<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  width?: number,
): string {
  const filled = all.map(column => fill(column, rows))
  const columns = width === undefined ? filled : withoutSpare(filled, width)
  const widths = narrowed(columns, width ?? Number.POSITIVE_INFINITY)
  return (rows.length > MOST_LAID_OUT ? padded : laidOut)(columns, rows, widths)
}

function fill<Row>(column: Column<Row>, rows: readonly Row[]): Filled<Row> {
  const texts: string[] = []
  const lengths: number[] = []
  let widest = column.head.length
  let last: unknown
  let text = ''
  let length = 0
  for (const row of rows) {
    const value = column.cell(row)
    // In most columns of a long table nearly every cell is as the one above it.
    if (value !== last || texts.length === 0) {
      last = value
      // Nearly every text is fit to be shown as it is, and a character is a column.
      const plain = typeof value === 'string' && value.length <= SHORT && PLAIN.test(value)
      text = plain && value !== '' ? value : cell(value)
      length = plain ? text.length : widthOf(text)
    }
    if (length > widest) widest = length
    texts.push(text)
    lengths.push(length)
  }
  return { column, texts, lengths, widest }
}

function laidOut<Row>(
  columns: readonly Filled<Row>[],
  rows: readonly Row[],
  widths: readonly number[],
): string {
  const sheet = new Table({
    ...BARE,
    head: columns.map(({ column }) => column.head),
    colAligns: columns.map(({ column }) => (column.right ? 'right' : 'left')),
    colWidths: [...widths],
  })
  for (const [index, row] of rows.entries()) {
    sheet.push(columns.map(({ column, texts }) => painted(column, texts[index] ?? '', row)))
  }
  return trimmed(sheet.toString())
}

/** The same, which for ten thousand rows takes some hundredths of a second instead of twenty. */
function padded<Row>(
  columns: readonly Filled<Row>[],
  rows: readonly Row[],
  widths: readonly number[],
): string {
  const pads = columns.map(({ column }, index) => padder(column, widths[index] ?? 0, index > 0))
  const heads = columns.map(({ column: { head } }, index) => pads[index]?.(head, head.length, null))
  const lines = [heads.join('').trimEnd()]
  rows.forEach((row, at) => {
    let line = ''
    for (const [index, pad] of pads.entries()) {
      const { texts, lengths } = columns[index] as Filled<Row>
      line += pad(texts[at] ?? '', lengths[at] ?? 0, row)
    }
    lines.push(line.trimEnd())
  })
  return lines.join('\n')
}

/** Makes the cells of one column as wide as it is; one that is as the one above it is not made again. */
function padder<Row>(column: Column<Row>, width: number, apart: boolean) {
  let last: string | null = null
  let padded = ''
  return (whole: string, length: number, row: Row | null): string => {
    if (whole === last && column.paint === undefined) return padded
    const text = length <= width ? whole : cutTo(whole, width)
    const gap = ' '.repeat(width - (length <= width ? length : widthOf(text)))
    const shown = row === null ? text : painted(column, text, row)
    last = whole
    padded = (apart ? GAP : '') + (column.right ? gap + shown : shown + gap)
    return padded
  }
}

function cutTo(text: string, width: number): string {
  let cut = ''
  // What a reader takes for one character; the library that knows is loaded where it is needed.
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (widthOf(cut + segment) >= width) break
    cut += segment
  }
  return `${cut}…`
}

/** Columns of a terminal. */
function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text)
}

const SHORT = 80
/** Also of what stands for the rest of a key. */
const PLAIN = /^[\x20-\x7e…]*$/

/** `name  value` lines, aligned: how one thing is shown. */
export function card(fields: readonly Field[]): string {
  const sheet = new Table(BARE)
  for (const [name, value, paint] of fields) {
    sheet.push([name, paint ? paint(cell(value)) : cell(value)])
  }
  return trimmed(sheet.toString())
}

/** The last member colours the finished value. */
export type Field = readonly [name: string, value: unknown, paint?: (text: string) => string]

/** The library's work grows with the square of a table's rows. */
const MOST_LAID_OUT = 200
const GAP = '  '
const NARROWEST = 8

const BARE = {
  chars: Object.fromEntries(
    `top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right
     left left-mid mid mid-mid right right-mid middle`
      .split(/\s+/)
      .map(place => [place, place === 'middle' ? GAP : '']),
  ),
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
}

function painted<Row>({ paint }: Column<Row>, text: string, row: Row): string {
  return paint === undefined ? text : paint(text, row)
}

function withoutSpare<Row>(columns: readonly Filled<Row>[], width: number): readonly Filled<Row>[] {
  const last = columns.findLastIndex(({ column }) => column.spare)
  if (last === -1 || breadthOf(narrowed(columns, 0)) <= width) return columns
  return withoutSpare(columns.toSpliced(last, 1), width)
}

/** Widths of the columns, taken from the widest soft one until all fit. */
function narrowed<Row>(columns: readonly Filled<Row>[], width: number): number[] {
  const fitted = columns.map(({ widest }) => widest)
  for (let over = breadthOf(fitted) - width; over > 0; over--) {
    const soft = fitted.map((width, index) => (columns[index]?.column.soft ? width : 0))
    const widest = Math.max(...soft)
    if (widest <= NARROWEST) break
    fitted[soft.indexOf(widest)] = widest - 1
  }
  return fitted
}

/** Of a table with such columns. */
function breadthOf(columns: readonly number[]): number {
  return columns.reduce((sum, column) => sum + column, GAP.length * (columns.length - 1))
}

/** Cells hold what clients and upstreams wrote: no control character of theirs reaches a terminal. */
function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return String(value)
  return printable(String(value))
}

function trimmed(text: string): string {
  return text
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
}

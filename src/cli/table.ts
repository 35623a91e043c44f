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

/**
 * Rows as aligned columns under their heads, no borders; an empty cell is a dash.
 * @param width characters to fit into, as far as soft and spare columns can give way
 */
export function table<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  width?: number,
): string {
  const columns = width === undefined ? all : withoutSpare(all, rows, width)
  const cells = cellsOf(columns, rows)
  const widths = narrowed(columns, cells, width ?? Number.POSITIVE_INFINITY)
  return rows.length > MOST_LAID_OUT
    ? padded(columns, rows, cells, widths)
    : laidOut(columns, rows, cells, widths)
}

function laidOut<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  cells: readonly string[][],
  widths: number[],
): string {
  const sheet = new Table({
    ...BARE,
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ right }) => (right ? 'right' : 'left')),
    colWidths: widths,
  })
  for (const [index, row] of rows.entries()) sheet.push(painted(columns, row, cells[index] ?? []))
  return trimmed(sheet.toString())
}

/** The same, which for ten thousand rows takes a tenth of a second instead of twenty. */
function padded<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  cells: readonly string[][],
  widths: readonly number[],
): string {
  const line = (texts: readonly string[], row: Row | null) =>
    columns
      .map(({ right, paint }, index) => {
        const text = cutTo(texts[index] ?? '', widths[index] ?? 0)
        const gap = ' '.repeat((widths[index] ?? 0) - widthOf(text))
        const shown = row === null || paint === undefined ? text : paint(text, row)
        return right ? gap + shown : shown + gap
      })
      .join(GAP)
      .trimEnd()
  const heads = columns.map(({ head }) => head)
  return [line(heads, null), ...rows.map((row, index) => line(cells[index] ?? [], row))].join('\n')
}

function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let cut = ''
  for (const { segment } of SEGMENTS.segment(text)) {
    if (widthOf(cut + segment) >= width) break
    cut += segment
  }
  return `${cut}…`
}

/** What a reader takes for one character. */
const SEGMENTS = new Intl.Segmenter()

/** Columns of a terminal. */
function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text)
}

const PLAIN = /^[\x20-\x7e]*$/

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

function painted<Row>(columns: readonly Column<Row>[], row: Row, cells: string[]): string[] {
  return cells.map((text, index) => columns[index]?.paint?.(text, row) ?? text)
}

function cellsOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[][] {
  return rows.map(row => columns.map(column => cell(column.cell(row))))
}

function withoutSpare<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): readonly Column<Row>[] {
  const widths = narrowed(columns, cellsOf(columns, rows), 0)
  const last = columns.findLastIndex(column => column.spare)
  if (last === -1 || breadthOf(widths) <= width) return columns
  return withoutSpare(columns.toSpliced(last, 1), rows, width)
}

/** Widths of the columns, taken from the widest soft one until all fit. */
function narrowed<Row>(
  columns: readonly Column<Row>[],
  cells: readonly string[][],
  width: number,
): number[] {
  const fitted = columns.map(({ head }, index) =>
    cells.reduce((widest, row) => Math.max(widest, widthOf(row[index] ?? '')), head.length),
  )
  for (let over = breadthOf(fitted) - width; over > 0; over--) {
    const soft = fitted.map((column, index) => (columns[index]?.soft ? column : 0))
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
  return printable(String(value))
}

function trimmed(text: string): string {
  return text
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
}

import Table from 'cli-table3'
import { printable } from '../base/text.ts'

/** One column of a listing: its head and how a row's cell is written. */
export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => string | number | boolean | null
  readonly right?: boolean
  /** Colours the finished cell. */
  readonly paint?: (text: string, row: Row) => string
}

/** Rows as aligned columns under their heads, no borders; an empty cell is a dash. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const sheet = new Table({
    ...BARE,
    head: columns.map(column => column.head),
    colAligns: columns.map(column => (column.right ? 'right' : 'left')),
  })
  for (const row of rows) sheet.push(columns.map(column => written(column, row)))
  return trimmed(sheet.toString())
}

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

const BARE = {
  chars: Object.fromEntries(
    `top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right
     left left-mid mid mid-mid right right-mid middle`
      .split(/\s+/)
      .map(place => [place, place === 'middle' ? '  ' : '']),
  ),
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
}

function written<Row>(column: Column<Row>, row: Row): string {
  const text = cell(column.cell(row))
  return column.paint ? column.paint(text, row) : text
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

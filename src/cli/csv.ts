export type CsvCell = string | number | boolean | null

/**
 * One record of RFC 4180, its line end included; null is an empty field. A text that a spreadsheet
 * would take for a formula gets an apostrophe in front, for clients choose models, paths and request
 * ids. Numbers stay numbers.
 */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(field).join(',')}\r\n`
}

function field(cell: CsvCell): string {
  if (typeof cell !== 'string') return String(cell ?? '')
  const text = FORMULA.test(cell) ? `'${cell}` : cell
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * The signs a cell may not begin with after OWASP, "CSV Injection" (with the line feed), their
 * full-width forms, which a Japanese Excel takes for them, and the null of OWASP's ASVS 1.2.10.
 */
const FORMULA = /^[=+\-@\t\r\n\0＝＋－＠]/

/** Semicolons and tabs too: a spreadsheet told to divide at them would begin a cell behind one. */
const QUOTED = /[",;\t\r\n]/

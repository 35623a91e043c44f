export type CsvCell = string | number | boolean | null

/**
 * One record of RFC 4180, its line end included; null is an empty field. A text that a spreadsheet
 * would take for a formula gets an apostrophe in front (OWASP, "CSV Injection"): clients choose
 * models, paths and request ids. Numbers stay numbers.
 */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(field).join(',')}\r\n`
}

function field(cell: CsvCell): string {
  if (typeof cell !== 'string') return String(cell ?? '')
  const text = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const FORMULA = /^[=+\-@\t\r]/

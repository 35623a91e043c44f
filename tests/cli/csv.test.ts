import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvLine } from '../../src/cli/csv.ts'

/** Records of RFC 4180, read strictly: a quote may stand in a quoted field alone, and doubled. */
function parse(text: string, separators = ','): string[][] {
  const records: string[][] = []
  let record: string[] = []
  const field = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^"\\r\\n${separators}]*))([${separators}]|\\r\\n)`,
    'gy',
  )
  while (field.lastIndex < text.length) {
    const at = field.lastIndex
    const [, quoted, bare = '', end] = field.exec(text) ?? []
    if (end === undefined) throw new Error(`No field begins at ${at} of ${JSON.stringify(text)}`)
    record.push(quoted?.replaceAll('""', '"') ?? bare)
    if (end !== '\r\n') continue
    records.push(record)
    record = []
  }
  return records
}

const DANGEROUS = [...'=+-@\t\r\n\0＝＋－＠']

/** Texts in which what is special about CSV and formulas comes often. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...DANGEROUS, ...'",;\' a1') }),
  fc.string({ unit: 'binary' }),
)

describe('a line of CSV', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', '"\'\t=1"'],
    ['\r=1', '"\'\r=1"'],
    ['\n=1', '"\'\n=1"'],
    ['＝1+1', "'＝1+1"],
    ['=HYPERLINK("http://a","b")', '"\'=HYPERLINK(""http://a"",""b"")"'],
    ['a=1', 'a=1'],
    ['gpt-4o', 'gpt-4o'],
    ['a;=1', '"a;=1"'],
  ])('takes %j for no formula', (cell, field) => {
    expect(csvLine([cell])).toBe(`${field}\r\n`)
  })

  it('quotes what has separators, quotes or line ends, and leaves what is no text as it is', () => {
    expect(csvLine(['a,b', 'say "x"', 'one\ntwo', null, -5, true, ''])).toBe(
      '"a,b","say ""x""","one\ntwo",,-5,true,\r\n',
    )
  })

  it('is read back as the same cells, but for apostrophes', () => {
    const records = fc.array(fc.array(text, { minLength: 1 }), { minLength: 1 })
    fc.assert(
      fc.property(records, rows => {
        const read = parse(rows.map(csvLine).join(''))
        const expected = rows.map(row =>
          row.map(cell => (DANGEROUS.includes(cell.charAt(0)) ? `'${cell}` : cell)),
        )
        expect(read).toEqual(expected)
      }),
    )
  })

  it.each([
    ['commas', ','],
    ['commas, semicolons and tabs', ',;\t'],
  ])('begins no cell dangerously where it is divided at %s', (_, separators) => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), row => {
        const cells = parse(csvLine(row), separators).flat()
        expect(cells).toHaveLength(row.length)
        expect(cells.filter(cell => DANGEROUS.includes(cell.charAt(0)))).toEqual([])
      }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { csvLine } from '../../src/cli/csv.ts'

describe('a line of CSV', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', '"\'\r=1"'],
    ['=HYPERLINK("http://a","b")', '"\'=HYPERLINK(""http://a"",""b"")"'],
    ['a=1', 'a=1'],
    ['gpt-4o', 'gpt-4o'],
  ])('takes %j for no formula', (text, field) => {
    expect(csvLine([text])).toBe(`${field}\r\n`)
  })

  it('quotes what has commas, quotes or line ends, and leaves what is no text as it is', () => {
    expect(csvLine(['a,b', 'say "x"', 'one\ntwo', null, -5, true, ''])).toBe(
      '"a,b","say ""x""","one\ntwo",,-5,true,\r\n',
    )
  })
})

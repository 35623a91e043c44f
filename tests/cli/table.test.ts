import { describe, expect, it } from 'vitest'
import { card, table } from '../../src/cli/table.ts'

describe('table', () => {
  const columns = [
    { head: 'NAME', cell: (row: { name: string; count: number | null }) => row.name },
    { head: 'COUNT', cell: (row: { count: number | null }) => row.count, right: true },
  ]

  it('aligns columns under their heads, without borders or trailing blanks', () => {
    const rows = [
      { name: 'a-long-name', count: 5 },
      { name: 'b', count: 1200 },
    ]
    expect(table(columns, rows)).toBe(
      ['NAME         COUNT', 'a-long-name      5', 'b             1200'].join('\n'),
    )
  })

  it('writes a dash where there is nothing', () => {
    expect(table(columns, [{ name: '', count: null }])).toBe(
      ['NAME  COUNT', '-         -'].join('\n'),
    )
  })

  it('lets no control character of a cell through', () => {
    const text = table(columns, [{ name: 'a\u001b[2Jb\nc', count: 0 }])
    expect(text.split('\n')).toHaveLength(2)
    expect(text).toContain('a\\u001b[2Jb\\u000ac')
  })

  it('keeps the colours that a column adds', () => {
    const painted = [{ ...columns[0]!, paint: (text: string) => `\u001b[32m${text}\u001b[39m` }]
    expect(table(painted, [{ name: 'ok', count: 1 }])).toContain('\u001b[32mok\u001b[39m')
  })
})

describe('card', () => {
  it('aligns values and writes booleans as words', () => {
    expect(
      card([
        ['enabled', true],
        ['id', 'k_1'],
      ]),
    ).toBe(['enabled  yes', 'id       k_1'].join('\n'))
  })
})

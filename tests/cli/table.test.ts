import { describe, expect, it } from 'vitest'
import { type Column, card, table } from '../../src/cli/table.ts'

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

  it('is as wide as its cells where no width is given, and gives way where one is', () => {
    const text = (head: string) => ({ head, cell: () => `${head} of 20 characters`.slice(0, 20) })
    const wide = [
      text('FIRST'),
      { ...text('SECOND'), spare: true as const },
      { ...text('SOFT'), soft: true as const },
      { ...text('LAST'), spare: true as const },
    ]
    const heads = (width?: number) => table(wide, [{}], width).split('\n')[0]?.split(/ +/)
    const widest = (width: number) =>
      Math.max(
        ...table(wide, [{}], width)
          .split('\n')
          .map(line => line.length),
      )
    expect(heads()).toEqual(['FIRST', 'SECOND', 'SOFT', 'LAST'])
    expect(heads(74)).toEqual(['FIRST', 'SECOND', 'SOFT', 'LAST'])
    expect(heads(73)).toEqual(['FIRST', 'SECOND', 'SOFT'])
    expect(heads(51)).toEqual(['FIRST', 'SOFT'])
    expect(heads(5)).toEqual(['FIRST', 'SOFT'])
    for (const width of [74, 73, 52, 51, 30]) expect(widest(width)).toBeLessThanOrEqual(width)
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

describe('a long table', () => {
  interface Named {
    readonly name: string
    readonly count: number
  }
  const columns: Column<Named>[] = [
    { head: 'NAME', cell: ({ name }) => name },
    { head: 'COUNT', cell: ({ count }) => count, right: true },
  ]
  const rows = (length: number): Named[] =>
    Array.from({ length }, (_, n) => ({
      name: n === length - 1 ? '鍵の名前'.repeat(4) : `k${n}`,
      count: n,
    }))

  it('has one head, and the same columns from its first line to its last', () => {
    const lines = table(columns, rows(1_001)).split('\n')
    expect(lines).toHaveLength(1_002)
    expect(lines[0]).toBe(`NAME${' '.repeat(28)}  COUNT`)
    expect(lines[1]).toBe(`k0${' '.repeat(30)}      0`)
    // Each of these characters is two wide.
    expect(lines[1_001]).toBe(`${'鍵の名前'.repeat(4)}   1000`)
  })

  it.each([
    ['as wide as it is', undefined],
    ['that gives way', 30],
  ])('looks like a short one, %s', (_how, width) => {
    const soft: Column<Named>[] = [
      { head: 'NAME', cell: ({ name }) => name },
      { head: '', cell: ({ count }) => '#'.repeat((count % 9) + 1) },
      {
        head: 'WORDS',
        soft: true,
        cell: ({ count }) => ['as long as it is', '鍵の名前と', ''][(count >> 1) % 3] ?? '',
      },
      {
        head: 'COUNT',
        // As the one above it, but of another colour.
        cell: ({ count }) => (count >> 1) % 50,
        right: true,
        paint: (text, { count }) => `\u001b[3${count % 2}m${text}\u001b[39m`,
      },
    ]
    const all = Array.from({ length: 201 }, (_, n) => ({ name: `k${n % 7}é`, count: n }))
    const short = table(soft, all.slice(0, 200), width).split('\n')
    expect(table(soft, all, width).split('\n').slice(0, 201)).toEqual(short)
  })

  it('takes as much for each row as a short one', () => {
    const cost = (length: number) => {
      const all = rows(length)
      const before = process.cpuUsage()
      table(columns, all)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1_000
    }
    cost(1_000)
    expect(cost(10_000)).toBeLessThan(40 * Math.max(5, cost(1_000)))
  })
})

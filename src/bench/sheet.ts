import Table from 'cli-table3'

/** Rows as aligned columns without borders, one line each; the first column is words, all others figures. */
export function sheet(
  head: readonly string[] | null,
  rows: readonly (readonly string[])[],
): string[] {
  const columns = head ?? rows[0] ?? []
  const table = new Table({
    ...BARE,
    ...(head === null ? {} : { head: [...head] }),
    colAligns: columns.map((_, index) => (index === 0 ? 'left' : 'right')),
  })
  for (const row of rows) table.push([...row])
  return table.toString().split('\n')
}

/** Text of lines without white space at their ends. */
export function lines(all: readonly string[]): string {
  return all.map(line => line.trimEnd()).join('\n')
}

const BARE = {
  chars: Object.fromEntries(
    `top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right
     left left-mid mid mid-mid right right-mid middle`
      .split(/\s+/)
      .map(place => [place, place === 'middle' ? '  ' : '']),
  ),
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
}

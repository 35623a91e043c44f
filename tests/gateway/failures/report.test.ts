import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { failureTable } from './table.ts'

const PLACE = new URL('../../../docs/failover.md', import.meta.url)
const BEGIN = '<!-- failures -->\n'
const END = '<!-- /failures -->'

it('docs/failover.md holds the failure matrix as it is tested', () => {
  const table = failureTable()
  const document = readFileSync(PLACE, 'utf8')
  const [before, rest = ''] = document.split(BEGIN)
  const [kept, after] = rest.split(END)
  if (process.env.BALANCE_REPORT === undefined) {
    expect(kept).toBe(table)
    return
  }
  writeFileSync(PLACE, [before, BEGIN, table, END, after].join(''))
  console.log(table)
})

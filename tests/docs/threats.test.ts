import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { read } from './markdown.ts'

const ROWS = read('docs/threats.md')
  .split('\n')
  .filter(line => line.startsWith('| ') && !line.startsWith('| threat '))
  .map(line => line.slice(2, -1).split(/ *\| */))

it('there are 35 of them', () => {
  expect(ROWS).toHaveLength(35)
})

it.each(ROWS)('%s', (_threat, answer = '', proof = '') => {
  const files = [...proof.matchAll(/`(tests\/[^`]+)`/g)].map(([, file]) => file as string)
  expect(files.filter(file => !holdsTests(file))).toEqual([])
  if (!answer.startsWith('Out of scope: ')) expect(files).not.toEqual([])
})

function holdsTests(file: string): boolean {
  const url = new URL(`../../${file}`, import.meta.url)
  return existsSync(url) && /^ *(it|test)[.(]/m.test(readFileSync(url, 'utf8'))
}

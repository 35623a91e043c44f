import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { analyse } from 'scslre'
import { expect, it } from 'vitest'
import { expressionsOf } from './support/expressions.ts'

const src = fileURLToPath(new URL('../src/', import.meta.url))
const found = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(file => /\.tsx?$/.test(file))
  .sort()
  .map(file => ({ file, ...expressionsOf(file, readFileSync(src + file, 'utf8')) }))

/** How it could take more than linear time, and for which character; empty where it cannot. */
function slowness(expression: RegExp): string[] {
  return analyse(expression).reports.map(
    ({ type, exponential, character }) =>
      `${type}, ${exponential ? 'exponential' : 'quadratic'}: ${JSON.stringify(character.pick)}`,
  )
}

it('no expression in src/ can be made to take more than linear time', () => {
  const literals = found.flatMap(({ file, literals }) => literals.map(each => ({ file, each })))
  expect(literals.length).toBeGreaterThan(200)
  const slow = literals.flatMap(({ file, each }) =>
    slowness(each).map(how => `${file}: ${each} (${how})`),
  )
  expect(slow).toEqual([])
})

it('none is made of text, but for two that are made of constants', () => {
  expect(found.flatMap(({ file, made }) => Array(made).fill(file))).toEqual([
    'model/moving/environment.ts',
    'wire/object-names.ts',
  ])
})

it.each([
  ['(a+)+$', 'Self, exponential: "a"'],
  ['^v\\d+[a-z0-9]*$', 'Trade, quadratic: "0"'],
  ['-+$', 'Move, quadratic: "-"'],
])('a planted one is found: %s', (pattern, how) => {
  const { literals } = expressionsOf('x.ts', `const X: RegExp = /${pattern}/`)
  expect(literals.flatMap(slowness)).toContain(how)
})

it('a planted one that is made of text is found', () => {
  expect(expressionsOf('x.ts', 'new RegExp(x); RegExp(y)').made).toBe(2)
})

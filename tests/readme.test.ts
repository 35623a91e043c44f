import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CATALOGUE } from '../src/base/errors.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** The rows of one of README's tables of errors, as the catalogue has them. */
function rows(kind: 'http' | 'command'): string {
  const entries = Object.entries(CATALOGUE).filter(
    ([, entry]) => entry.status > 0 === (kind === 'http'),
  )
  const head = kind === 'http' ? '| status | code | meaning |' : '| exit | code | meaning |'
  const lines = entries.map(
    ([code, entry]) => `| ${entry.status || entry.exit} | \`${code}\` | ${entry.meaning} |`,
  )
  return [head, '|---|---|---|', ...lines].join('\n')
}

function section(kind: 'http' | 'command'): string {
  const [, body = ''] = readme.split(`<!-- errors: ${kind} -->\n`)
  return (body.split(`\n<!-- /errors: ${kind} -->`)[0] ?? '').trim()
}

describe('README', () => {
  it.each(['http', 'command'] as const)('lists every %s error as the catalogue has it', kind => {
    expect(section(kind)).toBe(rows(kind))
  })
})

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { goalsOf } from '../../src/bench/goals.ts'
import { SCENARIO_NAMES } from '../../src/bench/scenarios.ts'

const document = readFileSync(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8')

it('docs/benchmarks.md has the goals as they are', () => {
  const nothing = { scenarios: [], idle: [], parse: null, select: null, cold: null, leftOut: [] }
  const host = { date: '', platform: '', cpu: '', cores: 2, pinned: true, versions: {} }
  const goals = goalsOf({ ...nothing, host, quick: false })
  const rows = goals.map(({ figure, must, aim }) => `| ${figure} | ${must} | ${aim} |`)
  expect(document.split('\n').filter(line => rows.includes(line))).toEqual(rows)
})

it('docs/benchmarks.md has every scenario', () => {
  const [, table = ''] = document.split('## The scenarios')
  const named = [...table.matchAll(/^\| `([\w-]+)`(?: `-(\w+)`)? \|/gm)].flatMap(
    ([, name = '', other]) =>
      other === undefined ? [name] : [name, name.replace(/-\w+$/, `-${other}`)],
  )
  expect(named).toEqual(SCENARIO_NAMES)
})

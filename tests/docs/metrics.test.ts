import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Metrics } from '../../src/metrics/metrics.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { document, METRICS_FILE, section, yaml } from '../support/metrics-document.ts'
import { check, hasPromtool } from '../support/promtool.ts'

/** What the library knows of a metric, and its types do not all say. */
interface Described {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly labelNames: readonly string[]
  readonly get: () => Promise<{ readonly type: string }>
}

const metrics = new Metrics({
  clock: new ManualClock(),
  version: '1.2.3',
  routes: () => [],
  status: () => Promise.reject(new Error('Nobody asks.')),
})
// The library's own begin with the first scrape.
await expect(metrics.expose()).rejects.toThrow('Nobody asks.')
const all = metrics.registry.getMetricsAsArray() as unknown as readonly Described[]
const ours = all.filter(({ name }) => name.startsWith('balance_'))
const others = all.filter(({ name }) => !name.startsWith('balance_'))

async function table(metrics: readonly Described[]): Promise<string> {
  const lines = await Promise.all(
    metrics.map(async metric => {
      const { type } = await metric.get()
      const labels = metric.labelNames.filter(label => label !== 'le').map(label => `\`${label}\``)
      return `| \`${metric.name}\` | ${type} | ${labels.join(', ')} | ${metric.help} |`
    }),
  )
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...lines].join('\n')
}

const SECTIONS = [
  ['metrics', await table(ours)],
  ['process', await table(others)],
] as const

/** `BALANCE_REPORT=1` writes what there is into the document. */
if (process.env.BALANCE_REPORT) {
  const written = SECTIONS.reduce(
    (text, [name, rows]) => text.replace(section(name), `$1${rows}\n$3`),
    document(),
  )
  writeFileSync(METRICS_FILE, written)
}

describe('docs/metrics.md', () => {
  it.for(SECTIONS)('has a row for all there is: %s', ([name, rows], { skip }) => {
    // Other systems tell less of a process.
    if (name === 'process' && process.platform !== 'linux') skip()
    expect(section(name).exec(document())?.[2]).toBe(rows)
  })

  it('names in its rules and questions only what there is', () => {
    const names = ours.map(({ name }) => name)
    const named = [...document().matchAll(/balance_[a-z_]+/g)].map(([name]) => name)
    const unknown = named.filter(name => !names.includes(name.replace(/_bucket$/, '')))
    expect(unknown).toEqual([])
    expect(new Set(named).size).toBeGreaterThanOrEqual(names.length)
  })

  it.runIf(hasPromtool)('has rules that promtool takes', () => {
    expect(check('rules', yaml('rules'))).toContain('SUCCESS: 4 rules found')
    expect(() => check('rules', yaml('rules').replaceAll('rate(', 'rat('))).toThrow(/rat/)
  })

  it.runIf(hasPromtool)('has a configuration that promtool takes', () => {
    const config = yaml('scrape').replace('/etc/prometheus/balance-token', 'token')
    expect(check('config', config, { token: 'bal_x' })).toContain('SUCCESS')
  })
})

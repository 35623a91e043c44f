import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { canPin, type Ready, startRole } from './child.ts'
import { type Contender, direct, startBalance, startBare } from './contender.ts'
import type { Drive } from './load.ts'
import { usedBy } from './process-tree.ts'
import { type Report, ratiosOf, rendered } from './report.ts'
import { measure, type Scenario } from './rounds.ts'
import { measureSelect } from './select.ts'
import { measureStartup } from './startup.ts'

/**
 * Entry of the bench, and of the processes that it starts of itself:
 *
 *   npm run bench -- [--quick] [--json FILE]
 *
 * It measures the CPU that `balance serve` spends on a request, and on an event of a stream,
 * against the least that node:http and undici need for the same.
 */
const [role = '', argument = ''] = process.argv.slice(2)
if (role === 'upstream') await (await import('./upstream.ts')).runUpstream()
else if (role === 'bare') await (await import('./bare.ts')).runBare(Number(argument))
else if (role === 'load') (await import('./load.ts')).runLoad()
else await main()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
  })
  const report = await run(values.quick)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
  process.stdout.write(rendered(report))
}

function scenarios(quick: boolean): readonly Scenario[] {
  const rounds = quick ? 1 : 9
  const scale = quick ? 10 : 1
  return [
    { name: 'json', traffic: 'json', connections: 64, requests: 10_000 / scale, rounds },
    { name: 'stream', traffic: 'stream', connections: 64, requests: 640 / scale, rounds },
    { name: 'latency', traffic: 'json', connections: 1, requests: 1_000 / scale, rounds },
  ]
}

async function run(quick: boolean): Promise<Report> {
  const cores = cpus()
  const pin = canPin(cores.length)
  const upstream = startRole<Ready>('upstream', [], 'driver', pin)
  const load = startRole<Drive>('load', [], 'driver', pin)
  const contenders: Contender[] = []
  try {
    const [{ port }] = await Promise.all([upstream.report(), load.report()])
    contenders.push(await startBare(port, pin), await startBalance(port, pin))
    const [bare, balance] = contenders as [Contender, Contender]
    const measured: Report['scenarios'][number][] = []
    for (const scenario of scenarios(quick)) {
      const all = scenario.name === 'latency' ? [direct(port), bare, balance] : [bare, balance]
      measured.push({ scenario, measured: await measure(scenario, all, load) })
    }
    const found = {
      host: {
        node: process.versions.node,
        platform: `${process.platform} ${process.arch}`,
        cpu: cores[0]?.model.trim() ?? 'unknown',
        cores: cores.length,
        pinned: pin,
      },
      scenarios: measured,
      rss: { bare: usedBy(bare.pid ?? 0).rss, balance: usedBy(balance.pid ?? 0).rss },
      startup: measureStartup(quick ? 3 : 20),
      select: measureSelect(quick ? 1_000 : 20_000, quick ? 1 : 9),
    }
    return { ...found, ratios: ratiosOf(found) }
  } finally {
    await Promise.all([...contenders, upstream, load].map(one => one.end()))
  }
}

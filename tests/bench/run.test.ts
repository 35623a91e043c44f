import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { Report } from '../../src/bench/report.ts'

const BENCH = fileURLToPath(new URL('../../dist/bench.js', import.meta.url))
if (!existsSync(BENCH)) throw new Error('This test runs the built bench: npm run build')

it('a short run measures all three scenarios with figures that can be', { timeout: 90_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'bal-bench-'))
  const file = join(folder, 'report.json')
  try {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [BENCH, '--quick', '--json', file],
      { encoding: 'utf8' },
    )
    expect([status, stderr]).toEqual([0, ''])
    const { scenarios, rss, ratios } = JSON.parse(readFileSync(file, 'utf8')) as Report
    expect(scenarios.map(({ scenario }) => scenario.name)).toEqual(['json', 'stream', 'latency'])
    for (const { measured } of scenarios) {
      for (const { p50, p99, requestsPerSecond } of measured) {
        expect(p50.median).toBeGreaterThan(0)
        expect(p99.median).toBeGreaterThanOrEqual(p50.median)
        expect(requestsPerSecond.median).toBeGreaterThan(1)
      }
    }
    expect(ratios.json).toBeGreaterThan(0.5)
    expect(ratios.json).toBeLessThan(10)
    expect(rss.balance).toBeGreaterThan(rss.bare)
    expect(stdout).toContain(`CPU per JSON request           ${ratios.json.toFixed(2)}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

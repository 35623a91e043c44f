import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether Debian's package `prometheus` is here; required where BALANCE_REQUIRE_PROMTOOL is set. */
export const hasPromtool = spawnSync('promtool', ['--version']).status === 0

if (!hasPromtool) {
  const what = 'promtool is not installed'
  if (process.env.BALANCE_REQUIRE_PROMTOOL) throw new Error(`${what}, but required.`)
  console.log(`SKIPPED: what Prometheus itself says of the metrics, because ${what}.`)
}

/** What promtool has against a document of metrics, its style included; empty where nothing. */
export function complaintsAbout(metrics: string): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: metrics,
    encoding: 'utf8',
  })
  return status === 0 ? `${stdout}${stderr}` : `exit ${status}: ${stdout}${stderr}`
}

/** Checks a file of rules or of configuration; throws what promtool has against it. */
export function check(kind: 'rules' | 'config', yaml: string, beside: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bal-prom-'))
  try {
    for (const [name, text] of Object.entries(beside)) writeFileSync(join(folder, name), text)
    const file = join(folder, `${kind}.yaml`)
    writeFileSync(file, yaml)
    return execFileSync('promtool', ['check', kind, file], { encoding: 'utf8', stdio: 'pipe' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

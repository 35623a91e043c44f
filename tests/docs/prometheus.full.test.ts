import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { eventually, World } from '../support/daemon.ts'
import { freePort } from '../support/free-port.ts'
import { yaml } from '../support/metrics-document.ts'
import { hasPromtool } from '../support/promtool.ts'

let mock: Mock
let world: World
let folder: string
let prometheus: ChildProcess | null

beforeEach(async () => {
  mock = await startMock()
  world = new World()
  folder = mkdtempSync(join(tmpdir(), 'bal-prom-'))
  prometheus = null
})
afterEach(async () => {
  if (prometheus !== null && prometheus.exitCode === null) {
    prometheus.kill('SIGKILL')
    await once(prometheus, 'close')
  }
  rmSync(folder, { recursive: true, force: true })
  await world.remove()
  await mock.close()
})

/** The document's own files, with this daemon's address and a token for nothing else. */
async function startPrometheus(daemonPort: number, token: string): Promise<string> {
  writeFileSync(join(folder, 'token'), token)
  writeFileSync(join(folder, 'rules.yaml'), yaml('rules').replaceAll(/for: \d+m/g, 'for: 0s'))
  const config = yaml('scrape')
    .replace('/etc/prometheus/balance-token', join(folder, 'token'))
    .replace('127.0.0.1:8077', `127.0.0.1:${daemonPort}`)
    .replace('15s', '1s')
  const file = join(folder, 'prometheus.yaml')
  writeFileSync(file, `global:\n  evaluation_interval: 1s\nrule_files: [rules.yaml]\n${config}\n`)
  const port = await freePort()
  prometheus = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  )
  return `http://127.0.0.1:${port}/api/v1`
}

async function get<T>(url: string): Promise<T | null> {
  const answer = await fetch(url).catch(() => null)
  return answer?.ok ? ((await answer.json()) as { data: T }).data : null
}

it.runIf(hasPromtool)(
  'Prometheus scrapes a daemon as docs/metrics.md says, and alerts',
  async () => {
    const token = await world.furnish(mock.url, 'sk-a-0123456789abcdef')
    const create = ['tokens', 'create', 'prometheus', '--models', 'nothing', '--rpm', '1']
    const scraping = await world.json<{ token: string }>(create)
    const daemon = await world.serve('--workers', '2')
    for (let i = 0; i < 3; i++) expect((await daemon.ask(token)).status).toBe(200)
    const denied = await daemon.ask(scraping.token)
    expect(denied.status).toBe(403)

    const api = await startPrometheus(daemon.port, scraping.token)

    const query = encodeURIComponent('sum(balance_requests_total{code="200"})')
    const value = await eventually(
      async () => {
        interface Found {
          readonly result: readonly { readonly value: readonly [number, string] }[]
        }
        return (await get<Found>(`${api}/query?query=${query}`))?.result[0]?.value[1]
      },
      'requests in Prometheus',
      30_000,
      100,
    )
    expect(value).toBe('3')
    await world.json(['keys', 'disable', 'key-1'])
    interface Rules {
      readonly groups: readonly { readonly rules: readonly Rule[] }[]
    }
    interface Rule {
      readonly name: string
      readonly health: string
      readonly state: string
    }
    const rules = await eventually(
      async () => {
        const found = (await get<Rules>(`${api}/rules`))?.groups[0]?.rules
        return found?.some(({ state }) => state === 'firing') ? found : null
      },
      'an alert',
      30_000,
      100,
    )
    expect(rules.map(({ name, health, state }) => [name, health, state])).toEqual([
      ['BalanceDown', 'ok', 'inactive'],
      ['BalanceNoKeyLeft', 'ok', 'firing'],
      ['BalanceProviderFails', 'ok', 'inactive'],
      ['BalanceStoreInTrouble', 'ok', 'inactive'],
    ])
  },
)

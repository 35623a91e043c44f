import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Figure } from '../../src/bench/figures.ts'
import { findNginx } from '../../src/bench/nginx.ts'
import type { Report } from '../../src/bench/report.ts'
import { COLD_START, SCENARIO_NAMES } from '../../src/bench/scenarios.ts'

const BINARY = fileURLToPath(new URL('../../bin/balance.js', import.meta.url))
const BENCH = fileURLToPath(new URL('../../dist/bench.js', import.meta.url))
if (!existsSync(BENCH)) throw new Error('This test runs the built bench: npm run build')

const folder = mkdtempSync(join(tmpdir(), 'bal-bench-'))
afterAll(() => rmSync(folder, { recursive: true }))

function bench(...args: readonly string[]) {
  return spawnSync(process.execPath, [BINARY, 'bench', ...args], { encoding: 'utf8' })
}

/** Listens as any gateway would, and passes nothing on. */
const NO_GATEWAY = `import { createServer } from 'node:http'
createServer((request, response) => {
  response.writeHead(request.headers['x-who'] === process.argv[3] ? 418 : 500).end()
}).listen(Number(process.argv[2]), '127.0.0.1')`

describe('a quick run', () => {
  const script = join(folder, 'gate.mjs')
  let report: Report
  let printed = ''

  beforeAll(() => {
    const file = join(folder, 'report.json')
    writeFileSync(script, NO_GATEWAY)
    const peer = `mine='${process.execPath}' '${script}' {port} {upstream}`
    const header = 'mine=X-Who: {upstream}'
    const options = ['--peer', peer, '--peer-header', header, '--json']
    const { status, stdout, stderr } = bench('--quick', ...options, file)
    expect(status, stderr).toBe(0)
    report = JSON.parse(readFileSync(file, 'utf8')) as Report
    printed = stdout
  }, 90_000)

  const figure = (scenario: string, name: string, which: Figure) =>
    report.scenarios.find(one => one.name === scenario)?.measured.find(one => one.name === name)
      ?.figures[which]?.median ?? Number.NaN

  it('measures all scenarios, with everybody who is there', () => {
    const names = report.scenarios.map(({ name }) => name)
    expect([...names, COLD_START]).toEqual(SCENARIO_NAMES)
    const everybody = [...(findNginx() === null ? [] : ['nginx']), 'bare', 'balance', 'mine']
    for (const { name, measured } of report.scenarios) {
      const own = ['keys', 'alias', 'failing'].includes(name)
      const known = measured.map(one => one.name).filter(one => everybody.includes(one))
      expect([name, known]).toEqual([name, own ? ['bare', 'balance'] : everybody])
    }
  })

  it('goes on where another gateway fails, and says how', () => {
    for (const { name, measured } of report.scenarios) {
      const failures = measured.flatMap(({ name, failed }) =>
        failed === null ? [] : [name, failed],
      )
      const own = ['keys', 'alias', 'failing'].includes(name)
      const [who, why = ''] = failures
      expect([name, failures.length, who]).toEqual([name, own ? 0 : 2, own ? undefined : 'mine'])
      expect([name, own || why.includes(' 418 ')]).toEqual([name, true])
    }
  })

  it('has figures that can be', () => {
    expect(figure('json', 'balance', 'toBare')).toBeGreaterThan(0.5)
    expect(figure('json', 'balance', 'toBare')).toBeLessThan(20)
    expect(figure('json', 'balance', 'perSecond')).toBeGreaterThan(10)
    expect(figure('steady', 'balance', 'p50')).toBeGreaterThan(figure('steady', 'direct', 'p50'))
    expect(figure('stream', 'balance', 'toBare')).toBeGreaterThan(0.2)
    expect(figure('body-2m-last', 'balance', 'cpu')).toBeGreaterThan(0)
    expect(figure('bytes', 'bare', 'cpu')).toBeGreaterThan(0)
    expect(figure('failing', 'balance', 'refused')).toBe(0)
    expect(figure('failing', 'balance, failing', 'refused')).toBeGreaterThan(0)
    for (const name of ['bare', 'balance']) {
      expect(figure('many-streams', name, 'open')).toBe(100)
      expect(figure('many-streams', name, 'broken')).toBe(0)
    }
    for (const { name, measured } of report.scenarios) {
      for (const { name: who, figures } of measured) {
        const onNode = who === 'bare' || who.startsWith('balance')
        expect([name, who, figures.loopP99 !== undefined]).toEqual([name, who, onNode])
        if (onNode) expect(figures.loopMost?.median).toBeGreaterThan(0)
        // Events may come many in a piece, and collections of what was there before be in between.
        if (onNode && name === 'json') expect(figures.allocated?.median).toBeGreaterThan(5_000)
      }
    }
    const { cold, parse } = report
    expect(cold?.listOverNode.median).toBeGreaterThan(0)
    expect(cold?.ready.median).toBeGreaterThan(cold?.node.median ?? Number.NaN)
    expect(cold?.reload.median).toBeGreaterThan(0)
    expect(parse?.median).toBeGreaterThan(100)
  })

  it.runIf(process.platform === 'linux')('tells the memory of all', () => {
    expect(report.idle.length).toBeGreaterThan(2)
    for (const { name, pss, rss } of report.idle) {
      expect(pss, name).toBeGreaterThan(2e6)
      expect(pss, name).toBeLessThanOrEqual(rss)
    }
  })

  it('prints a table that ends with what it is held to', () => {
    for (const { figure } of report.goals) expect(printed).toContain(`\n${figure} `)
    const unmeasured = report.goals.filter(({ measured }) => measured === null)
    const why = ["requests/s ÷ Portkey's", 'nginx', 'added p50', 'PSS', 'memory']
    expect(unmeasured.filter(({ figure }) => !why.some(word => figure.includes(word)))).toEqual([])
  })
})

describe('another gateway that does not start', () => {
  it('ends the run, with what it said', () => {
    const broken = "mine=sh -c 'echo no such thing >&2; exit 3' {port} {upstream}"
    const { status, stdout, stderr } = bench('--quick', '--only', 'json', '--peer', broken)
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain('error: mine ended before it listened (exit 3).')
    expect(stderr).toContain('It printed: no such thing')
  })
})

describe('a run that is interrupted', () => {
  it('leaves no process and no file behind', async () => {
    const place = mkdtempSync(join(folder, 'interrupted-'))
    const child = spawn(process.execPath, [BINARY, 'bench', '--quick', '--only', 'json,many'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, TMPDIR: place },
    })
    let said = ''
    child.stderr.on('data', chunk => {
      said += chunk
      if (!child.killed && said.includes('json: ')) child.kill('SIGTERM')
    })
    const [code] = await once(child, 'close')
    expect([code, said]).toEqual([1, expect.stringContaining('error: The bench was interrupted.')])
    expect(readdirSync(place)).toEqual([])
    if (process.platform === 'linux') expect(commandsNaming(place)).toEqual([])
  })
})

/** Command lines of running processes that name a path. */
function commandsNaming(path: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')]
      } catch {
        return []
      }
    })
    .filter(command => command.includes(path))
}

describe('a run that cannot be', () => {
  it.each([
    [['--only', 'nothing'], 2, 'There is no scenario "nothing".'],
    [['--rounds', '0'], 2, '--rounds takes a whole number from 1 to 99'],
    [['--streams', '5000'], 2, '--streams takes a whole number from 10 to 4000'],
    [['--portkey', '/nonexistent'], 3, '/nonexistent has no @portkey-ai/gateway'],
  ])('%j is refused', (args, code, message) => {
    const { status, stdout, stderr } = bench('--quick', ...args)
    expect([status, stdout]).toEqual([code, ''])
    expect(stderr).toContain(message)
  })

  it('by itself the bundle says what it belongs to', () => {
    const { status, stderr } = spawnSync(process.execPath, [BENCH], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([2, expect.stringContaining('balance bench --help')])
  })
})

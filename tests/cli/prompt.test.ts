import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { KeyStatus } from '../../src/model/status.ts'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { storeOptions } from '../support/store.ts'
import { exchange } from './exchange.ts'

/** util-linux's script(1) gives a command a terminal. */
const hasScript = /util-linux/.test(spawnSync('script', ['--version']).stdout?.toString() ?? '')

const cli = new CommandLine()
const binary = fileURLToPath(new URL('../../bin/balance.js', import.meta.url))

/** Runs a command on a terminal; each answer is typed when its question has appeared. */
function onTerminal(
  words: string,
  answers: readonly (readonly [question: string, typed: string])[],
): Promise<{ code: number | null; screen: string }> {
  // exec: the shell between would end by itself on Ctrl-C.
  const command = `exec ${process.execPath} ${binary} ${words} --data-dir ${cli.folder}`
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: cli.folder,
    env: { PATH: process.env.PATH ?? '', HOME: cli.folder, TERM: 'xterm' },
  })
  let screen = ''
  const left = [...answers]
  child.stdout.on('data', chunk => {
    screen += chunk
    if (!left[0] || !screen.includes(left[0][0])) return
    child.stdin.write(left[0][1])
    left.shift()
  })
  return new Promise(resolve => child.on('close', code => resolve({ code, screen })))
}

beforeAll(async () => {
  await cli.inProcess(['providers', 'add', 'openai'])
})
afterAll(() => cli.remove())

describe.skipIf(!hasScript)('on a terminal', () => {
  it('takes typed and pasted keys without showing them', async () => {
    const pasted =
      'sk-pasted-0123456789ab01\r\n\r\nsk-pasted-0123456789ab02\nsk-pasted-0123456789ab03\n'
    const { code, screen } = await onTerminal('keys add openai', [
      ['key for openai:', pasted],
      // Ctrl-D, as good as Enter.
      ['or Enter to finish:', '\u0004'],
    ])
    expect(code).toBe(0)
    expect(screen).toContain('added 3 keys to openai')
    expect(screen).not.toContain('pasted')
    const keys = await cli.json<KeyStatus[]>(['keys', 'list'])
    expect(keys.map(key => key.masked)).toEqual(['sk-…ab01', 'sk-…ab02', 'sk-…ab03'])
  })

  it('asks before it removes, and takes no for an answer', async () => {
    const refused = await onTerminal('keys remove key-1', [['Remove 1 key?', 'n\r']])
    expect(refused).toMatchObject({
      code: 1,
      screen: expect.stringContaining('Nothing was changed'),
    })
    const left = await onTerminal('keys remove key-1', [['Remove 1 key?', '\u0003']])
    expect(left.code).toBe(130)
    const agreed = await onTerminal('keys remove key-1', [['Remove 1 key?', 'y\r']])
    expect(agreed).toMatchObject({ code: 0, screen: expect.stringContaining('removed 1 key') })
  })

  it('shows a created token once, with the lines a client needs', async () => {
    const { code, screen } = await onTerminal('tokens create laptop', [])
    expect(code).toBe(0)
    expect(screen).toMatch(/export OPENAI_BASE_URL=http:\/\/127\.0\.0\.1:8077\/v1/)
    expect(screen).toMatch(/export OPENAI_API_KEY=bal_[\w-]{43}/)
  })

  it('redraws a watched status in place, and ends well on Ctrl-C', async () => {
    const { code, screen } = await onTerminal('status --watch', [['openai', '\u0003']])
    expect(code).toBe(0)
    expect(screen).toContain('\u001b[2J\u001b[Hdaemon')
  })

  it('draws a bar of each row of stats', async () => {
    const store = await openStore({ ...storeOptions(cli.folder), url: cli.storeUrl })
    const time = systemClock.wall()
    await store.record([exchange('1', { time }), exchange('2', { time })], 'host:1')
    await store.record([exchange('3', { time, provider: 'groq' })], 'host:1')
    await store.close()
    const { code, screen } = await onTerminal('stats --no-color', [])
    expect(code).toBe(0)
    const [most = '', half = ''] = screen.match(/█+/g) ?? []
    expect(most.length).toBeGreaterThan(0)
    expect(half).toHaveLength(Math.floor(most.length / 2))
  })

  it('counts what it exports while it does', async () => {
    const file = join(cli.folder, 'log.csv')
    const { code, screen } = await onTerminal(`logs export --out ${file}`, [])
    expect(code).toBe(0)
    expect(screen).toMatch(/\r\d+ requests …/)
    expect(screen).toMatch(/exported \d+ requests to /)
  })

  it('paints states, unless it is told not to', async () => {
    expect((await onTerminal('keys list', [])).screen).toContain('\u001b[32mactive')
    expect((await onTerminal('keys list --no-color', [])).screen).not.toContain('\u001b[32m')
  })
})

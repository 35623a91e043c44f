import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { BINARY, eventually, World } from '../support/daemon.ts'

const KEY = 'sk-good-0123456789abcdef'
const GIVEN = 'given-token-0123456789abcdef'
const hasScript = /util-linux/.test(spawnSync('script', ['--version']).stdout?.toString() ?? '')

let world: World

beforeEach(() => {
  world = new World()
})
afterEach(() => world.remove())

/** Somebody else's server on a free port. */
async function occupy(): Promise<{ port: number; server: Server }> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, server }
}

describe('a second daemon', () => {
  it('on the same store is refused in one line that names the first', async () => {
    const first = await world.serve()
    const second = await world.balance(['serve', '--port', '0'])
    expect(second).toMatchObject({ code: 1, stdout: '' })
    const [error, hint, ...more] = second.stderr.trim().split('\n')
    expect(error).toBe(`error: A daemon serves this store already: pid ${first.pid}, ${first.url}.`)
    expect(hint).toContain('balance stop')
    expect(more).toEqual([])
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200)
  })

  it('of several started at once is the only one that stays', async () => {
    const programs = [1, 2, 3].map(() => world.start(['serve', '--json', '--port', '0']))
    const codes = programs.map(async program => (await program.ended).code)
    const ready = await Promise.all(
      programs.map(program => program.document<{ url: string }>().catch(() => null)),
    )
    expect(ready.filter(Boolean)).toHaveLength(1)
    const left = programs.filter((_, index) => ready[index] === null)
    for (const program of left) {
      expect((await program.ended).stderr).toMatch(/serves this store already: pid \d+/)
    }
    await world.balance(['stop'])
    expect((await Promise.all(codes)).sort()).toEqual([0, 1, 1])
  })
})

describe('a port in use', () => {
  it('is named, and nothing is left behind', async () => {
    const { port, server } = await occupy()
    const { code, stderr } = await world.balance(['serve', '--port', String(port)])
    expect(code).toBe(1)
    expect(stderr).toContain(`error: Another process listens on 127.0.0.1:${port}.`)
    server.close()
    await world.serve()
  })

  it.skipIf(!hasScript)('costs nobody the first token, which is shown only once', async () => {
    const { port, server } = await occupy()
    const screen = (await onTerminal('--port', String(port)).ended).stdout
    expect(screen).toContain(`127.0.0.1:${port}`)
    expect(screen).not.toContain('bal_')
    server.close()
    const terminal = onTerminal('--port', '0')
    const token = await eventually(() => /bal_[\w-]{43}/.exec(terminal.screen())?.[0], 'a token')
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(terminal.screen())?.[0] ?? ''
    const models = await fetch(`${url}/v1/models`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(models.status).toBe(404)
    await world.balance(['stop'])
    await terminal.ended
  })
})

/** `balance serve` on a terminal. */
function onTerminal(...args: string[]) {
  const words = [process.execPath, BINARY, 'serve', '--data-dir', world.dataDir, ...args].join(' ')
  const child = spawn('script', ['--quiet', '--return', '--command', words, '/dev/null'], {
    cwd: world.cwd,
    env: { ...world.env, TERM: 'xterm' },
  })
  let stdout = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  const ended = new Promise<{ stdout: string }>(resolve =>
    child.on('close', () => resolve({ stdout })),
  )
  return { screen: () => stdout, ended }
}

describe('off loopback', () => {
  it('a daemon without a token does not start, and says both ways out', async () => {
    const { code, stderr } = await world.balance(['serve', '--host', '0.0.0.0', '--port', '0'])
    expect(code).toBe(78)
    expect(stderr).toContain('needs a client token first')
    expect(stderr).toContain('balance tokens create')
    expect(stderr).toContain('BALANCE_BOOTSTRAP_TOKEN_FILE')
    const anonymous = await world.balance([
      ...['serve', '--host', '0.0.0.0', '--port', '0', '--allow-anonymous'],
    ])
    expect(anonymous.code).toBe(78)
  })

  it('it starts with a token that exists', async () => {
    await world.json(['tokens', 'create', 'first'])
    await world.serve('--host', '0.0.0.0')
  })

  it.each(['BALANCE_BOOTSTRAP_TOKEN', 'BALANCE_BOOTSTRAP_TOKEN_FILE'])(
    '%s gives the first token, and no second one',
    async variable => {
      const file = join(world.root, 'token')
      writeFileSync(file, `${GIVEN}\n`, { mode: 0o600 })
      world.env[variable] = variable.endsWith('_FILE') ? file : GIVEN
      const daemon = await world.serve('--host', '0.0.0.0')
      expect((await daemon.ask(GIVEN)).status).toBe(404)
      expect((await daemon.ask('bal_other-token-0123456789')).status).toBe(401)
      expect(daemon.stderr).not.toContain(GIVEN)
      await daemon.stop()
      world.env[variable] = variable.endsWith('_FILE') ? file : `${GIVEN}-another`
      writeFileSync(file, `${GIVEN}-another`)
      const again = await world.serve('--host', '0.0.0.0')
      expect((await again.ask(GIVEN)).status).toBe(404)
      expect((await again.ask(`${GIVEN}-another`)).status).toBe(401)
    },
  )

  it('a short token is refused to callers from elsewhere only', async () => {
    await world.json(['tokens', 'create', 'weak', '--stdin'], 'short')
    const daemon = await world.serve()
    expect((await daemon.ask('short')).status).toBe(404)
    const headers = { 'x-forwarded-for': '192.0.2.1' }
    expect((await daemon.ask('short', { headers })).status).toBe(401)
  })
})

describe('--allow-anonymous', () => {
  let mock: Mock

  beforeEach(async () => {
    mock = await startMock()
  })
  afterEach(() => mock.close())

  it('serves callers on this host without a token, and nobody else', async () => {
    await world.furnish(mock.url, KEY)
    const daemon = await world.serve('--allow-anonymous')
    expect((await daemon.ask(null)).status).toBe(200)
    expect((await daemon.ask('bal_wrong-token-0123456789')).status).toBe(401)
    for (const headers of [{ host: 'gateway.example' }, { 'x-forwarded-for': '192.0.2.1' }]) {
      expect((await daemon.ask(null, { headers })).status).toBe(401)
    }
    const [row] = await world.json<{ token: string | null }[]>(['logs', 'list', '--status', '2xx'])
    expect(row?.token).toBeNull()
  })
})

describe('a store that cannot be used', () => {
  const database = () => join(world.dataDir, 'balance.db')

  it('is not served with another master key, and nothing in it changes', async () => {
    await world.furnish('http://127.0.0.1:9/v1', KEY)
    const before = readFileSync(database())
    world.env.BALANCE_MASTER_KEY = Buffer.alloc(32, 7).toString('base64')
    const { code, stderr, stdout } = await world.balance(['serve', '--port', '0'])
    expect(code).toBe(78)
    expect(stdout).toBe('')
    expect(stderr).toMatch(
      /^error: The master key in BALANCE_MASTER_KEY is not the one that sealed this store, which came from .*master-key\.$/m,
    )
    expect(readFileSync(database()).equals(before)).toBe(true)
    delete world.env.BALANCE_MASTER_KEY
    await world.serve()
  })

  it('is not served when its master key is gone, and none is made in its place', async () => {
    await world.furnish('http://127.0.0.1:9/v1', KEY)
    world.env.BALANCE_MASTER_KEY_FILE = join(world.root, 'not-there')
    const key = join(world.dataDir, 'master-key')
    const content = readFileSync(key)
    writeFileSync(key, '')
    expect((await world.balance(['serve', '--port', '0'])).code).toBe(78)
    expect(readFileSync(key, 'utf8')).toBe('')
    writeFileSync(key, content)
    await world.serve()
  })

  it('is left alone when a newer version wrote it', async () => {
    await world.furnish('http://127.0.0.1:9/v1', KEY)
    const db = new Sqlite(database())
    db.exec("insert into balance_migrations values ('control', 99, 'from the future', 0)")
    db.close()
    const { code, stderr } = await world.balance(['serve', '--port', '0'])
    expect(code).toBe(78)
    expect(stderr).toContain(database())
    expect(stderr).toMatch(/newer version/)
  })

  it('is left alone when it is no database', async () => {
    mkdirSync(world.dataDir, { mode: 0o700 })
    writeFileSync(database(), 'shopping list\n', { mode: 0o600 })
    const { code, stderr } = await world.balance(['serve', '--port', '0'])
    expect(code).toBe(78)
    expect(stderr).toContain(database())
    expect(readFileSync(database(), 'utf8')).toBe('shopping list\n')
  })
})

import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { startMock } from '../../src/mock/server.ts'
import { BINARY, eventually, World } from '../support/daemon.ts'

const KEY = 'sk-good-0123456789abcdef'
const GIVEN = 'given-token-0123456789abcdef'
const hasScript = /util-linux/.test(spawnSync('script', ['--version']).stdout?.toString() ?? '')

/** Each test has a world of its own, so all of them may run at once. */
const test = it.extend<{ world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from it
  world: async ({}, use) => {
    const world = new World()
    await use(world)
    await world.remove()
  },
})

/** Somebody else's server on a free port. */
async function occupy(): Promise<{ port: number; server: Server }> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, server }
}

describe.concurrent('a second daemon', () => {
  test('on the same store is refused in one line that names the first', async ({
    world,
    expect,
  }) => {
    const first = await world.serve()
    const second = await world.balance(['serve', '--port', '0'])
    expect(second).toMatchObject({ code: 1, stdout: '' })
    const [error, hint, ...more] = second.stderr.trim().split('\n')
    expect(error).toBe(`error: A daemon serves this store already: pid ${first.pid}, ${first.url}.`)
    expect(hint).toContain('balance stop')
    expect(more).toEqual([])
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200)
  })

  test('of several started at once is the only one that stays', async ({ world, expect }) => {
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

describe('a daemon', () => {
  it('is found by commands however deep its data folder lies', async () => {
    const world = new World('deep/'.repeat(30))
    world.env.TMPDIR = world.root
    const { pid } = await world.serve()
    expect(await world.json(['status'])).toMatchObject({ running: true, pid })
    await world.remove()
  })
})

describe.concurrent('a port in use', () => {
  test('is named, and nothing is left behind', async ({ world, expect }) => {
    const { port, server } = await occupy()
    const { code, stderr } = await world.balance(['serve', '--port', String(port)])
    expect(code).toBe(1)
    expect(stderr).toContain(`error: Another process listens on 127.0.0.1:${port}.`)
    server.close()
    await world.serve()
  })

  test.skipIf(!hasScript)(
    'costs nobody the first token, which is shown only once',
    async ({ world, expect, onTestFinished }) => {
      const { port, server } = await occupy()
      const screen = (await onTerminal(world, '--port', String(port)).ended).stdout
      expect(screen).toContain(`127.0.0.1:${port}`)
      expect(screen).not.toContain('bal_')
      server.close()
      const terminal = onTerminal(world, '--port', '0')
      onTestFinished(() => void terminal.child.kill())
      const token = await eventually(() => /bal_[\w-]{43}/.exec(terminal.screen())?.[0], 'a token')
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(terminal.screen())?.[0] ?? ''
      const models = await fetch(`${url}/v1/models`, {
        headers: { authorization: `Bearer ${token}` },
      })
      expect(models.status).toBe(404)
      await world.balance(['stop'])
      await terminal.ended
    },
  )
})

/** `balance serve` on a terminal. */
function onTerminal(world: World, ...args: string[]) {
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
  return { child, screen: () => stdout, ended }
}

describe.concurrent('off loopback', () => {
  test('a daemon without a token does not start, and says both ways out', async ({
    world,
    expect,
  }) => {
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

  test('it starts with a token that exists', async ({ world }) => {
    await world.json(['tokens', 'create', 'first'])
    await world.serve('--host', '0.0.0.0')
  })

  test('BALANCE_BOOTSTRAP_TOKEN gives the first token, and no second one', async ({
    world,
    expect,
  }) => {
    world.env.BALANCE_BOOTSTRAP_TOKEN = GIVEN
    const daemon = await world.serve('--host', '0.0.0.0')
    expect((await daemon.ask(GIVEN)).status).toBe(404)
    expect((await daemon.ask('bal_other-token-0123456789')).status).toBe(401)
    expect(daemon.stderr).not.toContain(GIVEN)
    await daemon.stop()
    world.env.BALANCE_BOOTSTRAP_TOKEN = `${GIVEN}-another`
    const again = await world.serve('--host', '0.0.0.0')
    expect((await again.ask(GIVEN)).status).toBe(404)
    expect((await again.ask(`${GIVEN}-another`)).status).toBe(401)
  })

  test('a weak one from there is no way out', async ({ world, expect }) => {
    world.env.BALANCE_BOOTSTRAP_TOKEN = 'sk-123456'
    const { code, stderr } = await world.balance(['serve', '--host', '0.0.0.0', '--port', '0'])
    expect(code).toBe(78)
    expect(stderr).toContain('BALANCE_BOOTSTRAP_TOKEN is shorter than 16 characters')
  })

  test('BALANCE_BOOTSTRAP_TOKEN_FILE gives it from a file', async ({ world, expect }) => {
    world.env.BALANCE_BOOTSTRAP_TOKEN_FILE = join(world.root, 'token')
    writeFileSync(join(world.root, 'token'), `${GIVEN}\n`, { mode: 0o600 })
    const daemon = await world.serve('--host', '0.0.0.0')
    expect((await daemon.ask(GIVEN)).status).toBe(404)
  })

  test('a short token is refused to callers from elsewhere only', async ({ world, expect }) => {
    await world.json(['tokens', 'create', 'weak', '--stdin'], 'short')
    const daemon = await world.serve()
    expect((await daemon.ask('short')).status).toBe(404)
    const headers = { 'x-forwarded-for': '192.0.2.1' }
    expect((await daemon.ask('short', { headers })).status).toBe(401)
  })
})

describe.concurrent('--allow-anonymous', () => {
  test('serves callers on this host without a token, and nobody else', async ({
    world,
    expect,
  }) => {
    const mock = await startMock()
    await world.furnish(mock.url, KEY)
    const daemon = await world.serve('--allow-anonymous')
    expect((await daemon.ask(null)).status).toBe(200)
    expect((await daemon.ask('bal_wrong-token-0123456789')).status).toBe(401)
    for (const headers of [{ host: 'gateway.example' }, { 'x-forwarded-for': '192.0.2.1' }]) {
      expect((await daemon.ask(null, { headers })).status).toBe(401)
    }
    const [row] = await world.json<{ token: string | null }[]>(['logs', 'list', '--status', '2xx'])
    expect(row?.token).toBeNull()
    await mock.close()
  })
})

describe.concurrent('a store that cannot be used', () => {
  const database = (world: World) => join(world.dataDir, 'balance.db')

  test('is not served with another master key, and nothing in it changes', async ({
    world,
    expect,
  }) => {
    await world.furnish('http://127.0.0.1:9/v1', KEY)
    const before = readFileSync(database(world))
    world.env.BALANCE_MASTER_KEY = Buffer.alloc(32, 7).toString('base64')
    const { code, stderr, stdout } = await world.balance(['serve', '--port', '0'])
    expect(code).toBe(78)
    expect(stdout).toBe('')
    expect(stderr).toMatch(
      /^error: The master key in BALANCE_MASTER_KEY is not the one that sealed this store, which came from .*master-key\.$/m,
    )
    expect(readFileSync(database(world)).equals(before)).toBe(true)
    delete world.env.BALANCE_MASTER_KEY
    await world.serve()
  })

  test('is not served when its master key is gone, and none is made in its place', async ({
    world,
    expect,
  }) => {
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

  test('is left alone when a newer version wrote it', async ({ world, expect }) => {
    await world.furnish('http://127.0.0.1:9/v1', KEY)
    const db = new Sqlite(database(world))
    db.exec("insert into balance_migrations values ('control', 99, 'from the future', 0)")
    db.close()
    const { code, stderr } = await world.balance(['serve', '--port', '0'])
    expect(code).toBe(78)
    expect(stderr).toContain(database(world))
    expect(stderr).toMatch(/newer version/)
  })

  test('is left alone when it is no database', async ({ world, expect }) => {
    mkdirSync(world.dataDir, { mode: 0o700 })
    writeFileSync(database(world), 'shopping list\n', { mode: 0o600 })
    const { code, stderr } = await world.balance(['serve', '--port', '0'])
    expect(code).toBe(78)
    expect(stderr).toContain(database(world))
    expect(readFileSync(database(world), 'utf8')).toBe('shopping list\n')
  })
})

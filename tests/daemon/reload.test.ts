import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'

let mock: Mock
let world: World
let daemon: Daemon
let token: string
let file: string

beforeAll(async () => {
  mock = await startMock()
  world = new World()
  file = join(world.cwd, 'balance.config.yaml')
  world.env.MOCK_KEY = 'sk-from-the-environment-01'
})
beforeEach(async () => {
  write(`max_body: 1MiB
providers:
  mock:
    base_url: ${mock.url}
    keys:
      - env:MOCK_KEY
`)
  if (daemon) {
    await world.balance(['reload'])
    return
  }
  token = (await world.json<{ token: string }>(['tokens', 'create', 'test'])).token
  daemon = await world.serve()
})
afterAll(async () => {
  await world.remove()
  await mock.close()
})

function write(text: string): void {
  writeFileSync(file, text, { mode: 0o600 })
}

describe('the configuration file', () => {
  it('furnishes an empty store at the start', async () => {
    expect((await daemon.ask(token)).status).toBe(200)
    expect(mock.requests.at(-1)?.key).toBe('sk-from-the-environment-01')
    expect(await world.json<DaemonStatus>(['status'])).toMatchObject({
      config_file: file,
      providers: [{ name: 'mock', default: true, keys: { active: 1 } }],
    })
  })

  it('is taken again by reload', async () => {
    write(`max_body: 1KiB\nproviders:\n  mock:\n    base_url: ${mock.url}\n`)
    const { code, stderr } = await world.balance(['reload'])
    expect(code).toBe(0)
    expect(stderr).toMatch(/taken from the file: .*max_body/)
    expect(stderr).toMatch(/in force \(revision \d+\)/)
    const body = JSON.stringify({ model: 'mock-large', input: 'x'.repeat(2_000) })
    expect((await daemon.ask(token, { body })).status).toBe(413)
  })

  it('is taken again with what its references refer to', async () => {
    const secret = join(world.cwd, 'key')
    writeFileSync(secret, 'sk-from-a-file-0123456789', { mode: 0o600 })
    await world.balance(['keys', 'disable', 'key-1'])
    await world.balance(['keys', 'add', 'mock', '--label', 'filed'], `file:${secret}`)
    await daemon.ask(token)
    expect(mock.requests.at(-1)?.key).toBe('sk-from-a-file-0123456789')
    writeFileSync(secret, 'sk-another-0123456789abc')
    await world.balance(['reload'])
    await daemon.ask(token)
    expect(mock.requests.at(-1)?.key).toBe('sk-another-0123456789abc')
    await world.balance(['keys', 'enable', 'key-1'])
    await world.balance(['keys', 'remove', 'filed', '--yes'])
  })

  it('is taken again on SIGHUP', async () => {
    write(`max_body: 1KiB\nproviders:\n  mock:\n    base_url: ${mock.url}\n`)
    daemon.signal('SIGHUP')
    const body = JSON.stringify({ model: 'mock-large', input: 'x'.repeat(2_000) })
    await eventually(async () => (await daemon.ask(token, { body })).status === 413, 'the limit')
  })

  it('that is broken is refused with its line and column, and what runs goes on', async () => {
    write('max_body: 1KiB\nmax_bdy: 2MiB\n')
    const unknown = await world.balance(['reload'])
    expect(unknown.code).toBe(78)
    expect(unknown.stderr).toContain(`${file}:2:1`)
    expect(unknown.stderr).toContain('max_body')
    expect((await daemon.ask(token)).status).toBe(200)
    const body = JSON.stringify({ model: 'mock-large', input: 'x'.repeat(2_000) })
    expect((await daemon.ask(token, { body })).status).not.toBe(413)

    write('max_body: [1KiB\n')
    const malformed = await world.balance(['reload'])
    expect(malformed.code).toBe(78)
    expect(malformed.stderr).toMatch(/balance\.config\.yaml:\d+:\d+/)
    expect((await daemon.ask(token)).status).toBe(200)
    // Nor does a daemon start on it.
    const other = await world.balance(['serve', '--port', '0'])
    expect(other).toMatchObject({ code: 78, stdout: '' })
    expect(other.stderr).toMatch(/balance\.config\.yaml:\d+:\d+/)
  })

  it('leaves alone what a command has set', async () => {
    await world.balance(['config', 'set', 'max_body', '4MiB'])
    write(`max_body: 2KiB\nproviders:\n  mock:\n    base_url: ${mock.url}\n`)
    const { stderr } = await world.balance(['reload'])
    expect(stderr).toMatch(/left as commands set them: .*max_body/)
    expect((await world.balance(['config', 'get', 'max_body'])).stdout).toBe('4MiB\n')
    await world.balance(['config', 'unset', 'max_body'])
    expect((await world.balance(['config', 'get', 'max_body'])).stdout).toBe('2KiB\n')
  })
})

describe('a file that is applied', () => {
  const declared = () => `providers:
  mock:
    base_url: ${mock.url}
    keys:
      - env:MOCK_KEY
routes:
  fast: [mock:mock-large]
tokens:
  ci: { hash: "sha256:${createHash('sha256').update(CI).digest('hex')}", models: [fast] }
`
  const CI = 'a-token-of-the-file-0123456789'
  const FAST = { body: JSON.stringify({ model: 'fast', messages: [] }) }

  it('is in force at once, routes and tokens too, and what left it goes with --prune', async () => {
    write(declared())
    expect((await daemon.ask(CI, FAST)).status).toBe(401)
    const { code, stderr } = await world.balance(['config', 'apply', '--yes'])
    expect(code).toBe(0)
    expect(stderr).toMatch(/in force \(revision \d+\)/)
    expect((await daemon.ask(CI, FAST)).status).toBe(200)
    expect((await daemon.ask(CI)).status).toBe(403)
    write(`providers:\n  mock:\n    base_url: ${mock.url}\n    keys: [env:MOCK_KEY]\n`)
    const reloaded = await world.balance(['reload'])
    expect(reloaded.stderr).toMatch(
      /kept, though the file does not declare it any more: .*token ci/,
    )
    expect((await daemon.ask(CI, FAST)).status).toBe(200)
    await world.balance(['config', 'apply', '--prune', '--yes'])
    expect((await daemon.ask(CI, FAST)).status).toBe(401)
    expect((await daemon.ask(token)).status).toBe(200)
  })

  it('and is broken changes nothing of what runs', async () => {
    const before = await world.json<DaemonStatus>(['status'])
    write(`${declared()}  other: { hash: clear-token }\n`)
    for (const command of [['config', 'apply', '--yes'], ['config', 'diff'], ['reload']]) {
      const { code, stderr } = await world.balance(command)
      expect(code).toBe(78)
      expect(stderr).toContain(`${file}:10:18: tokens.other.hash: `)
      expect(stderr).not.toContain('clear-token')
    }
    write('{}\n')
    expect((await world.json<DaemonStatus>(['status'])).revision).toBe(before.revision)
    expect((await daemon.ask(token)).status).toBe(200)
    expect((await daemon.ask(CI, FAST)).status).toBe(401)
  })
})

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { KeyStatus } from '../../src/model/status.ts'
import { CommandLine } from '../support/command-line.ts'
import { World } from '../support/daemon.ts'
import { type Answer, hasTerminal, terminal } from './terminal.ts'

const KEY = 'sk-planted-0000000000000001'
const ANOTHER = 'sk-planted-0000000000000002'

let mock: Mock
let cli: CommandLine

beforeAll(async () => {
  mock = await startMock()
  mock.setScript(ANOTHER, '401')
})
afterAll(() => mock.close())
beforeEach(() => {
  cli = new CommandLine()
})
afterEach(() => cli.remove())

function keyFile(...keys: string[]): string {
  const path = join(cli.folder, 'keys.txt')
  writeFileSync(path, `${keys.join('\n')}\n`, { mode: 0o600 })
  return path
}

/** All that must be said where nobody is asked. */
function flags(...keys: string[]): string[] {
  const provider = ['--provider', 'lab', '--base-url', mock.url]
  return ['init', ...provider, '--key-file', keyFile(...keys), '--token-name', 'laptop', '--yes']
}

const names = async (group: 'providers' | 'tokens') =>
  (await cli.json<{ name: string }[]>([group, 'list'])).map(({ name }) => name)
const keys = () => cli.json<KeyStatus[]>(['keys', 'list'])

describe('init by flags', () => {
  it('furnishes a store, tests its key, and writes the token where it was told', async () => {
    const file = join(cli.folder, 'token')
    const { code, stdout, stderr } = await cli.run([...flags(KEY), '--token-file', file])
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('added provider lab')
    expect(stderr).toMatch(/lab +key-1 +works/)
    expect(stdout).toMatch(/^eval "\$\(node \S+ env --client openai --token-file \S+token\)"$/m)
    expect(readFileSync(file, 'utf8')).toMatch(/^bal_[\w-]{43}\n$/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(stdout + stderr).not.toContain(KEY)
    expect(stdout + stderr).not.toContain('bal_')
    expect(await keys()).toMatchObject([{ provider: 'lab', state: 'active' }])
  })

  it('changes nothing when it is run again, and adds what is new', async () => {
    await cli.json(flags(KEY))
    const again = await cli.run([...flags(KEY), '--json'])
    expect(again.code).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({ done: [], tests: [], token: null })
    expect(again.stderr).toContain('Here already: lab with 1 key, token laptop.')
    const more = await cli.json<{ done: string[] }>(flags(KEY, ANOTHER))
    expect(more.done).toEqual(['added 1 key to provider lab'])
    expect(await names('tokens')).toEqual(['laptop'])
  })

  it('says that a key is refused, and keeps it', async () => {
    const { code, stdout, stderr } = await cli.run([...flags(ANOTHER), '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ tests: [{ ok: false, result: 'refused' }] })
    expect(stderr).toContain('a key was not accepted')
  })

  it('goes on where the provider cannot be reached, and can leave out the test', async () => {
    const there = ['--provider', 'lab', '--base-url', 'http://127.0.0.1:1', '--token-name', 'a']
    const line = ['init', ...there, '--key-file', keyFile(KEY), '--yes', '--json']
    const { code, stdout, stderr } = await cli.run(line)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ tests: [{ result: 'unreachable' }] })
    expect(stderr).toContain('balance providers test lab')
    const untested = await cli.json<{ tests: unknown[] }>([...flags(KEY), '--no-test'].with(2, 'b'))
    expect(untested.tests).toEqual([])
  })

  it('takes a provider that asks for no key', async () => {
    const line = ['init', '--provider', 'ollama', '--no-test', '--token-name', 'a', '--yes']
    await cli.json(line)
    expect(await keys()).toMatchObject([{ provider: 'ollama', label: 'placeholder' }])
    expect(await cli.json(['config', 'get', 'default_provider'])).toMatchObject({ value: 'ollama' })
  })

  it.each([
    [[], '--provider NAME, --token-name NAME'],
    [['--provider', 'openai'], '--key-file FILE, --token-name NAME'],
    [['--provider', 'openai', '--token-name', 'a', '--yes'], '--key-file FILE'],
    [['--provider', 'ollama'], '--token-name NAME'],
    [['--provider', 'lab', '--key-file', '/none', '--token-name', 'a', '--json'], 'no preset'],
    [['--from-env', '--base-url', 'http://127.0.0.1:1', '--token-name', 'a'], '--provider NAME'],
    [['--from-env', '--token-name', 'a'], 'printed to something that is no terminal'],
    [['sk-planted-3'], 'never taken as an argument'],
  ])('refuses %j, for it leaves something open', async (line, why) => {
    const { code, stderr } = await cli.run(['init', ...line])
    expect(code).toBe(2)
    expect(stderr).toContain(why)
    expect(stderr).not.toContain('planted')
    expect(await names('providers')).toEqual([])
    expect(await names('tokens')).toEqual([])
  })

  it('sends no key to another address than its provider has', async () => {
    await cli.json(flags(KEY))
    const elsewhere = ['--base-url', 'http://127.0.0.1:1', '--key-file', keyFile(ANOTHER)]
    const { code, stderr } = await cli.run(['init', '--provider', 'lab', ...elsewhere, '--yes'])
    expect(code).toBe(1)
    expect(stderr).toContain('lab is here already, at')
    expect(await keys()).toHaveLength(1)
  })

  it('makes no token where its file cannot be written', async () => {
    const file = join(cli.folder, 'token')
    writeFileSync(file, 'mine')
    const { code, stderr } = await cli.run([...flags(KEY), '--token-file', file])
    expect(code).toBe(1)
    expect(stderr).toContain('Done and kept: added provider lab')
    expect(readFileSync(file, 'utf8')).toBe('mine')
    expect(await names('tokens')).toEqual([])
  })

  it('takes the keys in the environment', async () => {
    const world = new World()
    try {
      world.env.OPENAI_API_KEY = KEY
      const line = ['init', '--from-env', '--no-test', '--token-name', 'ci', '--yes']
      const { done } = await world.json<{ done: string[] }>(line)
      expect(done).toEqual(['added provider openai with 1 key', 'created token ci'])
    } finally {
      await world.remove()
    }
  })

  it('is in force at once where a daemon runs', async () => {
    const world = new World()
    try {
      const daemon = await world.serve()
      const made = await world.json<{ token: { token: string }; url: string; running: boolean }>(
        flags(KEY),
      )
      expect(made).toMatchObject({ url: daemon.url, running: true })
      expect((await daemon.ask(made.token.token)).status).toBe(200)
    } finally {
      await world.remove()
    }
  })
})

describe.skipIf(!hasTerminal)('init on a terminal', () => {
  const run = (answers: readonly Answer[], env: Record<string, string> = {}, words = 'init') =>
    terminal(cli.folder, words, { answers, env, columns: 200, rows: 40 })

  const LAB = (): Answer[] => [
    ['Which provider', 'another\r'],
    ['Its base URL:', `${mock.url}\r`],
    ['Which API', '\r'],
    ['A name for it:', '\u0015lab\r'],
    ['key for lab:', `${KEY}\r`],
    ['Another key for lab', '\r'],
  ]

  it('asks for all of it, tests the key, and shows the token once with lines to paste', async () => {
    const { code, screen } = await run([...LAB(), ['who uses it?', '\r']])
    expect(screen).toMatch(/lab +key-1 +.*works/)
    expect(screen).toMatch(/export OPENAI_API_KEY=bal_[\w-]{43}/)
    expect(screen).toContain('export OPENAI_BASE_URL=http://127.0.0.1:8077/v1')
    expect(screen).not.toContain(KEY)
    expect(code).toBe(0)
    expect(await names('providers')).toEqual(['lab'])
    expect(await names('tokens')).toEqual(['laptop'])
  })

  it('asks only for what the flags leave open', async () => {
    const answers: Answer[] = [
      ['Which API', '\r'],
      ['A name for it:', '\u0015lab\r'],
    ]
    const words = `init --base-url ${mock.url} --key-file ${keyFile(KEY)} --token-name desk`
    const { code, screen } = await run(answers, {}, words)
    expect(code, screen).toBe(0)
    expect(screen).toMatch(/lab +key-1 +.*works/)
    expect(await names('tokens')).toEqual(['desk'])
  })

  it('asks again for a base URL that is none, and takes no key for an answer', async () => {
    const { code, screen } = await run([
      ['Which provider', 'another\r'],
      ['Its base URL:', 'api.lab.example\r'],
      ['begins with https://', `\u0015${mock.url}\r`],
      ['Which API', '\r'],
      ['A name for it:', '\u0015lab\r'],
      ['key for lab:', '\r'],
      ['who uses it?', '\r'],
    ])
    expect(screen).toContain('Give it keys: balance keys add lab')
    expect(code).toBe(0)
  })

  it('offers the keys in the environment, then says what is there and adds nothing by itself', async () => {
    const env = { OPENAI_API_KEY: KEY }
    const first = await run(
      [
        ['OPENAI_API_KEY is set: use it?', '\r'],
        ['Add a provider?', '\r'],
        ['who uses it?', 'desk\r'],
      ],
      env,
      'init --no-test',
    )
    expect(first.code, first.screen).toBe(0)
    const again = await run(
      [
        ['Add a provider?', '\r'],
        ['Make another client token?', '\r'],
      ],
      env,
    )
    expect(again.code, again.screen).toBe(0)
    expect(again.screen).toContain('Here already: openai with 1 key, token')
    expect(again.screen).toContain('nothing was changed')
    expect(again.screen).not.toContain('is set: use it?')
  })

  it.each([
    ['which provider', 0, 'Left before anything was changed.', []],
    ['base URL', 1, 'Left before anything was changed.', []],
    ['API', 2, 'Left before anything was changed.', []],
    ['name', 3, 'Left before anything was changed.', []],
    ['key', 4, 'Left before anything was changed.', []],
    ['another key', 5, 'Left before anything was changed.', []],
    ['token', 6, 'Done and kept: added provider lab', ['lab']],
  ])('left by Ctrl-C at the question for the %s says what was done', async (_, at, said, left) => {
    const all: Answer[] = [...LAB(), ['who uses it?', '\r']]
    const answers = [...all.slice(0, at), [all[at]?.[0] ?? '', '\u0003'] as const]
    const { code, screen } = await run(answers)
    expect(code).toBe(130)
    expect(screen).toContain(said)
    expect(await names('providers')).toEqual(left)
    expect(await names('tokens')).toEqual([])
    expect(existsSync(join(cli.folder, 'token'))).toBe(false)
  })
})

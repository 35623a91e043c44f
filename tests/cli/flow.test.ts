import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { DaemonStatus, KeyStatus } from '../../src/model/status.ts'
import { CommandLine, type Ended } from '../support/command-line.ts'

let cli = new CommandLine()

afterEach(() => {
  cli.remove()
  cli = new CommandLine()
})

const NOT_RUNNING = 'saved; no daemon is running: balance serve'

describe('the binary, with no daemon', () => {
  it('sets up a provider with keys and a token, and shows them', async () => {
    const added = await cli.run(['providers', 'add', 'openai'])
    expect(added).toEqual({
      code: 0,
      stdout: '',
      stderr: `added openai (openai, https://api.openai.com/v1)\n${NOT_RUNNING}\nGive it keys: balance keys add openai\n`,
    })
    const keys =
      '# team\nsk-0123456789abcdef0001\n\n"sk-0123456789abcdef0002"\r\nsk-0123456789abcdef0001\n'
    const { code, stderr } = await cli.run(['keys', 'add', 'openai', '--tier', '2'], keys)
    expect(code).toBe(0)
    expect(stderr).toContain('added 2 keys to openai (1 duplicate skipped)')
    expect(stderr).toContain('balance keys list openai')

    const listed = await cli.json<KeyStatus[]>(['keys', 'list', 'openai'])
    expect(listed).toHaveLength(2)
    expect(listed[0]).toEqual({
      id: expect.stringMatching(/^k_\w{10}$/),
      provider: 'openai',
      label: 'key-1',
      masked: 'sk-…0001',
      state: 'active',
      reason: '',
      until: null,
      failures: 0,
      weight: 1,
      tier: 2,
      rpm: null,
      concurrency: null,
      proxy: null,
      via: null,
      reference: null,
      origin: 'command',
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    })

    const token = await cli.json<{ token: string }>(['tokens', 'create', 'laptop'])
    expect(token).toEqual({
      id: expect.stringMatching(/^t_/),
      name: 'laptop',
      token: expect.stringMatching(/^bal_[\w-]{43}$/),
    })

    const version = readFileSync(new URL('../../VERSION', import.meta.url), 'utf8').trim()
    expect(await cli.json<DaemonStatus>(['status'])).toMatchObject({
      running: false,
      version,
      store: cli.storeUrl,
      pid: null,
      url: null,
      certificate: null,
      workers: [],
      providers: [{ name: 'openai', default: true, keys: { active: 2, disabled: 0 } }],
    })
  })

  it('prints aligned plain columns into a pipe', async () => {
    await cli.run(['providers', 'add', 'ollama', '--path', 'local'])
    const { stdout } = await cli.run(['providers', 'list'])
    expect(stdout).toBe(
      [
        'PROVIDER  KIND    BASE URL                   PATH    STATE             KEYS      ORIGIN',
        'ollama    openai  http://localhost:11434/v1  /local  enabled, default  1 active  command\n',
      ].join('\n'),
    )
  })

  it('numbers the label where several keys are added', async () => {
    await cli.run(['providers', 'add', 'openai'])
    await cli.run(
      ['keys', 'add', 'openai', '--label', 'team'],
      'sk-0123456789a1\nsk-0123456789a2\n',
    )
    await cli.run(['keys', 'add', 'openai', '--label', 'mine'], 'sk-0123456789a3\n')
    const keys = await cli.json<KeyStatus[]>(['keys', 'list'])
    expect(keys.map(({ label }) => label)).toEqual(['team-1', 'team-2', 'mine'])
  })

  it('adds nothing when one line is bad', async () => {
    await cli.run(['providers', 'add', 'openai'])
    const bad = await cli.run(['keys', 'add', 'openai'], 'sk-0123456789abcdef\nsk bad secret\n')
    expect(bad.code).toBe(2)
    expect(bad.stderr).toContain('Line 2 of stdin has a blank inside.')
    expect(bad.stderr).not.toContain('secret')
    const empty = await cli.run(['keys', 'add', 'openai'])
    expect(empty).toMatchObject({ code: 2, stdout: '' })
    expect(empty.stderr).toContain('There is no secret in stdin.')
    expect(await cli.json(['keys', 'list'])).toEqual([])
  })

  it('brings tokens along by stdin and prints none of them', async () => {
    const given = 'my-own-token-0123456789'
    const { stdout, stderr } = await cli.run(['tokens', 'create', 'ci', '--stdin'], given)
    expect(stdout).toBe('')
    expect(stderr).toContain('created ci')
    expect(await cli.json(['tokens', 'list'])).toMatchObject([
      { name: 'ci', masked: 'my-…6789', state: 'active', weak: false },
    ])
    expect(await cli.json(['tokens', 'revoke', 'ci', '--yes'])).toMatchObject({ name: 'ci' })
    expect(await cli.json(['tokens', 'list'])).toEqual([])
  })

  it('shows no key or token it was given, in whatever it prints', async () => {
    const key = 'sk-planted-0123456789abcdef'
    const token = 'planted-token-0123456789'
    const outputs: string[] = []
    const keep = ({ stdout, stderr }: Ended) => void outputs.push(stdout, stderr)
    keep(await cli.inProcess(['providers', 'add', 'openai']))
    keep(await cli.run(['keys', 'add', 'openai'], key))
    keep(await cli.run(['keys', 'set', 'key-1', '--secret', '--json'], `${key}-new`))
    keep(await cli.run(['tokens', 'create', 'mine', '--stdin', '--json'], token))
    for (const words of ['keys list', 'keys show key-1', 'tokens list', 'tokens show mine']) {
      keep(await cli.inProcess(words.split(' ')))
      keep(await cli.inProcess([...words.split(' '), '--json']))
    }
    const all = outputs.join('')
    expect(all).toContain('sk-…-new')
    expect(all).not.toContain(key)
    expect(all).not.toContain(token)
  })

  it('keeps secrets out of the command line that other users can read', async () => {
    await cli.run(['providers', 'add', 'openai'])
    const { process, ended } = cli.start(['keys', 'add', 'openai'])
    process.stdin?.write('sk-planted-0123456789abcdef\n')
    const shown = readFileSync(`/proc/${process.pid}/cmdline`, 'utf8')
    process.stdin?.end()
    expect((await ended).code).toBe(0)
    expect(shown).toContain('keys')
    expect(shown).not.toContain('planted')
  })

  it('ends quietly when its reader leaves', async () => {
    const { process, ended } = cli.start(['config', 'list', '--json'])
    process.stdout?.destroy()
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('settings and files', () => {
  it('changes a setting, says where it comes from, and gives it back', async () => {
    const set = await cli.json(['config', 'set', 'max-retries', '5'])
    expect(set).toMatchObject({ name: 'max_retries', value: '5', origin: 'command' })
    expect((await cli.run(['config', 'get', 'max_retries'])).stdout).toBe('5\n')
    const { stderr } = await cli.run(['config', 'unset', 'max_retries'])
    expect(stderr).toContain('max_retries is 3 (default)')
  })

  it('validates a configuration file and names the one in force', async () => {
    const file = join(cli.folder, 'balance.config.yaml')
    writeFileSync(file, 'listen: 127.0.0.1:9001\n', { mode: 0o600 })
    expect((await cli.run(['config', 'path'])).stdout).toBe(`${file}\n`)
    expect((await cli.run(['config', 'validate'])).stderr).toContain(`${file} is valid`)
    const list = await cli.json<{ name: string }[]>(['config', 'list'])
    expect(list.find(({ name }) => name === 'port')).toMatchObject({
      kind: 'start',
      value: '9001',
      origin: expect.stringContaining(file),
    })
  })
})

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CLIENT_NAMES } from '../../src/cli/clients.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { CommandLine } from '../support/command-line.ts'
import { BINARY, World } from '../support/daemon.ts'

const ODD = `it's "a" $HOME \`token\`!`.replaceAll(' ', '')

let cli: CommandLine

beforeEach(() => {
  cli = new CommandLine()
})
afterEach(() => cli.remove())

function tokenFile(token: string): string {
  const path = join(cli.folder, 'token')
  writeFileSync(path, `${token}\n`, { mode: 0o600 })
  return path
}

describe('env', () => {
  it('prints what shells take, words go elsewhere, and no store is made', async () => {
    const { code, stdout, stderr } = await cli.run(['env'])
    expect(code).toBe(0)
    expect(stdout).toBe(
      'export OPENAI_BASE_URL=http://127.0.0.1:8077/v1\nexport OPENAI_API_KEY=your-client-token\n',
    )
    expect(stderr).toContain('--token-file FILE')
    expect(stderr).toContain('No daemon is running')
    expect(spawnSync('ls', [cli.folder]).stdout.toString()).toBe('')
  })

  it.each([
    ['anthropic', ['ANTHROPIC_BASE_URL', 'ANTHROPIC_API_KEY'], ['ANTHROPIC_AUTH_TOKEN'], ''],
    ['claude-code', ['ANTHROPIC_BASE_URL', 'ANTHROPIC_AUTH_TOKEN'], ['ANTHROPIC_API_KEY'], ''],
    ['gemini', ['GOOGLE_GEMINI_BASE_URL', 'GEMINI_API_KEY'], ['GOOGLE_API_KEY'], ''],
    ['openai', ['OPENAI_BASE_URL', 'OPENAI_API_KEY'], [], '/v1'],
    ['aider', ['OPENAI_API_BASE', 'OPENAI_API_KEY'], [], '/v1'],
  ])('tells %s by its own variables', async (client, [base = '', key = ''], unset, path) => {
    const line = ['env', '--client', client, '--token-file', tokenFile('bal_planted')]
    expect(await cli.json(line)).toEqual({
      client,
      url: 'http://127.0.0.1:8077',
      running: false,
      token: 'bal_planted',
      variables: { [base]: `http://127.0.0.1:8077${path}`, [key]: 'bal_planted' },
      unset,
    })
  })

  it.each(CLIENT_NAMES)('what it prints for %s names the gateway and the token', async client => {
    const line = ['env', '--client', client, '--token-file', tokenFile('bal_planted')]
    const { stdout, stderr } = await cli.run(line)
    expect(stdout).toContain('http://127.0.0.1:8077')
    expect(stdout).toContain('bal_planted')
    expect(stderr).not.toContain('bal_planted')
  })

  it.each(['bash', 'zsh', 'sh', 'fish'])('%s takes any token as it is', async shell => {
    if (spawnSync(shell, ['-c', 'true']).status !== 0) return console.log(`no ${shell} here`)
    const balance = `${process.execPath} ${BINARY} env --shell ${shell} --client claude-code`
    const file = tokenFile(ODD)
    const take =
      shell === 'fish'
        ? `${balance} --token-file ${file} 2>/dev/null | source`
        : `eval "$(${balance} --token-file ${file} 2>/dev/null)"`
    const { stdout, stderr } = spawnSync(shell, ['-c', `${take}; env`], {
      cwd: cli.folder,
      env: { PATH: process.env.PATH ?? '', HOME: cli.folder, ANTHROPIC_API_KEY: 'sk-planted' },
    })
    expect(stdout.toString(), stderr.toString()).toContain(`ANTHROPIC_AUTH_TOKEN=${ODD}\n`)
    expect(stdout.toString()).not.toContain('sk-planted')
  })

  it.each([
    ['0.0.0.0', 'http://127.0.0.1:8077/v1'],
    ['::', 'http://[::1]:8077/v1'],
    ['::1', 'http://[::1]:8077/v1'],
    ['gateway.lan', 'http://gateway.lan:8077/v1'],
  ])('where it listens on %s, clients here call %s', async (host, url) => {
    writeFileSync(
      join(cli.folder, 'balance.config.yaml'),
      `listen: "${host.includes(':') ? `[${host}]` : host}:8077"\n`,
    )
    const { stdout, stderr } = await cli.run(['env'])
    expect(stdout, stderr).toContain(`OPENAI_BASE_URL='${url}'`.replaceAll(/'(?!.*\[)/g, ''))
    expect(stderr.includes('other hosts')).toBe(host === '0.0.0.0' || host === '::')
  })

  it.each([
    [['--client', 'opena'], '--client takes openai, anthropic'],
    [['--shell', 'tcsh'], '--shell takes bash'],
    [['--token-file', '/nowhere/token'], 'cannot be read (ENOENT)'],
  ])('refuses %j', async (line, why) => {
    const { code, stderr } = await cli.run(['env', ...line])
    expect(code).toBe(2)
    expect(stderr).toContain(why)
  })
})

describe('with a daemon', () => {
  let mock: Mock
  let world: World

  beforeAll(async () => {
    mock = await startMock()
    world = new World()
  })
  afterAll(async () => {
    await world.remove()
    await mock.close()
  })

  it("points OpenAI's own client at it, with the token in BALANCE_TOKEN", async () => {
    const token = await world.furnish(mock.url, 'sk-mock-1')
    const daemon = await world.serve('--host', '0.0.0.0')
    world.env.BALANCE_TOKEN = token
    const { variables } = await world.json<{ variables: Record<string, string> }>(['env'])
    expect(variables.OPENAI_BASE_URL).toBe(`http://127.0.0.1:${daemon.port}/v1`)
    const client = new OpenAI({
      baseURL: variables.OPENAI_BASE_URL,
      apiKey: variables.OPENAI_API_KEY,
    })
    const { choices } = await client.chat.completions.create({
      model: 'mock-large',
      messages: [{ role: 'user', content: 'hi' }],
    })
    expect(choices).toHaveLength(1)
  })
})

import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { complete } from '../../src/cli/completion.ts'
import type { Suggestions } from '../../src/cli/completion-values.ts'
import type { HelpfulCommand } from '../../src/cli/help.ts'
import { wholeProgram } from '../../src/cli/program.ts'
import { PRESETS } from '../../src/model/presets.ts'
import { SETTING_NAMES } from '../../src/model/settings.ts'
import { readNames } from '../../src/store/names.ts'
import { CommandLine } from '../support/command-line.ts'
import { BINARY } from '../support/daemon.ts'

const cli = new CommandLine()
let program: HelpfulCommand

beforeAll(async () => {
  program = await wholeProgram()
  await cli.inProcess(['providers', 'add', 'openai'])
  await cli.inProcess(['providers', 'add', 'lab', '--base-url', 'http://127.0.0.1:1/v1'])
  const keys = 'sk-planted-00000001\nsk-planted-00000002\n'
  await cli.run(['keys', 'add', 'openai', '--label', 'main'], keys)
  await cli.run(['keys', 'add', 'lab', '--label', 'spare'], 'sk-planted-00000003\n')
  await cli.json(['tokens', 'create', 'laptop'])
  await cli.inProcess(['routes', 'add', 'claude-*', '--to', 'lab'])
})
afterAll(() => cli.remove())

function asked(line: string): Promise<Suggestions> {
  return complete(program, line.split(' ').slice(1), () => readNames(cli.storeUrl))
}

async function words(line: string): Promise<string[]> {
  return (await asked(line)).candidates.map(({ value }) => value)
}

describe('completion', () => {
  it.each([
    ['balance ke', ['keys']],
    ['balance sta', ['status', 'stats']],
    ['balance com', ['completion']],
    ['balance keys te', ['test']],
    ['balance nothing ', []],
    ['balance --json ke', ['keys']],
    ['balance --data-dir x ke', ['keys']],
    ['balance keys list --js', ['--json']],
    ['balance keys add openai --l', ['--label']],
    ['balance keys add openai --label a --l', []],
    ['balance providers add x --set a=1 --se', ['--set']],
    ['balance providers add x --kind ', ['openai', 'anthropic', 'gemini', 'azure', 'custom']],
    ['balance providers add x --kind=an', ['--kind=anthropic']],
    ['balance config export --origin f', ['file']],
    ['balance providers add op', ['openai', 'openrouter']],
    ['balance completion ', ['bash', 'zsh', 'fish']],
    ['balance env --client cu', ['cursor', 'curl']],
    ['balance config get max_ret', ['max_retries']],
    ['balance providers set openai max_ret', ['max_retries=']],
    ['balance providers set openai timeout=1s base', ['base_url=']],
    ['balance keys test --all -', expect.not.arrayContaining(['--all'])],
    ['balance keys add openai -- --l', []],
  ])('%s → %j', async (line, expected) => {
    expect(await words(line)).toEqual(expected)
  })

  it.each([
    ['balance providers show ', ['openai', 'lab']],
    ['balance providers add ', Object.keys(PRESETS)],
    ['balance keys list ', ['openai', 'lab']],
    ['balance keys list openai ', []],
    ['balance keys enable main-', ['main-1', 'main-2']],
    ['balance keys enable main-1 sp', ['spare']],
    ['balance tokens revoke ', ['laptop']],
    ['balance logs list --token ', ['laptop']],
    ['balance logs list --provider=o', ['--provider=openai']],
    ['balance routes add x --to l', ['lab']],
    ['balance routes remove ', ['claude-*']],
    ['balance config set ', SETTING_NAMES],
  ])('%s → what the store has: %j', async (line, expected) => {
    expect(await words(line)).toEqual(expected)
  })

  it('takes ids of keys too, and says whose they are', async () => {
    const { candidates } = await asked('balance keys show k_')
    expect(candidates.map(({ about }) => about)).toEqual([
      'openai main-1',
      'openai main-2',
      'lab spare',
    ])
  })

  it.each([
    ['balance keys add openai --from ', true],
    ['balance --data-dir ', true],
    ['balance backup ', true],
    ['balance keys import ', true],
    ['balance import openai-balance --store-file ', true],
    ['balance routes explain fast --path ', false],
    ['balance keys add openai --label ', false],
  ])('%s → files: %s', async (line, files) => {
    expect(await asked(line)).toEqual({ candidates: [], files })
  })

  it('never fails for want of a store, and makes none', async () => {
    for (const url of [`sqlite:${cli.folder}/none.db`, 'mysql://u@127.0.0.1:1/x', 'nonsense']) {
      expect(await readNames(url)).toBeNull()
    }
    const empty = () => readNames(`sqlite:${cli.folder}/none.db`)
    expect(await complete(program, ['keys', 'list', ''], empty)).toEqual({
      candidates: [],
      files: false,
    })
  })
})

describe('complete, as shells ask it', () => {
  const lines = (...line: string[]) => asBash(line).stdout.toString().split('\n')

  it('reads the store that the line names', () => {
    const told = lines('tokens', 'show', '--data-dir', cli.folder, '')
    expect(told[0]).toMatch(/^laptop\t\S*…/)
  })

  it('takes what bash has taken apart, and answers with the last part alone', () => {
    expect(lines('env', '--client', '=', 'curs')).toEqual(['cursor\t', ''])
    expect(lines('providers', 'set', 'x', 'time')).toContain(
      'timeout=\tfrom dispatch to response headers',
    )
  })

  it('says that files fit', () => {
    expect(lines('backup', '')).toEqual([':files', ''])
    expect(lines('--data-dir', '')).toEqual([':files', ''])
  })

  it('is quick enough for a key that is pressed', () => {
    const times = [1, 2, 3, 4, 5].map(() => {
      const { stderr } = asBash(['keys', 'show', '--data-dir', cli.folder, 'k_'], TIMED)
      return stderr
        .toString()
        .trim()
        .split(' ')
        .map(Number)
        .reduce((sum, each) => sum + each, 0)
    })
    // Of processor time, seconds: how long it takes is up to what else this host does.
    expect(Math.min(...times)).toBeLessThan(0.3)
  })

  it('is in no list of commands', async () => {
    expect((await cli.run(['--help'])).stdout).not.toMatch(/^ {2}complete /m)
  })
})

const TIMED = `TIMEFORMAT='%U %S'; time `

function asBash(line: readonly string[], before = '') {
  const command = `${before}"$0" "$@"`
  const all = [process.execPath, BINARY, 'complete', '--shell', 'bash', '--', ...line]
  return spawnSync('bash', ['-c', command, ...all], {
    cwd: cli.folder,
    env: { PATH: process.env.PATH ?? '', HOME: cli.folder },
  })
}

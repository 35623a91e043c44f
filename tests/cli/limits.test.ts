import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TokenShape } from '../../src/control/shapes/token.ts'
import type { KeyStatus } from '../../src/model/status.ts'
import { CommandLine } from '../support/command-line.ts'

let cli: CommandLine

beforeEach(async () => {
  cli = new CommandLine()
  await cli.inProcess(['providers', 'add', 'openai'])
})
afterEach(() => cli.remove())

describe('the limits of a key', () => {
  const LIMITS = '--weight 3 --tier 2 --rpm 60 --concurrency 4'.split(' ')

  it('are given when it is added, and shown', async () => {
    await cli.run(['keys', 'add', 'openai', '--label', 'mine', ...LIMITS], 'sk-0123456789abcdef\n')
    expect(await cli.json<KeyStatus[]>(['keys', 'list'])).toMatchObject([
      { label: 'mine', weight: 3, tier: 2, rpm: 60, concurrency: 4 },
    ])
    const [heads, row] = (await cli.run(['keys', 'list'])).stdout.split('\n')
    expect(heads).toMatch(/FAULTS +WEIGHT +TIER +RPM +AT ONCE +ORIGIN +REASON$/)
    expect(row).toMatch(/ 0 +3 +2 +60 +4 +command +-$/)
  })

  it('are changed one by one, and taken away', async () => {
    await cli.run(['keys', 'add', 'openai'], 'sk-0123456789abcdef\n')
    const changed = await cli.json(['keys', 'set', 'key-1', '--label', 'mine', ...LIMITS])
    expect(changed).toMatchObject([
      { label: 'mine', weight: 3, tier: 2, rpm: 60, concurrency: 4, state: 'active' },
    ])
    const { code, stderr } = await cli.run(['keys', 'set', 'mine', '--rpm', 'none', '--tier', '1'])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^changed k_\w{10} \(mine\)$/m)
    expect(await cli.json(['keys', 'show', 'mine'])).toMatchObject({
      weight: 3,
      tier: 1,
      rpm: null,
      concurrency: 4,
    })
    const card = (await cli.run(['keys', 'show', 'mine'])).stdout
    expect(card).toMatch(/^requests a minute +no limit$/m)
    expect(card).toMatch(/^requests at once +4$/m)
  })
})

describe('the limits of a token', () => {
  const LIMITS = '--providers openai --models gpt-4o*,o3 --rpm 60 --concurrency 4 --expires 30d'

  it('are the same when it is made and when it is changed', async () => {
    const names = ['made', 'changed']
    await cli.json(['tokens', 'create', 'made', ...LIMITS.split(' ')])
    await cli.json(['tokens', 'create', 'changed'])
    const shown = await cli.json<TokenShape>(['tokens', 'set', 'changed', ...LIMITS.split(' ')])
    const tokens = await cli.json<TokenShape[]>(['tokens', 'list'])
    expect(tokens.map(({ name }) => name)).toEqual(names)
    expect(tokens[1]).toEqual(shown)
    for (const token of tokens) {
      expect(token).toMatchObject({
        providers: ['openai'],
        models: ['gpt-4o*', 'o3'],
        rpm: 60,
        concurrency: 4,
        expires: expect.stringMatching(/Z$/),
      })
    }
  })

  it('are taken away, with what is not named left as it is', async () => {
    await cli.json(['tokens', 'create', 'ci', ...LIMITS.split(' ')])
    const [before] = await cli.json<TokenShape[]>(['tokens', 'list'])
    const open = '--providers all --models all --rpm none --expires never'.split(' ')
    const { code, stderr } = await cli.run(['tokens', 'set', 'ci', '--name', 'build', ...open])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^changed build \(t_\w{10}\)$/m)
    expect(await cli.json(['tokens', 'show', 'build'])).toEqual({
      ...before,
      name: 'build',
      providers: null,
      models: null,
      rpm: null,
      expires: null,
    })
  })

  it('name only providers that are there', async () => {
    await cli.json(['tokens', 'create', 'ci', '--providers', 'all', '--expires', 'never'])
    const wrong = await cli.run(['tokens', 'set', 'ci', '--rpm', '5', '--providers', 'opnai'])
    expect(wrong.code).toBe(3)
    expect(wrong.stderr).toContain('Did you mean openai?')
    expect(await cli.json(['tokens', 'list'])).toMatchObject([{ providers: null, rpm: null }])
  })
})

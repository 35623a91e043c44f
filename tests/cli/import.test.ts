import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AddedShape } from '../../src/cli/added-keys.ts'
import type { KeyStatus } from '../../src/model/status.ts'
import { CommandLine } from '../support/command-line.ts'

let cli: CommandLine

beforeEach(async () => {
  cli = new CommandLine()
  for (const name of ['openai', 'groq']) await cli.inProcess(['providers', 'add', name])
})
afterEach(() => cli.remove())

function file(name: string, text: string): string {
  const path = join(cli.folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

const ONE = 'sk-planted-0123456789abcdef,1'
const TWO = 'gsk-planted-0123456789abcd"2'

const TABLE = `rpm,provider,key,label,tier
60,openai,"${ONE}",main,2
,groq,"${TWO.replace('"', '""')}",,
,openai,"${ONE}",again,
none,openai,env:NOBODY_SETS_THIS,,`

describe('keys import', () => {
  it('adds the keys of several providers, and shows what each was given', async () => {
    const path = file('keys.csv', TABLE)
    const { code, stdout, stderr } = await cli.run(['keys', 'import', path])
    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        'PROVIDER  ADDED  DUPLICATES',
        'openai        2           1',
        'groq          1           0\n',
      ].join('\n'),
    )
    expect(stderr).toBe(
      [
        'added 3 keys to 2 providers (1 duplicate skipped)',
        'warning: env:NOBODY_SETS_THIS: the variable NOBODY_SETS_THIS is not set',
        'saved; no daemon is running: balance serve\n',
      ].join('\n'),
    )
    expect(await cli.json<KeyStatus[]>(['keys', 'list'])).toMatchObject([
      { provider: 'openai', label: 'main', masked: 'sk-…ef,1', tier: 2, rpm: 60 },
      { provider: 'openai', label: 'key-1', reference: 'env:NOBODY_SETS_THIS', rpm: null },
      { provider: 'groq', label: 'key-1', masked: 'gsk-…cd"2', tier: 1, rpm: null },
    ])
  })

  it('prints for each provider what keys add prints, with --json', async () => {
    const [added] = await cli.json<AddedShape[]>(
      ['keys', 'import', '-', '--provider', 'groq'],
      'gsk-planted-0123456789abcdef\ngsk-planted-0123456789abcdef\n',
    )
    const listed = await cli.json<{ via: string | null }[]>(['keys', 'list'])
    expect(added).toEqual({
      provider: 'groq',
      added: listed.map(({ via: _, ...key }) => key),
      duplicates: 1,
    })
    const again = await cli.json(['keys', 'add', 'groq'], 'gsk-planted-0123456789abcdef\n')
    expect(again).toEqual({ provider: 'groq', added: [], duplicates: 1 })
  })

  it.each([
    ['a key with a blank', 'openai,"sk-planted good",,', ':3: The key holds white space.'],
    ['an empty key', 'openai,,,', ':3: The key is empty.'],
    ['a weight that is none', 'openai,x-planted,,sk-planted', ':3: weight: must be a whole number'],
    ['a weight out of bounds', 'openai,sk-planted,,1001', ':3: weight: must be a whole number'],
    ['a label that is taken', 'openai,sk-planted-2,main,', ':3: Another key of this provider has'],
    [
      'a label that is none',
      'openai,sk-planted-2,"planted\nlabel",',
      ':4: This cannot be a label.',
    ],
    ['a stranger', 'planted,sk-planted,,', ':3: There is no such provider.'],
    ['columns out of place', 'sk-planted-2,openai,,', ':3: There is no such provider.'],
    ['a reference to ourselves', 'openai,env:BALANCE_X,,', ':3: env:BALANCE_X: variables of the'],
    ['a row too short', 'openai,sk-planted-2', ':3: This row has more or fewer fields'],
    ['an open quote', 'openai,"sk-planted-2,,', ':3: A quote is opened here and never closed.'],
  ])('adds nothing where there is %s, and shows no key', async (_, line, message) => {
    const path = file('keys.csv', `provider,key,label,weight\nopenai,sk-planted-1,main,\n${line}\n`)
    for (const json of [[], ['--json']]) {
      const { code, stdout, stderr } = await cli.inProcess(['keys', 'import', path, ...json])
      expect(code).toBeGreaterThan(0)
      expect(stdout).toBe('')
      expect(stderr).toContain(`${path}${message}`)
      expect(stderr).not.toContain('planted')
    }
    expect((await cli.inProcess(['keys', 'list', '--json'])).stdout).toBe('[]\n')
  })

  it('helps with the name of a provider', async () => {
    const path = file('keys.csv', 'provider,key\nopnai,sk-planted\n')
    const { code, stderr } = await cli.inProcess(['keys', 'import', path])
    expect(code).toBe(3)
    expect(stderr).toContain('Did you mean openai?')
  })
})

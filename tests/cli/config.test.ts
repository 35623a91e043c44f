import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AuditShape } from '../../src/control/shapes/audit.ts'
import type { Plan } from '../../src/model/plan.ts'
import { CommandLine } from '../support/command-line.ts'

let cli = new CommandLine()
let file: string

const TEXT = `max_retries: 4
providers:
  openai:
    keys:
      - { value: env:OPENAI_KEY, label: main }
routes:
  fast:
    - openai:gpt-4o-mini
tokens:
  ci: { hash: 'sha256:${'0a'.repeat(32)}', rpm: 60 }
`

beforeEach(() => {
  file = join(cli.folder, 'declared.yaml')
  write(TEXT)
})
afterEach(() => {
  cli.remove()
  cli = new CommandLine()
})

function write(text: string): void {
  writeFileSync(file, text, { mode: 0o600 })
}

/** A command in this process, with the file in force. */
function config(...args: readonly string[]) {
  return cli.inProcess(['config', ...args, '--config', file])
}

async function json<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await config(...args, '--json')
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as T
}

describe('config diff', () => {
  it('says what the file declares and the store has not, and what is otherwise', async () => {
    await config('apply', '--yes')
    await config('set', 'max_retries', '9')
    write(TEXT.replace('rpm: 60', 'rpm: 30').replace(/^routes:\n.*\n.*\n/m, ''))
    const { code, stdout, stderr } = await config('diff')
    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        '- route fast -> openai:gpt-4o-mini',
        '    weight: 1',
        '    tier: 1',
        '~ token ci',
        '    rpm: 60 → 30',
        '~ max_retries  (set by a command)',
        '    max_retries: 9 → 4\n',
      ].join('\n'),
    )
    expect(stderr).toBe('What is marked - stays, unless it is applied with --prune.\n')
    expect((await config('diff', '--exit-code')).code).toBe(1)
  })

  it('is silent on stdout and exits 0 where they are equal, whoever owns what', async () => {
    await config('apply', '--yes')
    await config('set', 'max_retries', '4')
    const { code, stdout, stderr } = await config('diff', '--exit-code')
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toBe('The file and what is in force are equal.\n')
    const { differences, left } = await json<Plan>('diff')
    expect([differences, left]).toEqual([[], []])
  })

  it('compares another file, and refuses where there is none', async () => {
    const other = join(cli.folder, 'other.yaml')
    writeFileSync(other, 'max_retries: 7\n', { mode: 0o600 })
    const { differences } = await json<Plan>('diff', '-f', other)
    expect(differences).toEqual([
      {
        kind: 'setting',
        name: 'max_retries',
        action: 'add',
        holder: null,
        fields: [{ name: 'max_retries', before: null, after: '7' }],
      },
    ])
    const none = await config('diff', '-f', join(cli.folder, 'none.yaml'))
    expect(none.code).toBe(78)
  })
})

describe('config apply', () => {
  it('shows its plan, and with --dry-run nothing more', async () => {
    const { code, stdout, stderr } = await config('apply', '--dry-run')
    expect(code).toBe(0)
    expect(stdout).toContain('+ provider openai\n    kind: openai\n')
    expect(stderr).toBe('Plan: 6 to add, 0 to change, 0 to remove.\n')
    expect(JSON.parse((await cli.inProcess(['providers', 'list', '--json'])).stdout)).toEqual([])
  })

  it('asks nobody in a pipe, and does nothing without --yes', async () => {
    const { code, stderr } = await config('apply')
    expect(code).toBe(2)
    expect(stderr).toContain('--yes')
    expect((await json<Plan>('apply', '--dry-run')).differences).toHaveLength(6)
  })

  it('applied twice has nothing to do', async () => {
    const { stderr } = await config('apply', '--yes')
    expect(stderr).toContain('applied\n')
    expect((await config('apply', '--yes')).stderr).toBe(
      'Nothing to do: the store is as the file declares it.\n',
    )
  })

  it('says what it takes over from commands', async () => {
    await config('apply', '--yes')
    await config('set', 'max_retries', '4')
    const { stdout, stderr } = await config('apply', '--yes')
    expect(stdout).toBe('= max_retries  (set by a command)\n')
    expect(stderr).toContain('1 to take over from commands')
  })

  it('removes with --prune alone, and names what it keeps', async () => {
    await config('apply', '--yes')
    write('max_retries: 4\n')
    const kept = await config('apply', '--yes')
    expect(kept.stderr).toContain('kept, though the file does not declare it any more: ')
    expect(kept.stderr).toContain('token ci')
    const { differences } = await json<Plan>('apply', '--prune', '--yes')
    expect(differences.map(({ action }) => action)).toEqual(Array(5).fill('remove'))
    expect((await json<Plan>('diff')).left).toEqual([])
  })

  it('makes a file in which objects have changed places', async () => {
    const text = (one: string, two: string) => `providers:
  openai:
    path: ${one}
    keys:
      - { value: env:A, label: ${one} }
      - { value: env:B, label: ${two} }
  groq: { path: ${two} }
tokens:
  ${one}: { hash: 'sha256:${'0a'.repeat(32)}' }
  ${two}: { hash: 'sha256:${'0b'.repeat(32)}' }
`
    write(text('first', 'second'))
    await config('apply', '--yes')
    write(text('second', 'first'))
    const { code, stdout } = await config('apply', '--yes')
    expect(code).toBe(0)
    expect(stdout).toContain('~ key openai/first\n    label: first → second\n')
    expect((await config('diff', '--exit-code')).code).toBe(0)
    write(
      text('second', 'first')
        .replace(/^.*env:B.*\n/m, '')
        .replace('env:A, label: second', 'env:A, label: first'),
    )
    const kept = await config('apply', '--dry-run')
    expect(kept.code).not.toBe(0)
    expect(kept.stderr).toContain('config apply --prune removes it')
    expect((await config('apply', '--prune', '--yes')).code).toBe(0)
  })

  it('names file, line and column of a mistake, and changes nothing', async () => {
    write(
      TEXT.replace('rpm: 60', 'rmp: 60').replace('openai:gpt-4o-mini', '{ to: openai, wait: 1 }'),
    )
    const { code, stderr } = await config('apply', '--yes')
    expect(code).toBe(78)
    expect(stderr).toBe(
      [
        `error: ${file}:8:21: routes.fast[0]: "wait" is not known here.`,
        `${file}:10:90: tokens.ci: "rmp" is not known here. Did you mean rpm?`,
        'balance.config.example.yaml explains all that is known.\n',
      ].join('\n'),
    )
    expect(JSON.parse((await cli.inProcess(['providers', 'list', '--json'])).stdout)).toEqual([])
  })

  it.each([
    ['default_provider: nobody', '1:19: There is no provider "nobody".'],
    ['routes:\n  fast: [openai, { to: nobody }]', '2:18: There is no provider "nobody".'],
    [
      'tokens:\n  ci: { value: env:NOT_SET_HERE }',
      '2:7: Token "ci": the variable NOT_SET_HERE is not set.',
    ],
    [
      `providers:\n  groq:\n    keys:\n      - { id: k_aaaaaaaaaa, sealed: ${'A'.repeat(32)} }`,
      '4:9: The file has sealed keys, and no vault.',
    ],
    [
      'providers:\n  groq: { path: openai }',
      '2:9: provider groq of the file: provider openai, which',
    ],
  ])('names the place of what the store refuses: %j', async (text, fault) => {
    await cli.inProcess(['providers', 'add', 'openai'])
    write(text)
    const { code, stderr } = await config('apply', '--yes')
    expect(code).not.toBe(0)
    expect(stderr).toContain(`error: ${file}:${fault}`)
    expect(stderr.trimEnd().split('\n').length, 'a way out').toBeGreaterThan(1)
  })

  it('names the sealed key whose master key is not here, and where to put it', async () => {
    await config('apply', '--yes')
    await cli.run(['keys', 'add', 'openai'], 'sk-sealed-0123456789abcdef\n')
    write((await config('export')).stdout)
    const other = new CommandLine()
    try {
      const { stderr } = await other.inProcess(['config', 'apply', '-f', file, '--yes'])
      expect(stderr).toMatch(/declared\.yaml:\d+:9: The master key .* is not found/)
      expect(stderr).toContain('Copy the master key of that store')
    } finally {
      other.remove()
    }
  })

  it('of two at once is done by one, and refused as stale to the other', async () => {
    const apply = () => cli.run(['config', 'apply', '-f', file, '--yes'])
    const both = await Promise.all([apply(), apply()])
    const refused = both.filter(({ code }) => code !== 0)
    // One that came when the other had ended has nothing to do.
    for (const { code, stderr } of refused) {
      expect(code).toBe(1)
      expect(stderr).toContain('Nothing was changed.')
    }
    expect(refused.length).toBeLessThan(2)
    const log = await json<AuditShape[]>('log')
    expect(new Set(log.map(({ revision }) => revision))).toEqual(new Set([1]))
  })
})

describe('config export', () => {
  it('writes a file that an empty store takes over, to the same bytes', async () => {
    await config('apply', '--yes')
    await cli.run(['keys', 'add', 'openai'], 'sk-sealed-0123456789abcdef\n')
    const exported = await config('export')
    expect(exported.stdout).not.toContain('sk-sealed')
    const other = new CommandLine()
    try {
      writeFileSync(
        join(other.folder, 'master-key'),
        readFileSync(join(cli.folder, 'master-key')),
        {
          mode: 0o600,
        },
      )
      const path = join(other.folder, 'exported.yaml')
      writeFileSync(path, exported.stdout, { mode: 0o600 })
      expect((await other.inProcess(['config', 'apply', '-f', path, '--yes'])).code).toBe(0)
      const again = await other.inProcess(['config', 'export'])
      expect(again.stdout).toBe(exported.stdout)
    } finally {
      other.remove()
    }
  })

  it('writes what one owner has', async () => {
    await config('apply', '--yes')
    await config('set', 'max_body', '1MiB')
    expect((await config('export', '--origin', 'command')).stdout).toContain('\nmax_body: 1MiB\n')
    expect((await config('export', '--origin', 'command')).stdout).not.toContain('openai')
    expect((await config('export', '--origin', 'file')).stdout).not.toContain('max_body')
    expect((await config('export', '--origin', 'nobody')).code).toBe(2)
  })
})

describe('config unset', () => {
  it('gives an object back to the file', async () => {
    await config('apply', '--yes')
    await cli.inProcess(['keys', 'disable', 'main'])
    const { code, stderr } = await config('unset', 'key/openai/main')
    expect(code).toBe(0)
    expect(stderr).toContain('given back: key openai/main is as the file declares it')
    expect((await config('diff', '--exit-code')).code).toBe(0)
    expect((await config('unset', 'token/ci')).stderr).toBe("token ci is the file's already\n")
    const unknown = await config('unset', 'route/slow')
    expect(unknown.code).toBe(3)
    expect(unknown.stderr).toContain('declares no route "slow"')
  })
})

describe('what a file declares', () => {
  it('is listed with its origin, and what a command changed with the other', async () => {
    await config('apply', '--yes')
    await cli.inProcess(['tokens', 'set', 'ci', '--rpm', '5'])
    await cli.run(['keys', 'add', 'openai', '--label', 'mine'], 'sk-mine-0123456789\n')
    await cli.inProcess(['routes', 'add', 'fast', '--to', 'openai'])
    const origins = async (noun: string) => {
      const { stdout } = await cli.inProcess([noun, 'list', '--json'])
      const rows = (JSON.parse(stdout) as { origin: string }[]).map(({ origin }) => origin)
      const table = (await cli.inProcess([noun, 'list'])).stdout
      const [heads, ...lines] = table.trimEnd().split('\n')
      expect(heads).toContain(' ORIGIN')
      for (const [index, origin] of rows.entries()) expect(lines[index]).toContain(` ${origin}`)
      return rows
    }
    expect(await origins('providers')).toEqual(['file'])
    expect(await origins('keys')).toEqual(['file', 'command'])
    expect(await origins('tokens')).toEqual(['command'])
    expect(await origins('routes')).toEqual(['file', 'command'])
    expect((await cli.inProcess(['keys', 'show', 'main'])).stdout).toMatch(/^origin +file$/m)
  })
})

describe('config log', () => {
  it('tells of each change who made it, by which command, and what it was', async () => {
    await config('apply', '--yes')
    await config('set', 'max_retries', '9')
    const [newest, ...older] = await json<AuditShape[]>('log')
    expect(newest).toEqual({
      id: expect.any(Number),
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      revision: 2,
      who: expect.stringMatching(/^.+@.+$/),
      command: 'config set max_retries',
      action: 'setting.set.command',
      subject: 'max_retries',
      before: null,
      after: 9,
    })
    expect(
      older.every(({ revision, command }) => revision === 1 && command === 'config apply'),
    ).toBe(true)
    await cli.inProcess(['providers', 'disable', 'openai'])
    const { stdout } = await config('log', '--subject', 'openai', '--limit', '1')
    expect(stdout).toMatch(/provider\.change +openai +enabled: true → false/)
    await cli.run(['keys', 'add', 'openai'], 'sk-one-0123456789\nsk-two-0123456789\n')
    const added = await config('log', '--subject', 'key-2')
    expect(added.stdout).toMatch(/keys\.add +openai +none → key-2, key-3\n/)
    expect((await config('log', '--subject', 'nothing')).stderr).toBe('No such change.\n')
  })
})

describe('config validate', () => {
  it('takes the file as the others do, and one alone', async () => {
    expect((await cli.inProcess(['config', 'validate', '-f', file])).code).toBe(0)
    expect((await cli.inProcess(['config', 'validate', file, '-f', file])).code).toBe(2)
    const none = await cli.inProcess(['config', 'validate', join(cli.folder, 'none.yaml')])
    expect(none.stderr).toBe(
      `error: There is no file ${cli.folder}/none.yaml.\nName one that is there; see ls ${cli.folder}\n`,
    )
  })

  it('counts what a file declares', async () => {
    expect((await cli.inProcess(['config', 'validate', file])).stderr).toBe(
      `${file} is valid: 1 setting, 1 provider, 1 key, 1 route, 1 token, 0 proxies\n`,
    )
  })

  it.each([
    ['tokens:\n  ci: {}', '2:7: tokens.ci.hash: is missing.'],
    [
      'tokens:\n  ci: { hash: sk-clear-0123456789 }',
      '2:15: tokens.ci.hash: is written sha256: and 64 hexadecimal digits.',
    ],
    [
      'tokens:\n  ci: { value: sk-clear-0123456789 }',
      '2:16: tokens.ci.value: tokens are not written',
    ],
    [
      'tokens:\n  ci: { value: env:A, weak: true }',
      '2:29: tokens.ci.weak: is said of a hash alone.',
    ],
    [
      'tokens:\n  ci: { value: env:A, expires: soon }',
      '2:32: tokens.ci.expires: "soon" is no time.',
    ],
    ['tokens:\n  " ci": { value: env:A }', '2:10: tokens. ci: must be 1 to 64 visible characters'],
    ['routes:\n  fast: openai', '2:9: routes.fast: must be a list.'],
    ['routes:\n  fast: []', '2:9: routes.fast: '],
    ['routes:\n  fast: [":x"]', '2:10: routes.fast[0]: ":x" is no target.'],
    ['routes:\n  fast: [a, a]', '2:13: routes.fast[1]: is a target twice.'],
    ['routes:\n  "a b": [a]', '2:10: routes.a b: cannot be the model of a route.'],
    [
      'providers:\n  openai:\n    keys: [{ value: env:A, label: a }, { value: env:B, label: a }]',
      '3:63: providers.openai.keys[1].label: is here twice.',
    ],
    ['vault: { check: x, wrapped: y }', '1:17: vault.check: '],
    [
      'providers:\n  openai:\n    keys: [{ sealed: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA }]',
      '3:12: providers.openai.keys[0]: id and sealed belong together.',
    ],
  ])('names the place of a mistake: %j', async (text, complaint) => {
    write(text)
    const { code, stderr } = await cli.inProcess(['config', 'validate', file])
    expect(code).toBe(78)
    expect(stderr).toContain(`${file}:${complaint}`)
    expect(stderr).not.toContain('sk-clear')
  })
})

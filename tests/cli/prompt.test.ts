import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KeyStatus } from '../../src/model/status.ts'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { storeOptions } from '../support/store.ts'
import { type Answer, hasTerminal, terminal } from './terminal.ts'

const cli = new CommandLine()
const onTerminal = (words: string, answers: readonly Answer[]) =>
  terminal(cli.folder, words, { answers })

beforeAll(async () => {
  await cli.inProcess(['providers', 'add', 'openai'])
})
afterAll(() => cli.remove())

describe.skipIf(!hasTerminal)('on a terminal', () => {
  it('takes typed and pasted keys without showing them', async () => {
    const pasted =
      'sk-pasted-0123456789ab01\r\n\r\nsk-pasted-0123456789ab02\nsk-pasted-0123456789ab03\n'
    const { code, screen } = await onTerminal('keys add openai', [
      ['key for openai:', pasted],
      // Ctrl-D, as good as Enter.
      ['or Enter to finish:', '\u0004'],
    ])
    expect(code).toBe(0)
    expect(screen).toContain('added 3 keys to openai')
    expect(screen).not.toContain('pasted')
    const keys = await cli.json<KeyStatus[]>(['keys', 'list'])
    expect(keys.map(key => key.masked)).toEqual(['sk-…ab01', 'sk-…ab02', 'sk-…ab03'])
  })

  it('asks before it removes, and takes no for an answer', async () => {
    const refused = await onTerminal('keys remove key-1', [['Remove 1 key?', 'n\r']])
    expect(refused).toMatchObject({
      code: 1,
      screen: expect.stringContaining('Nothing was changed'),
    })
    const left = await onTerminal('keys remove key-1', [['Remove 1 key?', '\u0003']])
    expect(left.code).toBe(130)
    const agreed = await onTerminal('keys remove key-1', [['Remove 1 key?', 'y\r']])
    expect(agreed).toMatchObject({ code: 0, screen: expect.stringContaining('removed 1 key') })
  })

  it('asks before it applies, and what was changed while it asked is not overrun', async () => {
    const file = join(cli.folder, 'team.yaml')
    writeFileSync(file, 'max_retries: 4\n', { mode: 0o600 })
    const apply = `config apply -f ${file}`
    const refused = await onTerminal(apply, [['Apply this?', 'n\r']])
    expect(refused).toMatchObject({
      code: 1,
      screen: expect.stringContaining('Nothing was changed'),
    })
    const store = await openStore(storeOptions(cli.folder))
    const late = await onTerminal(apply, [
      [
        'Apply this?',
        async () => {
          await store.setSetting('max_body', 2_048)
          return 'y\r'
        },
      ],
    ])
    await store.close()
    expect(late).toMatchObject({ code: 1, screen: expect.stringContaining('made at revision') })
    const agreed = await onTerminal(apply, [['Apply this?', 'y\r']])
    expect(agreed).toMatchObject({ code: 0, screen: expect.stringContaining('applied') })
  })

  it('shows a created token once, with the lines a client needs', async () => {
    const { code, screen } = await onTerminal('tokens create laptop', [])
    expect(code).toBe(0)
    expect(screen).toMatch(/export OPENAI_BASE_URL=http:\/\/127\.0\.0\.1:8077\/v1/)
    expect(screen).toMatch(/export OPENAI_API_KEY=bal_[\w-]{43}/)
  })

  it('paints states, unless it is told not to', async () => {
    expect((await onTerminal('keys list', [])).screen).toContain('\u001b[32mactive')
    expect((await onTerminal('keys list --no-color', [])).screen).not.toContain('\u001b[32m')
  })
})

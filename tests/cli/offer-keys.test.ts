import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KeyStatus } from '../../src/model/status.ts'
import { CommandLine } from '../support/command-line.ts'
import { World } from '../support/daemon.ts'
import { type Answer, hasTerminal, terminal } from './terminal.ts'

const STOP: Answer = ['Point a client at it', '\u0003']
const KEY = 'sk-planted-0000000000000001'

let cli: CommandLine

beforeEach(() => {
  cli = new CommandLine()
})
afterEach(() => cli.remove())

async function serve(
  answers: readonly Answer[],
  env: Readonly<Record<string, string>> = { OPENAI_API_KEY: KEY },
): Promise<string> {
  const { screen } = await terminal(cli.folder, 'serve --port 0 --log-level silent', {
    answers: [...answers, STOP],
    env,
    columns: 200,
  })
  return screen
}

const keys = () => cli.json<KeyStatus[]>(['keys', 'list'])

describe.runIf(hasTerminal)('a first start on a terminal', () => {
  it('asks once whether the keys in the environment shall be used, and Enter means yes', async () => {
    const screen = await serve([['OPENAI_API_KEY is set: use it?', '\r']])
    expect(screen).toContain('added provider openai with 1 key')
    expect(screen).not.toContain(KEY)
    expect(await keys()).toMatchObject([
      { provider: 'openai', masked: 'sk-…0001', reference: null },
    ])
    expect(await serve([])).not.toContain('use it?')
  })

  it('takes no for an answer', async () => {
    const env = { OPENAI_API_KEY: KEY, GROQ_API_KEY: 'gsk-planted-1' }
    await serve([['OPENAI_API_KEY and GROQ_API_KEY are set: use them?', 'n\r']], env)
    expect(await keys()).toEqual([])
  })

  it('does not ask where a file has providers, or there is nothing to use', async () => {
    const unasked = await serve([], { OPENAI_API_KEY: 'bal_planted' })
    expect(unasked).toContain('listens on')
    expect(unasked).not.toContain('is set')
    writeFileSync(
      join(cli.folder, 'balance.config.yaml'),
      'providers:\n  lab:\n    base_url: http://127.0.0.1:1/v1\n',
      { mode: 0o600 },
    )
    const furnished = await serve([])
    expect(furnished).toContain('listens on')
    expect(furnished).not.toContain('is set')
  })
})

describe('without a terminal', () => {
  it('nobody is asked and nothing is taken', async () => {
    const world = new World()
    try {
      world.env.OPENAI_API_KEY = KEY
      const daemon = await world.serve()
      expect((await daemon.stop()).stderr).not.toContain('is set')
      expect(await world.json(['providers', 'list'])).toEqual([])
    } finally {
      await world.remove()
    }
  })
})

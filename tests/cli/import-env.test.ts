import { mkdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ImportShape } from '../../src/cli/shapes/import.ts'
import type { KeyStatus } from '../../src/model/status.ts'
import { World } from '../support/daemon.ts'
import { hasTerminal, terminal } from './terminal.ts'

const ONE = 'sk-planted-0000000000000001'
const TWO = 'sk-planted-0000000000000002'

let world: World

beforeEach(() => {
  world = new World()
  Object.assign(world.env, {
    OPENAI_API_KEY: `${ONE},${TWO}`,
    GROQ_API_KEY_1: 'gsk-planted-000001',
  })
})
afterEach(() => world.remove())

const keys = () => world.json<KeyStatus[]>(['keys', 'list'])

describe('import env', () => {
  it('adds providers and seals their keys; a second run has nothing to do', async () => {
    const done = await world.balance(['import', 'env', '--yes'])
    expect(done).toMatchObject({ code: 0 })
    expect(done.stdout).toBe(
      [
        'THERE           FROM         HERE                                REMARK',
        'OPENAI_API_KEY  environment  openai: 2 keys: sk-…0001, sk-…0002  -',
        'GROQ_API_KEY_1  environment  groq: 1 key: gsk-…0001              -',
        '',
        'To do:',
        '  add provider openai with 2 keys',
        '  add provider groq with 1 key\n',
      ].join('\n'),
    )
    expect(done.stderr).not.toContain('planted')
    expect(await keys()).toMatchObject([
      { provider: 'openai', masked: 'sk-…0001', reference: null },
      { provider: 'openai', masked: 'sk-…0002', reference: null },
      { provider: 'groq', masked: 'gsk-…0001', reference: null },
    ])
    const again = await world.balance(['import', 'env', '--yes'])
    expect(again.stderr).toContain('nothing to do')
    expect(await keys()).toHaveLength(3)
  })

  it('keeps references with --reference, and says that a list cannot be one', async () => {
    const args = ['import', 'env', '--reference', '--yes']
    const report = await world.json<ImportShape>(args)
    expect(report.settings).toMatchObject([
      { setting: 'OPENAI_API_KEY', outcome: 'not carried over' },
      { setting: 'GROQ_API_KEY_1', becomes: 'groq: env:GROQ_API_KEY_1' },
    ])
    expect(await keys()).toMatchObject([{ provider: 'groq', reference: 'env:GROQ_API_KEY_1' }])
    expect((await world.json<ImportShape>(args)).changes).toEqual([])
    const sealed = await world.json<ImportShape>(['import', 'env', '--yes'])
    expect(sealed.changes).toEqual(['add provider openai with 2 keys'])
  })

  it.runIf(hasTerminal)('asks on a terminal, where Enter alone means no', async () => {
    const run = (typed: string) =>
      terminal(world.dataDir, 'import env', {
        answers: [['Write 2 changes?', typed]],
        env: { OPENAI_API_KEY: ONE, GROQ_API_KEY: TWO },
      })
    mkdirSync(world.dataDir)
    expect(await run('\r')).toMatchObject({ code: 1 })
    expect(await keys()).toEqual([])
    expect(await run('y\r')).toMatchObject({ code: 0 })
    expect(await keys()).toHaveLength(2)
  })

  it('writes nothing with --dry-run, or where nobody agrees', async () => {
    expect(await world.balance(['import', 'env', '--dry-run'])).toMatchObject({ code: 0 })
    expect(await world.balance(['import', 'env'])).toMatchObject({ code: 2 })
    expect(await keys()).toEqual([])
  })
})

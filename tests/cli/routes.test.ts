import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TargetShape } from '../../src/control/shapes/target.ts'
import { CommandLine } from '../support/command-line.ts'

let cli: CommandLine

beforeEach(async () => {
  cli = new CommandLine()
  await cli.inProcess(['providers', 'add', 'openai'])
  await cli.run(['keys', 'add', 'openai'], 'sk-0123456789abcdef\n')
  // Comes with a placeholder for a key.
  await cli.inProcess(['providers', 'add', 'ollama'])
})
afterEach(() => cli.remove())

const add = (...words: string[]) => cli.run(['routes', 'add', ...words])
const SAVED = 'saved; no daemon is running: balance serve\n'

describe('routes', () => {
  it('are added, and listed target by target', async () => {
    expect(await add('fast', '--to', 'ollama:llama3:8b', '--to', 'openai')).toEqual({
      code: 0,
      stdout: '',
      stderr: `fast goes to ollama:llama3:8b, openai\n${SAVED}`,
    })
    await add('gpt-4*', '--to', 'openai:gpt-4o', '--weight', '3', '--tier', '2')
    expect((await cli.run(['routes', 'list'])).stdout).toBe(
      [
        'MODEL   PROVIDER  TARGET MODEL  WEIGHT  TIER  ORIGIN',
        'fast    ollama    llama3:8b          1     1  command',
        'fast    openai    as asked           1     1  command',
        'gpt-4*  openai    gpt-4o             3     2  command\n',
      ].join('\n'),
    )
    expect(await cli.json<TargetShape[]>(['routes', 'list', 'gpt-4*'])).toEqual([
      {
        model: 'gpt-4*',
        provider: 'openai',
        target_model: 'gpt-4o',
        weight: 3,
        tier: 2,
        id: expect.stringMatching(/^r_\w{10}$/),
        origin: 'command',
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    ])
  })

  it('take another weight for a target that they have, and keep its tier', async () => {
    await add('fast', '--to', 'ollama', '--tier', '2')
    const shown = await cli.json(['routes', 'add', 'fast', '--to', 'ollama', '--weight', '5'])
    expect(shown).toMatchObject([{ provider: 'ollama', target_model: null, weight: 5, tier: 2 }])
    expect(await cli.json(['routes', 'list'])).toEqual(shown)
  })

  it('may lead to a provider that is not ready, which is said', async () => {
    await cli.inProcess(['providers', 'add', 'groq'])
    await cli.inProcess(['providers', 'disable', 'ollama'])
    const { code, stderr } = await add('fast', '--to', 'groq', '--to', 'ollama', '--to', 'groq:a')
    expect(code).toBe(0)
    expect(stderr.match(/^warning: .*$/gm)).toEqual([
      'warning: groq has no key: balance keys add groq',
      'warning: ollama is disabled: balance providers enable ollama',
    ])
    expect(await cli.json(['routes', 'list'])).toHaveLength(3)
  })

  it('lose some of their targets, or are removed', async () => {
    await add('fast', '--to', 'openai', '--to', 'openai:gpt-4o', '--to', 'ollama')
    const remove = ['routes', 'remove', 'fast', '--yes']
    expect(await cli.run([...remove, '--to', 'openai', '--to', 'ollama'])).toEqual({
      code: 0,
      stdout: '',
      stderr: `removed 2 targets of fast, which goes to openai:gpt-4o\n${SAVED}`,
    })
    expect(await cli.json([...remove, '--to', 'openai:gpt-4o'])).toEqual({
      removed: 'fast',
      targets: 1,
      left: 0,
    })
    await add('fast', '--to', 'openai', '--to', 'ollama')
    expect((await cli.run(remove)).stderr).toBe(`removed fast and its 2 targets\n${SAVED}`)
    const none = await cli.run(['routes', 'list'])
    expect(none).toEqual({
      code: 0,
      stdout: '',
      stderr: 'No route yet: balance routes add MODEL --to PROVIDER\n',
    })
  })

  it('lose what leads to a provider that is removed, which is said', async () => {
    await add('fast', '--to', 'openai', '--to', 'ollama')
    const removed = await cli.run(['providers', 'remove', 'openai', '--yes'])
    expect(removed.stderr).toBe(`removed openai and its 1 key and 1 target of routes\n${SAVED}`)
    expect(await cli.json(['routes', 'list'])).toMatchObject([{ provider: 'ollama' }])
    expect(await cli.json(['providers', 'remove', 'ollama', '--yes'])).toEqual({
      removed: 'ollama',
      keys: 1,
      targets: 1,
    })
    expect(await cli.json(['routes', 'list'])).toEqual([])
  })
})

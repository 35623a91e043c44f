import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { storeOptions } from '../support/store.ts'
import { exchange } from './exchange.ts'

const HOUR = 3_600_000
const now = systemClock.wall()
const cli = new CommandLine()
let key = ''

beforeAll(async () => {
  await cli.inProcess(['providers', 'add', 'openai'])
  const store = await openStore({ ...storeOptions(cli.folder), url: cli.storeUrl })
  const value = new Secret('sk-0123456789abcdef0001')
  const { added } = await store.addKeys('openai', [{ value, label: 'team' }])
  key = added[0]?.id ?? ''
  const refused = { provider: null, keyId: null, token: null, model: null, status: 401 }
  await store.record(
    [
      exchange('1', { time: now, keyId: key, ms: 100 }),
      exchange('2', { time: now, keyId: key, ms: 300, status: 502, outcome: 'auth', attempts: 3 }),
      exchange('3', { time: now, ...refused, outcome: 'invalid_token', attempts: 0 }),
      exchange('4', { time: now - 48 * HOUR, provider: 'groq' }),
    ],
    'host:1',
  )
  await store.close()
})
afterAll(() => cli.remove())

async function stats(...words: string[]): Promise<Record<string, unknown>[]> {
  const { stdout, stderr, code } = await cli.inProcess(['stats', ...words, '--json'])
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

describe('stats', () => {
  it('sums the last day by provider under the names scripts rely on', async () => {
    const [first, second, ...others] = await stats()
    expect(first).toEqual({
      group: 'openai',
      label: null,
      requests: 2,
      errors: 1,
      attempts: 4,
      prompt_tokens: 24,
      cached_tokens: 8,
      completion_tokens: 96,
      reasoning_tokens: 0,
      ms: 200,
    })
    expect(second).toMatchObject({ group: null, requests: 1, errors: 1 })
    expect(others).toEqual([])
  })

  it('names keys by id and label', async () => {
    expect((await stats('--by', 'key'))[0]).toMatchObject({ group: key, label: 'team' })
  })

  it.each([
    ['token', ['laptop', null]],
    ['model', ['gpt-4o', null]],
    ['hour', [new Date(now - (now % HOUR)).toISOString()]],
  ])('groups by %s', async (by, groups) => {
    expect((await stats('--by', by)).map(row => row.group)).toEqual(groups)
  })

  it('reaches back as far as it is asked to, and no farther than until', async () => {
    const groups = async (...words: string[]) =>
      new Set((await stats('--since', '3d', ...words)).map(row => row.group))
    expect(await groups()).toEqual(new Set(['openai', 'groq', null]))
    expect(await groups('--until', '24h')).toEqual(new Set(['groq']))
  })

  it('is a table in a pipe, without a chart', async () => {
    const { stdout } = await cli.inProcess(['stats'])
    expect(stdout).toBe(
      [
        'PROVIDER  REQUESTS  ERRORS %  TOKENS IN  TOKENS OUT  MEAN MS',
        'openai           2        50         24          96      200',
        '-                1       100         12          48      812\n',
      ].join('\n'),
    )
  })

  it('says so where there was nothing', async () => {
    const { stdout, stderr } = await cli.inProcess(['stats', '--since', '9d', '--until', '8d'])
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^No request since .*\.\n$/)
  })
})

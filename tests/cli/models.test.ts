import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { ProviderSettings } from '../../src/model/settings.ts'
import type { Store } from '../../src/model/store.ts'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { storeOptions } from '../support/store.ts'

const secretOf = (label: string) => `sk-${label}-0123456789abcdef`
const MODELS = ['command', 'models', 'alpha', 'beta\u001b[31m']

let mock: Mock
let cli: CommandLine
let store: Store

beforeAll(async () => {
  mock = await startMock({ models: MODELS })
})
afterAll(() => mock.close())
beforeEach(async () => {
  mock.setScript('*', 'ok')
  cli = new CommandLine()
  store = await openStore({ ...storeOptions(cli.folder), url: cli.storeUrl })
})
afterEach(async () => {
  await store.close()
  cli.remove()
})

async function furnish(overrides: Partial<ProviderSettings>, ...labels: string[]): Promise<void> {
  const provider = { name: 'mock', kind: 'openai', baseUrl: mock.url, path: null } as const
  await store.addProvider({ ...provider, overrides }, { makeDefault: true })
  const keys = labels.map(label => ({ label, value: new Secret(secretOf(label)) }))
  if (keys.length > 0) await store.addKeys('mock', keys)
}

const models = (...words: string[]) => cli.run(['providers', 'models', 'mock', ...words])

/** Whose turn it was since the count of requests was this. */
function askedSince(count: number): string[] {
  return mock.requests.slice(count).map(({ key }) => key)
}

describe('balance providers models', () => {
  it('prints one a line, as the provider has them', async () => {
    await furnish({}, 'a')
    expect(await models()).toEqual({
      code: 0,
      stdout: 'command\nmodels\nalpha\nbeta\\u001b[31m\n',
      stderr: '',
    })
  })

  it('leaves out what is not served, and says how many; --all marks them', async () => {
    await furnish({ models: ['!beta*', '!alpha'] }, 'a')
    expect(await models()).toEqual({
      code: 0,
      stdout: 'command\nmodels\n',
      stderr: '2 models hidden by the models setting of mock; --all shows them\n',
    })
    const all = await models('--all')
    expect(all.stdout.split('\n').slice(0, 3)).toEqual(['command', 'models', 'alpha  (not served)'])
    expect(all.stderr).toBe('')
    expect(JSON.parse((await models('--json')).stdout)).toEqual([
      { id: 'command', served: true },
      { id: 'models', served: true },
    ])
    expect(JSON.parse((await models('--json', '--all')).stdout)).toHaveLength(4)
  })

  it('asks with the next key where one is refused, and with none where the provider fails', async () => {
    await furnish({}, 'a', 'b', 'c')
    mock.setScript(secretOf('a'), '401')
    let before = mock.requests.length
    expect((await models()).code).toBe(0)
    expect(askedSince(before)).toEqual([secretOf('a'), secretOf('b')])

    mock.setScript(secretOf('a'), '500')
    before = mock.requests.length
    expect(await models()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: mock gave no list of models: .*\(server_error\)/),
    })
    expect(askedSince(before)).toEqual([secretOf('a')])
    mock.setScript(secretOf('a'), 'ok')
  })

  it('fails with what the last one was told where all are refused', async () => {
    await furnish({}, 'a', 'b')
    for (const label of ['a', 'b']) mock.setScript(secretOf(label), '401')
    const { code, stderr } = await models()
    expect(code).toBe(1)
    expect(stderr).toContain('(invalid_api_key)')
    expect(stderr).toContain('balance providers test mock')
    for (const label of ['a', 'b']) mock.setScript(secretOf(label), 'ok')
  })

  it('asks with the models_key alone, by label or id', async () => {
    await furnish({ models_key: 'b' }, 'a', 'b')
    let before = mock.requests.length
    expect((await models()).code).toBe(0)
    expect(askedSince(before)).toEqual([secretOf('b')])
    const { id } = await store.key('a')
    await store.changeProvider('mock', { overrides: { models_key: id } })
    before = mock.requests.length
    expect((await models()).code).toBe(0)
    expect(askedSince(before)).toEqual([secretOf('a')])
  })

  it('says what is wrong with a models_key that cannot ask', async () => {
    await furnish({ models_key: 'c' }, 'a', 'b')
    expect(await models()).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /The models_key "c" is no key of mock\.\nbalance providers set/,
      ),
    })
    await store.changeProvider('mock', { overrides: { models_key: 'b' } })
    await store.changeKey((await store.key('b')).id, { enabled: false })
    expect(await models()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"b" of mock cannot ask: it is disabled.'),
    })
  })

  it('asks with no key that is disabled or known to be refused', async () => {
    await furnish({}, 'a', 'b', 'c')
    await store.changeKey((await store.key('a')).id, { enabled: false })
    const { id: keyId, generation } = await store.key('b')
    const invalid = { reason: 'invalid_api_key', since: 1 }
    const memory = { keyId, generation, failures: 3, invalid, exhausted: null, cooling: {} }
    await store.remember([{ ...memory, savedAt: 1 }])
    const before = mock.requests.length
    expect((await models()).code).toBe(0)
    expect(askedSince(before)).toEqual([secretOf('c')])
    await store.removeKeys([(await store.key('c')).id])
    expect(await models()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No key of mock is usable'),
    })
  })
})

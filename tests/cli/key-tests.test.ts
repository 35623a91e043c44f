import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import type { TestShape } from '../../src/control/shapes/test.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { KeyMemory } from '../../src/model/catalog.ts'
import type { Store } from '../../src/model/store.ts'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { storeOptions } from '../support/store.ts'
import { hasTerminal, terminal } from './terminal.ts'

let mock: Mock
let cli: CommandLine
let store: Store

beforeAll(async () => {
  mock = await startMock()
})
afterAll(() => mock.close())
beforeEach(async () => {
  cli = new CommandLine()
  store = await openStore({ ...storeOptions(cli.folder), url: cli.storeUrl })
})
afterEach(async () => {
  await store.close()
  cli.remove()
})

/** The secret of a key that the mock answers by this script. */
function scripted(label: string, script: string): string {
  const secret = `sk-${label}-0123456789abcdef`
  mock.setScript(secret, script)
  return secret
}

/** Adds a provider whose keys, by label, are answered by these scripts. */
async function furnish(
  scripts: Readonly<Record<string, string>>,
  { name = 'mock', baseUrl = mock.url, overrides = {} } = {},
): Promise<void> {
  const provider = { name, kind: 'openai', baseUrl, path: null, overrides } as const
  await store.addProvider(provider, { makeDefault: false })
  for (const [label, script] of Object.entries(scripts)) {
    await store.addKeys(name, [{ label, value: new Secret(scripted(label, script)) }])
  }
}

/** Has a gateway have learned this about a key, so long ago. */
async function hold(label: string, against: Partial<KeyMemory>, ago = 60_000): Promise<void> {
  const { id, generation } = await store.key(label)
  const memory = { failures: 0, invalid: null, exhausted: null, cooling: {}, ...against }
  const savedAt = systemClock.wall() - ago
  await store.remember([{ ...memory, keyId: id, generation, savedAt }], 'gateway:1')
}

const INVALID = { failures: 3, invalid: { reason: 'invalid_api_key', since: 1 } }
const EXHAUSTED = {
  exhausted: { kind: 'exhausted', remaining: 3_600_000, reason: 'no money' },
} as const

async function memoryOf(label: string): Promise<KeyMemory | undefined> {
  return (await store.memories()).get((await store.key(label)).id)
}

/** What `keys test --json` prints, whatever its exit code. */
async function tested(...words: string[]) {
  const { code, stdout, stderr } = await cli.run(['keys', 'test', ...words, '--json'])
  const rows = JSON.parse(stdout) as TestShape[]
  return { code, stderr, rows, byLabel: new Map(rows.map(row => [row.label, row])) }
}

describe('balance keys test', () => {
  it('says of each key what its provider said, and what that changed', async () => {
    await furnish({
      good: 'ok',
      back: 'ok',
      revoked: '401',
      poor: '429-quota',
      busy: '429:5s',
      broken: '500',
    })
    await hold('back', INVALID)
    const { code, stdout, stderr } = await cli.run(['keys', 'test', '--all'])
    expect(code).toBe(1)
    const rows = stdout.split('\n').map(line => line.replace(/^k_\w{10} /, '').trim())
    expect(rows[0]).toMatch(/^ID +PROVIDER +LABEL +RESULT +MS +CHANGED$/)
    expect(rows[1]).toMatch(/^mock +good +works +\d+ +-$/)
    expect(rows[2]).toMatch(/^mock +back +works +\d+ +invalid → active$/)
    expect(rows[3]).toMatch(/^mock +revoked +refused \(invalid_api_key\) +\d+ +-$/)
    expect(rows[4]).toMatch(
      /^mock +poor +out of quota \(insufficient_quota\) +\d+ +active → exhausted$/,
    )
    expect(rows[5]).toMatch(/^mock +busy +rate limited \(rate_limit_exceeded\) +\d+ +-$/)
    expect(rows[6]).toMatch(/^mock +broken +provider failed \(server_error\) +\d+ +-$/)
    expect(stderr).toMatch(/^error: 4 of 6 keys failed the test\.\nbalance keys show KEY/)

    expect(await memoryOf('good')).toBeUndefined()
    expect(await memoryOf('back')).toMatchObject({ failures: 0, invalid: null })
    expect(await memoryOf('revoked')).toMatchObject({ failures: 1, invalid: null })
    expect(await memoryOf('poor')).toMatchObject({ exhausted: { reason: 'insufficient_quota' } })
    expect(await memoryOf('busy')).toBeUndefined()
    expect(await memoryOf('broken')).toBeUndefined()
  })

  it('holds nothing against keys that are refused all alike', async () => {
    await furnish({ one: '401', two: '401', poor: '402' })
    await hold('one', { failures: 2 })
    const { byLabel, stderr } = await tested('--all')
    expect(byLabel.get('one')).toMatchObject({
      result: 'refused',
      before: 'active',
      after: 'active',
    })
    expect(await memoryOf('one')).toMatchObject({ failures: 2, invalid: null })
    expect(await memoryOf('two')).toBeUndefined()
    // Alone of its kind it has a cause of its own.
    expect(byLabel.get('poor')).toMatchObject({ result: 'out_of_quota', after: 'exhausted' })
    expect(stderr).toContain('mock refused all its keys alike: that is not held against them')
  })

  it('prints a stable shape, exits 0 where all work, and tests what was named', async () => {
    await furnish({ good: 'ok', other: '401' })
    const { code, rows, stderr } = await tested('good')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(rows).toEqual([
      {
        key: (await store.key('good')).id,
        provider: 'mock',
        label: 'good',
        ok: true,
        result: 'works',
        code: null,
        failed_at: null,
        status: 200,
        message: '',
        model: null,
        ms: expect.any(Number),
        before: 'active',
        after: 'active',
      },
    ])
  })

  it('makes a key invalid that is refused for the third time, as requests would', async () => {
    await furnish({ revoked: '401' })
    await hold('revoked', { failures: 2 })
    const { rows } = await tested('revoked')
    expect(rows).toMatchObject([
      { ok: false, result: 'refused', failed_at: 'key', status: 401, after: 'invalid' },
    ])
    expect(rows[0]?.message).toContain('sk-…cdef')
    expect((await tested('revoked')).rows).toMatchObject([{ before: 'invalid', after: 'invalid' }])
  })

  it('leaves alone what is not used, unless it is named, and says what cannot be opened', async () => {
    await furnish({ on: 'ok', off: 'ok' })
    await furnish({ elsewhere: 'ok' }, { name: 'closed' })
    await store.changeProvider('closed', { enabled: false })
    await store.changeKey((await store.key('off')).id, { enabled: false })
    await store.addKeys('mock', [
      { label: 'absent', value: new Secret('env:NOT_SET_IN_THIS_SHELL') },
    ])
    const all = await tested('--all')
    expect([...all.byLabel.keys()]).toEqual(['on', 'absent'])
    expect(all.code).toBe(1)
    expect(all.byLabel.get('absent')).toMatchObject({
      result: 'not_opened',
      failed_at: 'secret',
      message: expect.stringContaining('NOT_SET_IN_THIS_SHELL'),
      ms: null,
      before: 'invalid',
      after: 'invalid',
    })
    const named = await tested('off', 'elsewhere')
    expect(named.code).toBe(0)
    expect(named.byLabel.get('off')).toMatchObject({ result: 'works', after: 'disabled' })
    expect(named.byLabel.get('elsewhere')).toMatchObject({ result: 'works' })
    const other = await tested('--provider', 'mock')
    expect([...other.byLabel.keys()]).toEqual(['on', 'absent'])
  })

  it('pays a token where the provider has a test_model, says so before, and learns more', async () => {
    await furnish({ poor: 'ok', limited: '429:60s' }, { overrides: { test_model: 'mock-small' } })
    await hold('poor', EXHAUSTED)
    const { stderr, byLabel } = await tested('--all')
    expect(stderr).toMatch(/^sending 2 chats of one token with mock-small of mock\n/)
    expect(byLabel.get('poor')).toMatchObject({
      model: 'mock-small',
      before: 'exhausted',
      after: 'active',
    })
    expect(byLabel.get('limited')).toMatchObject({ result: 'rate_limited', after: 'cooling' })
    expect((await memoryOf('limited'))?.cooling).toHaveProperty('mock-small')
  })

  it('does not take a free answer for money', async () => {
    await furnish({ poor: 'ok' })
    await hold('poor', EXHAUSTED)
    const { code, byLabel } = await tested('poor')
    expect(code).toBe(0)
    expect(byLabel.get('poor')).toMatchObject({ result: 'works', after: 'exhausted' })
  })

  it('says what to do where the provider has no list of models', async () => {
    await furnish({ kept: '404' })
    await hold('kept', INVALID)
    const { code, stderr, rows } = await tested('kept')
    expect(rows).toMatchObject([{ ok: true, result: 'reached', after: 'invalid' }])
    expect(code).toBe(0)
    expect(stderr).toContain('balance providers set mock test_model=MODEL')
  })

  it('is believed also of a key that a gateway gave up a moment ago', async () => {
    await furnish({ back: 'ok' })
    await hold('back', INVALID, 0)
    expect((await tested('back')).rows).toMatchObject([{ before: 'invalid', after: 'active' }])
    expect(await memoryOf('back')).toMatchObject({ invalid: null })
  })

  it('shows no secret, in whatever it prints', async () => {
    const echoing = await startMock({
      respond: ({ key }, response) => {
        response.writeHead(401, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ error: { message: `no ${key}`, code: key } }))
        return true
      },
    })
    await furnish({ planted: 'ok' }, { baseUrl: echoing.url })
    const outputs = []
    for (const words of ['keys test planted', 'providers test mock', 'providers models mock']) {
      outputs.push(await cli.run(words.split(' ')), await cli.run([...words.split(' '), '--json']))
    }
    outputs.push(await memoryOf('planted'))
    expect(JSON.stringify(outputs)).toContain('sk-…cdef')
    expect(JSON.stringify(outputs)).not.toContain('sk-planted')
    await echoing.close()
  })
})

describe.skipIf(!hasTerminal)('on a terminal', () => {
  it('draws a bar where several keys are tested, and takes it away', async () => {
    await furnish({ a: 'ok', b: 'ok', c: 'ok' })
    const { code, screen } = await terminal(cli.folder, 'keys test --all')
    expect(code).toBe(0)
    expect(screen).toMatch(/testing ░+ +0% +0 keys/)
    expect(screen.lastIndexOf('works')).toBeGreaterThan(screen.lastIndexOf('░'))
    const one = await terminal(cli.folder, 'keys test a')
    expect(one.screen).not.toContain('░')
  })
})

describe('balance providers test', () => {
  /** How far the test of the only key of a provider at this place came. */
  async function stage(baseUrl: string): Promise<Partial<TestShape>> {
    await furnish({ [`k${baseUrl.length}`]: 'ok' }, { name: `p${baseUrl.length}`, baseUrl })
    const words = ['providers', 'test', `p${baseUrl.length}`, '--json']
    const { code, stdout } = await cli.run(words)
    expect(code).toBe(1)
    const [row] = JSON.parse(stdout) as TestShape[]
    return row ?? {}
  }

  it('says how far each key came', async () => {
    expect(await stage('http://nowhere.invalid/v1')).toMatchObject({ failed_at: 'dns' })
    expect(await stage('http://127.0.0.1:1')).toMatchObject({
      failed_at: 'connect',
      result: 'unreachable',
      code: 'ECONNREFUSED',
    })
    expect(await stage(mock.url.replace('http:', 'https:'))).toMatchObject({
      failed_at: 'tls',
      result: 'untrusted',
    })
    await furnish({ good: 'ok', bad: '401', sick: '503', mute: 'die' })
    const { stdout, stderr } = await cli.run(['providers', 'test', 'mock'])
    expect(stdout).toMatch(/^ID .* CHANGED +FAILED AT$/m)
    expect(stdout).toMatch(/good +works .* -$/m)
    expect(stdout).toMatch(/bad +refused .* the key$/m)
    expect(stdout).toMatch(/sick +provider failed .* the answer$/m)
    expect(stdout).toMatch(/mute +unreachable \(UND_ERR_SOCKET\) .* the answer$/m)
    expect(stderr).toContain('3 of 4 keys failed')
  })

  it('holds nothing against keys where there was no answer', async () => {
    await furnish({ a: 'ok' }, { baseUrl: 'http://127.0.0.1:1' })
    const { stderr } = await cli.run(['providers', 'test', 'mock'])
    expect(stderr).toContain('nothing is held against the key')
    expect(await memoryOf('a')).toBeUndefined()
  })
})

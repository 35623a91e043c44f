import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StoredExchange } from '../../src/model/record.ts'
import { World } from '../support/daemon.ts'
import { type OriginalRows, writeOriginal } from '../support/original-database.ts'
import { hasTerminal, terminal } from './terminal.ts'

const DEEP = 'sk-deep-0123456789abcdef'
/** Longer than the columns of the original, which keeps its first hundred characters. */
const LONG = `sk-proj-${'x'.repeat(156)}`
const TIME = '2025-12-24 18:00:00.250000'

const settings = {
  PROVIDERS_CONFIG: JSON.stringify([
    { name: 'Deep', path: 'deep', base_url: 'https://deep.example/v1', api_keys: [DEEP] },
    { name: 'other', path: 'other', base_url: 'https://other.example/v1', api_keys: [LONG] },
  ]),
}

const ROWS: OriginalRows = {
  settings,
  requests: [
    [TIME, 'deepseek-chat', DEEP, 1, 200, 1_500],
    [TIME, 'deepseek-chat', DEEP, 0, 429, 90],
    [TIME, null, LONG.slice(0, 100), 0, 'All connection attempts failed', null],
    [TIME, 'm', 'sk-gone-0123456789abcdef', 1, null, 5],
    ['no time', 'm', DEEP, 1, 200, 5],
  ],
  errors: [
    [DEEP, 'deepseek-chat', 'Deep-chat-stream', `${DEEP} is slow`, 429, 'null', TIME],
    ['sk-gone-0123456789abcdef', 'm', 'other-chat-non-stream', 'broke', 'reset', 'null', TIME],
    [null, null, null, null, null, null, TIME],
  ],
}

let world: World
let database: string

beforeEach(() => {
  world = new World()
  database = join(world.cwd, 'default_db')
})
afterEach(() => world.remove())

const importing = (file = database, ...more: string[]) =>
  world.balance([
    'import',
    'openai-balance',
    '--store-file',
    file,
    '--logs',
    '--timezone',
    'Asia/Shanghai',
    '--yes',
    ...more,
  ])

async function log() {
  const store = await world.openStore()
  try {
    const exchanges = await store.records({ limit: 1_000 })
    const failures = await store.failures({ limit: 1_000 })
    const hours = await store.stats({ by: 'provider', since: 0, until: Date.parse('2026-01-01') })
    return { exchanges: exchanges.reverse(), failures: failures.reverse(), hours }
  } finally {
    await store.close()
  }
}

describe('import openai-balance --logs', () => {
  it('brings requests and failed attempts along, at their time, with nulls where nothing is', async () => {
    writeOriginal(database, ROWS)
    const done = await importing()
    expect(done).toMatchObject({ code: 0 })
    expect(done.stderr).toContain('brought along 4 requests and 3 failed attempts')
    expect(done.stderr).toContain('left out, for want of a time: 1 row')
    const { exchanges, failures, hours } = await log()
    const told = ({ time, provider, model, status, outcome, ms }: StoredExchange) => [
      new Date(time).toISOString(),
      provider,
      model,
      status,
      outcome,
      ms,
    ]
    const at = '2025-12-24T10:00:00.250Z'
    expect(exchanges.map(told)).toEqual([
      [at, 'deep', 'deepseek-chat', 200, 'ok', 1_500],
      [at, 'deep', 'deepseek-chat', 429, 'rate', 90],
      [at, 'other', null, 500, 'provider', 0],
      [at, null, 'm', 200, 'ok', 5],
    ])
    expect(exchanges[0]).toMatchObject({ keyLabel: 'key-1', token: null, promptTokens: null })
    expect(failures).toMatchObject([
      {
        provider: 'deep',
        status: 429,
        fault: 'rate',
        excerpt: 'sk-…cdef is slow',
        time: Date.parse(at),
      },
      {
        provider: 'other',
        status: null,
        keyId: '',
        excerpt: 'broke',
        code: 'other-chat-non-stream',
      },
      { provider: '', model: null, status: null, excerpt: '' },
    ])
    expect(hours.map(({ group, requests, errors }) => [group, requests, errors])).toEqual([
      ['deep', 2, 1],
      [null, 1, 0],
      ['other', 1, 1],
    ])
  })

  it('adds nothing twice, and from a newer copy only what is new', async () => {
    writeOriginal(database, ROWS)
    await importing()
    const before = await log()
    expect((await importing()).stderr).toContain('nothing to do')
    expect(await log()).toEqual(before)

    const copy = join(world.cwd, 'copy')
    const [one] = ROWS.requests ?? []
    writeOriginal(copy, { ...ROWS, requests: [...(ROWS.requests ?? []), one ?? []] })
    expect((await importing(copy)).stderr).toContain('brought along 1 request and 0 failed')
    expect((await log()).exchanges).toHaveLength(before.exchanges.length + 1)
  })

  it('goes over many pages', async () => {
    const requests = Array.from({ length: 1_203 }, (_, n) => [TIME, `m${n % 3}`, DEEP, 1, 200, n])
    writeOriginal(database, { settings, requests })
    expect((await importing()).stderr).toContain('brought along 1,203 requests')
    expect((await log()).hours).toMatchObject([{ group: 'deep', requests: 1_203 }])
  })

  it.runIf(hasTerminal)('goes on from where another has come meanwhile', async () => {
    const requests = Array.from({ length: 1_203 }, (_, n) => [TIME, 'm', DEEP, 1, 200, n])
    writeOriginal(database, { settings, requests })
    await world.balance(['import', 'openai-balance', '--store-file', database, '--yes'])
    const meanwhile = async () => {
      expect((await importing()).stderr).toContain('brought along 1,203 requests')
      return 'y\n'
    }
    const words = `import openai-balance --store-file ${database} --logs`
    const answers = [['Write 1 change?', meanwhile]] as const
    const { code, screen } = await terminal(world.dataDir, words, { answers })
    expect(code).toBe(0)
    expect(screen).toContain('brought along 0 requests')
    expect(screen).toContain('Another import of this log ran beside this one')
    const { hours, exchanges } = await log()
    expect(hours).toMatchObject([{ group: 'deep', requests: 1_203 }])
    expect(new Set(exchanges.map(({ requestId }) => requestId)).size).toBe(exchanges.length)
  })

  it.runIf(hasTerminal)('shows on a terminal how far it is', async () => {
    mkdirSync(world.dataDir)
    writeOriginal(database, ROWS)
    const words = `import openai-balance --store-file ${database} --logs --yes`
    const { code, screen } = await terminal(world.dataDir, words, { env: { TZ: 'Asia/Shanghai' } })
    expect(code).toBe(0)
    expect(screen).toContain('importing █')
    expect((await log()).exchanges[0]?.time).toBe(Date.parse('2025-12-24T10:00:00.250Z'))
  })

  it('only counts with --dry-run, and refuses what is no zone or no database', async () => {
    writeOriginal(database, ROWS)
    const rehearsed = await importing(database, '--dry-run')
    expect(rehearsed.stdout).toContain('up to 5 requests and 3 failed attempts')
    expect((await log()).exchanges).toEqual([])
    const zone = await importing(database, '--timezone', 'Mars/Olympus')
    expect(zone).toMatchObject({ code: 2, stderr: expect.stringContaining('no time zone') })
  })
})

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ImportShape } from '../../src/cli/shapes/import.ts'
import type { KeyStatus } from '../../src/model/status.ts'
import { World } from '../support/daemon.ts'
import { hasMariadb, Mariadb } from '../support/mariadb.ts'
import {
  fillOriginal,
  hashOf,
  type OriginalRows,
  writeOriginal,
} from '../support/original-database.ts'
import { PliantUpstream } from '../support/pliant-upstream.ts'

const TOKEN = 'tok-planted-000000000001'
const key = (name: string) => `sk-${name}-0123456789abcdef`

let world: World
let upstream: PliantUpstream
let database: string

beforeEach(async () => {
  world = new World()
  upstream = await PliantUpstream.start()
  database = join(world.cwd, 'data/default_db')
})
afterEach(async () => {
  await world.remove()
  await upstream.close()
})

function env(text: string): void {
  writeFileSync(join(world.cwd, '.env'), text)
}

/** What two runs leave in the store; their order of ids and times aside. */
async function kept(): Promise<unknown> {
  const store = await world.openStore()
  try {
    const { revision, settings, providers, keys, tokens } = await store.catalog()
    return { revision, settings, providers, keys, tokens }
  } finally {
    await store.close()
  }
}

const single = (): OriginalRows => ({
  settings: {
    DATABASE_TYPE: 'mysql',
    API_KEYS: JSON.stringify([key('a'), key('b')]),
    BASE_URL: `${upstream.url}/`,
    ALLOWED_TOKENS: JSON.stringify([TOKEN, 'sk-123456']),
    AUTH_TOKEN: TOKEN,
    MAX_RETRIES: '5',
    PROXIES: '["http://u:planted@proxy:1"]',
  },
})

const several = (): OriginalRows => ({
  settings: {
    ...single().settings,
    API_KEYS: '[]',
    DEFAULT_PROVIDER: 'Two',
    PROVIDERS_CONFIG: JSON.stringify([
      { name: 'one', path: 'eins', base_url: upstream.url, api_keys: [key('c')] },
      { name: 'Two', path: 'zwei', base_url: upstream.url, api_keys: [key('d'), key('e')] },
    ]),
  },
})

describe('import openai-balance', () => {
  it.each([
    ['one provider', single, ['a', 'b'], ['/v1', '/default/v1']],
    ['several', several, ['d', 'e', 'c'], ['/v1', '/two/v1', '/zwei/v1', '/one/v1', '/eins/v1']],
  ])('moves %s in: every key serves, by every path', async (_, rows, keys, paths) => {
    writeOriginal(database, rows())
    env('# comment\nexport DATABASE_TYPE=sqlite\nMAX_RETRIES=9\n')
    const before = hashOf(database)
    const done = await world.balance(['import', 'openai-balance', '--yes'])
    expect(done).toMatchObject({ code: 0 })
    expect(done.stdout + done.stderr).not.toMatch(/planted|0123456789abcdef/)
    expect(hashOf(database)).toBe(before)

    const daemon = await world.serve()
    for (const path of paths) {
      for (let turn = 0; turn < 2; turn++) {
        const { status } = await daemon.ask(TOKEN, { path: `${path}/chat/completions` })
        expect(status).toBe(200)
      }
    }
    expect(new Set(upstream.came)).toEqual(new Set(keys))
    expect((await daemon.ask('sk-123456')).status).toBe(401)
    await daemon.stop()
  })

  it('changes nothing when it is run again, or only rehearsed', async () => {
    writeOriginal(database, several())
    const args = ['import', 'openai-balance', '--store-file', database]
    const rehearsed = await world.balance([...args, '--dry-run'])
    expect(rehearsed).toMatchObject({ code: 0 })
    expect(rehearsed.stdout).toContain('add provider two with 2 keys')
    expect(await kept()).toMatchObject({ revision: 0, providers: [], tokens: [] })

    expect(await world.balance([...args, '--yes'])).toMatchObject({ code: 0 })
    const after = await kept()
    const again = await world.balance([...args, '--yes'])
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing to do') })
    expect(await kept()).toEqual(after)
    expect((await world.json<ImportShape>([...args, '--yes'])).changes).toEqual([])
  })

  it('takes what came to be there since', async () => {
    writeOriginal(database, single())
    const args = ['import', 'openai-balance', '--store-file', database]
    await world.balance([...args, '--yes'])
    await world.balance(['providers', 'disable', 'default'])
    await world.balance(['keys', 'disable', 'key-1'])
    const { settings } = single()
    const keys = JSON.stringify([key('a'), key('b'), key('z')])
    const newer = join(world.cwd, 'newer')
    writeOriginal(newer, { settings: { ...settings, API_KEYS: keys, MAX_RETRIES: '6' } })
    const report = await world.json<ImportShape>([...args.with(-1, newer), '--yes'])
    expect(report.changes).toEqual([
      'add 1 key to provider default',
      'change max_retries of provider default',
    ])
    const states = (await world.json<KeyStatus[]>(['keys', 'list'])).map(({ state }) => state)
    expect(states).toEqual(['disabled', 'active', 'active'])
    const [provider] = await world.json<{ enabled: boolean }[]>(['providers', 'list'])
    expect(provider?.enabled).toBe(false)
  })

  it('reports what it found with --json, secrets masked', async () => {
    writeOriginal(database, single())
    const report = await world.json<ImportShape>([
      'import',
      'openai-balance',
      '--store-file',
      database,
      '--dry-run',
    ])
    expect(report.sources).toEqual({ env: null, database: `sqlite:${database}` })
    expect(report.settings).toContainEqual({
      setting: 'API_KEYS',
      from: 'database',
      becomes: 'default: 2 keys: sk-…cdef, sk-…cdef',
      outcome: 'imported',
      remark: '',
    })
    expect(report.settings).toContainEqual({
      setting: 'PROXIES',
      from: 'database',
      becomes: 'proxy http://u:…@proxy:1',
      outcome: 'imported',
      remark: '',
    })
    expect(JSON.stringify(report)).not.toContain('planted')
  })

  it('asks before it writes, and where nobody can be asked wants --yes', async () => {
    env(`API_KEYS=["${key('a')}"]\nBASE_URL="${upstream.url}"\n`)
    const asked = await world.balance(['import', 'openai-balance'])
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
    expect(asked.stdout).toContain('add provider default with 1 key')
    expect(await kept()).toMatchObject({ providers: [] })
  })

  it('says so where the database that the .env names is not there', async () => {
    env(`DATABASE_TYPE=sqlite\nAPI_KEYS=["${key('a')}"]\n`)
    const { stderr } = await world.balance(['import', 'openai-balance', '--dry-run'])
    expect(stderr).toContain('data/default_db, which the .env names: the .env alone is read')
  })

  it.each([
    ['nothing to read', [], 'There is no .env in this folder'],
    ['two databases', ['--store-file', 'x', '--mysql', 'mysql://u@h/d'], 'not both'],
    ['a password', ['--mysql', 'mysql://u:planted@h/d'], 'never taken as an argument'],
    ['a missing file', ['--store-file', 'x'], 'There is no file'],
    ['a missing .env', ['--env', 'x'], 'cannot be read'],
  ])('refuses %s', async (_, args, message) => {
    const { code, stderr } = await world.balance(['import', 'openai-balance', ...args])
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('planted')
  })
})

describe.runIf(hasMariadb)('from MariaDB', () => {
  let server: Mariadb
  let name: string

  beforeEach(async () => {
    server = await Mariadb.start()
    name = await server.database()
    const connection = await server.connect(name)
    await fillOriginal(connection, single())
    await connection.end()
  })
  afterEach(() => server.stop())

  it('reads the database that is named, or that the .env names', async () => {
    const checksum = () => server.sql(`checksum table ${name}.t_settings extended`)
    const before = await checksum()
    const url = `mysql://balance@127.0.0.1:${server.port}/${name}`
    world.env.BALANCE_IMPORT_PASSWORD = server.password
    const named = await world.json<ImportShape>([
      'import',
      'openai-balance',
      '--mysql',
      url,
      '--yes',
    ])
    expect(named.sources.database).toBe(url)
    expect(named.changes).toContain('add provider default with 2 keys')

    delete world.env.BALANCE_IMPORT_PASSWORD
    mkdirSync(world.cwd, { recursive: true })
    env(
      `MYSQL_HOST=127.0.0.1\nMYSQL_PORT=${server.port}\nMYSQL_USER=balance\nMYSQL_PASSWORD='${server.password}'\nMYSQL_DATABASE=${name}\n`,
    )
    const found = await world.json<ImportShape>(['import', 'openai-balance', '--yes'])
    expect(found.sources.database).toBe(url)
    expect(found.changes).toEqual([])
    const unread = await world.balance(['import', 'openai-balance', '--dry-run'])
    expect(unread.stderr).toContain('was not read: add --yes')
    expect(await checksum()).toEqual(before)
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { openOriginal } from '../../src/store/original/database.ts'
import { hasMariadb, Mariadb } from '../support/mariadb.ts'
import {
  fillOriginal,
  hashOf,
  type OriginalRows,
  writeOriginal,
} from '../support/original-database.ts'
import { ENGINES } from './place.ts'

const TIME = '2025-12-24 18:00:00.250000'

const ROWS: OriginalRows = {
  settings: { API_KEYS: '["a"]', EMPTY: null, '': 'on' },
  requests: [
    [TIME, 'gpt-4o', 'sk-a', 1, 200, 1234],
    [TIME, null, null, 0, null, null],
  ],
  errors: [['sk-a', 'gpt-4o', 'deepseek-chat-stream', 'it broke', 429, 'null', TIME]],
}

let server: Mariadb | null = null
let folder: string

beforeAll(async () => {
  if (hasMariadb) server = await Mariadb.start()
})
afterAll(() => server?.stop())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bal-original-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function original(engine: string, rows: OriginalRows): Promise<string> {
  if (!server || engine === 'sqlite') {
    const path = join(folder, 'data/default_db')
    writeOriginal(path, rows)
    return `sqlite:${path}`
  }
  const name = await server.database()
  const connection = await server.connect(name)
  await fillOriginal(connection, rows)
  await connection.end()
  return server.url(name)
}

describe.each(ENGINES)('the original’s database on %s', engine => {
  it('is read as it is', async () => {
    const database = await openOriginal(await original(engine, ROWS), null)
    try {
      expect(Object.fromEntries(await database.settings())).toEqual(ROWS.settings)
      expect(await database.heads()).toEqual({ requests: 2, failures: 1 })
      const [full, bare] = await database.requests(0, 10)
      expect(full).toMatchObject({
        id: 1,
        model: 'gpt-4o',
        key: 'sk-a',
        success: true,
        status: 200,
        ms: 1234,
      })
      expect(full?.time).toMatch(/^2025-12-24 18:00:00/)
      expect(bare).toMatchObject({ model: null, key: null, success: false, status: null, ms: null })
      expect(await database.requests(1, 10)).toEqual([bare])
      expect(await database.failures(0, 10)).toMatchObject([
        { type: 'deepseek-chat-stream', status: 429, text: 'it broke', key: 'sk-a' },
      ])
    } finally {
      await database.close()
    }
  })

  it('may lack the tables of logs', async () => {
    const database = await openOriginal(await original(engine, {}), null)
    expect(await database.heads()).toEqual({ requests: 0, failures: 0 })
    expect(await database.identity()).toBe('')
    await database.close()
  })
})

describe('on SQLite', () => {
  it('is not changed by a bit, and a text where a number belongs is none', async () => {
    const errors = [['k', 'm', 't', null, 'connection broke', 'null', TIME]]
    const url = await original('sqlite', { ...ROWS, errors })
    const path = url.slice('sqlite:'.length)
    const before = hashOf(path)
    const database = await openOriginal(url, null)
    await database.settings()
    expect(await database.failures(0, 10)).toMatchObject([
      { status: null, text: 'connection broke' },
    ])
    await database.close()
    expect(hashOf(path)).toBe(before)
  })

  it.each([
    ['a missing file', () => {}, { code: 'usage' }],
    [
      'a text file',
      () => writeFileSync(join(folder, 'x'), 'hello, hello, hello'.repeat(99)),
      { code: 'store_invalid' },
    ],
    ['an empty database', () => writeFileSync(join(folder, 'x'), ''), { code: 'store_invalid' }],
  ])('refuses %s', async (_, prepare, error) => {
    prepare()
    await expect(openOriginal(`sqlite:${join(folder, 'x')}`, null)).rejects.toMatchObject(error)
  })
})

describe.runIf(hasMariadb)('on MariaDB', () => {
  it('takes its password beside the URL, and refuses a wrong one', async () => {
    const url = await original('mariadb', ROWS)
    const bare = url.replace(/:\/\/balance:[^@]*@/, '://balance@')
    await expect(openOriginal(bare, new Secret('planted'))).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    const database = await openOriginal(bare, new Secret(server?.password ?? ''))
    await database.close()
  })
})

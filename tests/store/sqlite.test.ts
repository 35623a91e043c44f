import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { openStore, type StoreOptions } from '../../src/store/open.ts'
import { storeOptions, temporaryStore } from '../support/store.ts'
import { value } from './suites/keys.ts'
import { OPENAI } from './suites/providers.ts'
import { attempt, exchange, NODE } from './suites/records.ts'

const FILES = ['balance.db', 'balance-log.db']
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

describe('SQLite files', () => {
  let base: string
  let folder: string
  let options: StoreOptions

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'bal-files-'))
    folder = join(base, 'state', 'balance')
    options = storeOptions(folder)
  })
  afterEach(() => rmSync(base, { recursive: true, force: true }))

  it('keep nothing of what an old master key opened', async () => {
    const store = await openStore(options)
    await store.addProvider(OPENAI, { makeDefault: false })
    const many = Array.from({ length: 300 }, (_, n) => value(`sk-${n}-${'x'.repeat(n)}`))
    await store.addKeys('openai', many)
    const db = new Sqlite(join(folder, 'balance.db'), { readonly: true })
    const sealed = db.prepare<[], Buffer>('select sealed from provider_keys').pluck().all()
    const wrapped = db.prepare<[], Buffer>('select wrapped from vault').pluck().all()
    db.close()
    await store.rotateMasterKey()
    await store.close()
    expect(readdirSync(folder)).not.toContain('balance.db-wal')
    const file = readFileSync(join(folder, 'balance.db'))
    // A cell may be cut where it was freed: its end is looked for too.
    const found = [...sealed, ...wrapped].filter(
      blob => file.includes(blob.subarray(0, 24)) || file.includes(blob.subarray(-24)),
    )
    expect(found).toEqual([])
  })

  it.each([0o000, 0o022, 0o077])('are 0600 in folders of 0700 under umask %i', async umask => {
    const before = process.umask(umask)
    const store = await openStore(options)
    await store.addProvider(OPENAI, { makeDefault: false })
    await store.addKeys('openai', [value('sk-1')])
    await store.record([exchange()], NODE)
    const made = readdirSync(folder).sort()
    expect(made).toEqual([
      'balance-log.db',
      'balance-log.db-shm',
      'balance-log.db-wal',
      'balance.db',
      'balance.db-shm',
      'balance.db-wal',
      'master-key',
    ])
    expect(made.map(name => mode(join(folder, name)))).toEqual(made.map(() => '600'))
    expect([mode(folder), mode(join(base, 'state'))]).toEqual(['700', '700'])
    await store.close()
    process.umask(before)
  })

  it('belong to the owner of the folder when root makes them', async context => {
    if (process.geteuid?.() !== 0) return context.skip()
    const { chownSync } = await import('node:fs')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chownSync(folder, 4_321, 4_322)
    const store = await openStore(options)
    await store.addProvider(OPENAI, { makeDefault: false })
    await store.addKeys('openai', [value('sk-1')]).catch(() => null)
    const owners = readdirSync(folder).map(name => statSync(join(folder, name)).uid)
    expect(new Set(owners)).toEqual(new Set([4_321]))
    await store.close()
  })

  it('are written with care: WAL, the control tables in full', async () => {
    const store = await openStore(options)
    const db = new Sqlite(join(folder, 'balance.db'))
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
    db.close()
    await store.close()
  })

  it.each(FILES)('%s that others could write is refused', async name => {
    await (await openStore(options)).close()
    chmodSync(join(folder, name), 0o620)
    const error = await openStore(options).catch(e => e)
    expect(error).toMatchObject({ code: 'config_unsafe', exit: 78 })
    expect(error.hint).toBe(`chmod 600 ${join(folder, name)}`)
  })

  it('in a folder where anybody could replace them are refused, unless it is sticky', async () => {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o777)
    await expect(openStore(options)).rejects.toMatchObject({ code: 'config_unsafe' })
    chmodSync(folder, 0o1777)
    await (await openStore(options)).close()
  })

  it.each(FILES)('%s that is no database is refused, named and left as it is', async name => {
    await (await openStore(options)).close()
    const path = join(folder, name)
    for (const content of ['hello', 'not a database, but long enough to be one '.repeat(200)]) {
      writeFileSync(path, content)
      const error = await openStore(options).catch(e => e)
      expect(error).toMatchObject({ code: 'store_invalid', exit: 78 })
      expect(error.message).toContain(path)
      expect(error.hint).toContain(`mv ${path} ${path}.damaged`)
      expect(readFileSync(path, 'utf8')).toBe(content)
    }
  })

  it('that are damaged inside are told as such', async () => {
    const store = await openStore(options)
    for (let turn = 0; turn < 50; turn++) await store.createToken({ name: `token-${turn}` })
    await store.close()
    const path = join(folder, 'balance.db')
    const content = readFileSync(path)
    content.fill(0xff, 4_096)
    writeFileSync(path, content)
    const error = await openStore(options)
      .then(async again => {
        const thrown = await again.tokens().catch(e => e)
        await again.close()
        return thrown
      })
      .catch(e => e)
    expect(error).toMatchObject({ code: 'store_invalid' })
  })

  it('a log that is missing is begun anew', async () => {
    await (await openStore(options)).close()
    rmSync(join(folder, 'balance-log.db'))
    const store = await openStore(options)
    await store.record([exchange()], NODE)
    expect(await store.records({ limit: 5 })).toHaveLength(1)
    await store.close()
  })

  it('a place that cannot be written is told, with its path', async () => {
    writeFileSync(join(base, 'state'), '')
    const error = await openStore(options).catch(e => e)
    expect(error).toMatchObject({ code: 'store_unavailable' })
    expect(error.message).toContain(folder)
    mkdirSync(join(base, 'folder.db'))
    const url = `sqlite:${join(base, 'folder.db')}`
    await expect(openStore({ ...options, url })).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    expect(existsSync(join(base, 'folder.db'))).toBe(true)
  })
})

describe('a SQLite store locked by another process', () => {
  /** Passes the time of a wait at once, and counts it. */
  function hastyClock(): Clock & { waited: number } {
    let waited = 0
    return {
      ...systemClock,
      now: () => systemClock.now() + waited,
      async sleep(ms) {
        waited += ms * 200
      },
      get waited() {
        return waited
      },
    }
  }

  it('is read, and tried again until the lock is free', async () => {
    const { store, folder, remove } = await temporaryStore()
    await store.addProvider(OPENAI, { makeDefault: false })
    const other = new Sqlite(join(folder, 'balance.db'))
    other.exec('begin immediate')
    expect(await store.revision()).toBe(1)
    expect((await store.catalog()).providers).toHaveLength(1)
    const waiting = store.setSetting('max_retries', 7)
    // The first try has failed when this runs, for it blocks.
    await systemClock.sleep(1)
    other.exec('commit')
    other.close()
    await waiting
    expect(await store.revision()).toBe(2)
    await remove()
  })

  it('is given up after a few seconds, for changes and for records', async () => {
    const clock = hastyClock()
    const { store, folder, remove } = await temporaryStore({ clock })
    for (const [name, write] of [
      ['balance.db', () => store.createToken({ name: 'one' })],
      ['balance-log.db', () => store.record([exchange()], NODE)],
    ] as const) {
      const other = new Sqlite(join(folder, name))
      other.exec('begin immediate')
      const error = await write().catch(e => e)
      expect(error).toMatchObject({ code: 'store_unavailable' })
      expect(error.message).toContain(join(folder, name))
      other.exec('rollback')
      other.close()
    }
    expect(clock.waited).toBeGreaterThan(2_000)
    expect(await store.tokens()).toEqual([])
    await remove()
  })
})

describe('planted secrets', () => {
  it('are in no byte of the database files, their WAL, or anything else in the folder', async () => {
    const { store, folder, options, remove } = await temporaryStore()
    const planted = Array.from({ length: 20 }, (_, turn) => `sk-planted-${turn}-Zx9!secret`)
    await store.addProvider(OPENAI, { makeDefault: false })
    const { added } = await store.addKeys(
      'openai',
      planted.map(text => value(text)),
    )
    const id = added[0]?.id ?? ''
    await store.changeKey(id, { value: new Secret('sk-planted-new-Zx9!secret') })
    await store.changeProvider('openai', { baseUrl: 'https://moved.example/v1' })
    const made = await store.createToken({ name: 'made' })
    await store.createToken({ name: 'given', value: new Secret('token-planted-Zx9!secret') })
    await store.record([exchange({ failures: [attempt()] })], NODE)
    await store.catalog()
    await store
      .addKeys(
        'openai',
        planted.map(text => value(`${text} with a space`)),
      )
      .catch(() => {})
    const whole = () =>
      readdirSync(folder)
        .filter(name => name !== 'master-key')
        .map(name => readFileSync(join(folder, name), 'latin1'))
        .join('')
    expect(whole()).toContain('https://moved.example')
    for (const text of ['planted-', 'Zx9!secret', made.secret.reveal()]) {
      expect(whole()).not.toContain(text)
    }
    const masterKey = readFileSync(join(options.dataDir, 'master-key'), 'utf8').trim()
    expect(whole()).not.toContain(masterKey)
    expect(whole()).not.toContain(Buffer.from(masterKey, 'base64').toString('latin1'))
    await store.close()
    expect(whole()).not.toContain('Zx9!secret')
    await remove()
  })
})

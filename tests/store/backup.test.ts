import { createHash } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/model/store.ts'
import { outage, word } from '../support/catalog.ts'
import { ENGINES, type Place, stopSharedServer, usePlaces } from './place.ts'
import { memory, value } from './suites/keys.ts'
import { DEEPSEEK, OPENAI } from './suites/providers.ts'
import { attempt, exchange } from './suites/records.ts'

/** A whole number of pages, as they are read and as they are written. */
const RECORDS = 4_000

stopSharedServer()

/** A store with something of everything in it. */
async function furnished(here: Place): Promise<Store> {
  const store = await here.open()
  await store.addProvider({ ...OPENAI, overrides: { headers: { 'x-é': '\u2028 😀' } } }, AUTO)
  await store.addProvider(DEEPSEEK, AUTO)
  const { added } = await store.addKeys('openai', [value('sk-planted-secret-one'), value('env:K')])
  await store.addKeys('deepseek', [value('sk-planted-secret-two')])
  await store.remember(added.map(({ id }) => memory(id, 1)))
  const { id: providerId } = await store.provider('openai')
  await store.rememberOutages([outage({ 'gpt-4o': word(1_000, 5_000) }, { providerId })])
  await store.createToken({ name: 'one', models: ['gpt-*'], rpm: 7 })
  await store.addTargets('fast', [
    { provider: 'openai', model: null, weight: 3 },
    { provider: 'deepseek', model: 'chat', tier: 2 },
  ])
  await store.setSetting('max_retries', 7)
  const records = Array.from({ length: RECORDS }, (_, n) =>
    exchange({ requestId: `r-${n}`, failures: n % 50 === 0 ? [attempt()] : [] }),
  )
  await store.record(records, 'node')
  await store.importLog('import:x', {
    exchanges: [],
    failures: [{ ...attempt(), requestId: 'i:1' }],
    after: { requests: 0, failures: 0 },
    heads: { requests: 0, failures: 1 },
  })
  return store
}

const AUTO = { makeDefault: false }

/** Everything that can be asked of a store, but for its revision. */
async function contents(here: Place, store: Store) {
  const { revision: _, ...catalog } = await store.catalog()
  const hour = { since: 0, until: Number.MAX_SAFE_INTEGER }
  return {
    catalog,
    secrets: catalog.keys.map(key => key.secret?.reveal()),
    settings: await store.settings(),
    audit: await here.sql(`select * from audit where action <> 'store.restore' order by id`),
    records: await store.records({ limit: 10_000 }),
    failures: await store.failures({ limit: 10_000 }),
    imported: await here.sql(
      'select kind, first_id, last_id, oldest from imported_spans',
      [],
      true,
    ),
    stats: await store.stats({ by: 'provider', ...hour }),
  }
}

async function backedUp(here: Place, store: Store, logs = true): Promise<string> {
  const file = join(here.folder, 'a.backup')
  await store.backup(file, { logs, version: '1.2.3' })
  return file
}

describe.each(ENGINES)('a backup of %s', from => {
  const source = usePlaces(from)

  describe.each(ENGINES)('restored to %s', to => {
    const target = usePlaces(to)

    it('is the same store, and goes on from there', async () => {
      const [here, there] = [await source(), await target()]
      const store = await furnished(here)
      const file = await backedUp(here, store)
      copyFileSync(join(here.folder, 'master-key'), join(there.folder, 'master-key'))
      const other = await there.open()
      expect((await other.readBackup(file)).masterKey.state).toBe('right')
      const restored = await other.restore(file)
      expect(restored).toMatchObject({
        ...{ revision: await store.revision(), logs: true, version: '1.2.3' },
        ...{ engine: from === 'sqlite' ? 'sqlite' : 'mysql' },
        rows: { providers: 2, provider_keys: 3, exchanges: RECORDS },
      })
      expect(await contents(there, other)).toEqual(await contents(here, store))
      expect(await other.revision()).toBe((await store.revision()) + 1)
      expect(await there.sql(`select * from audit where action = 'store.restore'`)).toHaveLength(1)
      // Ids that were given before are given to nothing else.
      const [newest] = await other.records({ limit: 1 })
      await other.record([exchange({ requestId: 'after' })], 'node')
      expect((await other.records({ limit: 1 }))[0]?.id).toBeGreaterThan(newest?.id ?? 0)
      await other.addKeys('openai', [value('sk-after')])
      expect(await other.addKeys('openai', [value('sk-planted-secret-one')])).toMatchObject({
        duplicates: 1,
      })
    })
  })

  it('is a file of its own, for its owner alone, without the master key', async () => {
    const here = await source()
    const store = await furnished(here)
    const file = await backedUp(here, store)
    await backedUp(here, store)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(here.folder).filter(name => name.includes('.backup'))).toEqual(['a.backup'])
    const text = gunzipSync(readFileSync(file)).toString()
    const key = Buffer.from(readFileSync(join(here.folder, 'master-key'), 'utf8'), 'base64')
    for (const planted of [key.toString('base64'), key.toString('hex'), 'sk-planted']) {
      expect(text).not.toContain(planted)
    }
    const nowhere = store.backup(join(here.folder, 'none', 'b'), { logs: true, version: '' })
    await expect(nowhere).rejects.toMatchObject({ code: 'failed' })
  })

  it('without logs leaves the log that is there, and what it has not goes', async () => {
    const here = await source()
    const store = await furnished(here)
    const file = await backedUp(here, store, false)
    expect(gunzipSync(readFileSync(file)).toString()).not.toContain('"r-0"')
    const before = await contents(here, store)
    await store.removeProvider('deepseek')
    await store.addProvider({ ...OPENAI, name: 'later' }, AUTO)
    await store.record([exchange({ requestId: 'later' })], 'node')
    await store.restore(file)
    const { records, stats: _, failures: __, ...after } = await contents(here, store)
    expect(records).toHaveLength(RECORDS + 1)
    expect(before).toMatchObject(after)
  })

  it('says before it is restored that the master key at hand does not open it', async () => {
    const here = await source()
    const file = await backedUp(here, await furnished(here))
    rmSync(join(here.folder, 'master-key'))
    const { masterKey } = await (await here.open()).readBackup(file)
    expect(masterKey).toMatchObject({ state: 'missing' })
    expect(masterKey.problem).toContain(join(here.folder, 'master-key'))
  })

  it('that was made by hand and holds what no table takes is refused by its line', async () => {
    const here = await source()
    const store = await furnished(here)
    const file = await backedUp(here, store)
    const [head = '', ...rest] = gunzipSync(readFileSync(file)).toString().split('\n').slice(0, -2)
    const before = [await contents(here, store), await store.revision()]
    const write = (lines: readonly string[]) => {
      const counts: Record<string, number> = {}
      let table = ''
      for (const line of lines.slice(1)) {
        const value = JSON.parse(line)
        if (!Array.isArray(value)) table = value.table
        counts[table] = (counts[table] ?? 0) + Number(Array.isArray(value))
      }
      const text = lines.map(line => `${line}\n`).join('')
      const sha256 = createHash('sha256').update(text).digest('hex')
      writeFileSync(file, gzipSync(`${text}${JSON.stringify({ rows: counts, sha256 })}\n`))
    }
    const at = (table: string) => rest.findIndex(line => line.startsWith(`{"table":"${table}"`)) + 1
    const row = (table: string, index = 0) => JSON.parse(rest[at(table) + index] ?? '')
    const columns = (table: string): string[] => JSON.parse(rest[at(table) - 1] ?? '').columns
    const cell = (table: string, column: string, value: unknown, index = 0) => {
      const changed = row(table, index).with(columns(table).indexOf(column), value)
      return rest.with(at(table) + index, JSON.stringify(changed))
    }
    const line = (table: string, index = 0) => `line ${at(table) + 2 + index}:`
    const wrong: [string, string[], string][] = [
      ['an unknown table', ['{"table":"nodes","columns":["id"]}', '["x"]', ...rest], 'line 3:'],
      [
        'an unknown column',
        rest.map(text => text.replace('["seq","id","name","path"', '["seq","id","nomen","path"')),
        line('providers'),
      ],
      ['text for a number', cell('exchanges', 'status', 'many', 1_234), line('exchanges', 1_234)],
      ['nothing where something must be', cell('exchanges', 'time', null), line('exchanges')],
      ['bytes for text', cell('providers', 'name', { base64: 'AAAA' }, 1), line('providers', 1)],
      ['text for bytes', cell('tokens', 'hash', 'x'), line('tokens')],
      ['text for JSON', cell('providers', 'overrides', '{'), line('providers')],
      ['a row twice', rest.toSpliced(at('tokens'), 0, rest[at('tokens')] ?? ''), line('tokens', 1)],
      ['no revision', rest.toSpliced(0, 2), 'revision'],
      ['a list in a row', cell('tokens', 'name', ['x']), line('tokens')],
      ['a name of no column', rest.with(0, '{"table":"revision","columns":[1]}'), 'line 2:'],
    ]
    for (const [how, lines, where] of wrong) {
      write([head, ...lines])
      const error = await store.restore(file).catch(caught => caught)
      expect({ how, error: { code: error.code, message: error.message } }).toMatchObject({
        error: { code: 'failed', message: expect.stringContaining(where) },
      })
    }
    for (const [field, value] of [
      ['created', '"never"'],
      ['logs', '0'],
      ['revision', '"7"'],
    ]) {
      const fields = new RegExp(`"${field}":("[^"]*"|\\w+)`)
      write([head.replace(fields, `"${field}":${value}`), ...rest])
      const error = await store.readBackup(file).catch(caught => caught)
      expect(error).toMatchObject({ code: 'failed' })
      expect(error.message).toContain(`line 1: ${field}`)
    }
    write([head.replace('"logs":true', '"logs":false'), ...rest])
    await expect(store.restore(file)).rejects.toMatchObject({ code: 'failed' })
    expect([await contents(here, store), await store.revision()]).toEqual(before)
    write([head, ...rest])
    await store.restore(file)
    expect(await contents(here, store)).toEqual(before[0])
  })

  it('that is not whole changes nothing', async () => {
    const here = await source()
    const store = await furnished(here)
    const file = await backedUp(here, store)
    const packed = readFileSync(file)
    const lines = gunzipSync(packed).toString().split('\n')
    const before = [await contents(here, store), await store.revision()]
    const changed = (change: (lines: string[]) => string[]) =>
      gzipSync(change([...lines]).join('\n'))
    const wrong = {
      empty: Buffer.alloc(0),
      'cut short': packed.subarray(0, packed.length - 20),
      'no gzip': Buffer.from('SQLite format 3'),
      'without its end': changed(all => all.slice(0, -2)),
      'with half its end': changed(all => [...all.slice(0, -2), all.at(-2)?.slice(0, 20) ?? '']),
      'with another value': changed(all => all.map(line => line.replace('"r-7"', '"r-x"'))),
      'without a row': changed(all => all.filter(line => !line.includes('"r-7"'))),
      'with rows exchanged': changed(all => all.with(3, all[4] ?? '').with(4, all[3] ?? '')),
      'with a table of its own': changed(all => [
        ...all.slice(0, 1),
        '{"table":"sqlite_schema","columns":["name"]}',
        '["x"]',
        ...all.slice(1),
      ]),
      'with a row before any table': changed(all => ['["x"]', ...all]),
      'with more after its end': changed(all => [...all.slice(0, -1), '["x"]', '']),
    }
    for (const [how, bytes] of Object.entries(wrong)) {
      writeFileSync(file, bytes)
      const failed = { code: 'failed' }
      await expect(store.readBackup(file), how).rejects.toMatchObject(failed)
      await expect(store.restore(file), how).rejects.toMatchObject(failed)
    }
    for (const change of ['"balance_backup":2', '"control":99']) {
      const [name = ''] = change.split(':')
      const newer = lines.with(0, lines[0]?.replace(new RegExp(`${name}:\\d+`), change) ?? '')
      writeFileSync(file, gzipSync(newer.join('\n')))
      await expect(store.restore(file)).rejects.toMatchObject({ code: 'store_too_new' })
    }
    rmSync(file)
    await expect(store.restore(file)).rejects.toMatchObject({ code: 'failed' })
    expect([await contents(here, store), await store.revision()]).toEqual(before)
  })
})

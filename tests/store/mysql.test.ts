import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Store } from '../../src/model/store.ts'
import { openStore } from '../../src/store/open.ts'
import { hasMariadb, Mariadb } from '../support/mariadb.ts'
import { storeOptions } from '../support/store.ts'
import { attempt, exchange, NODE } from './suites/records.ts'

describe.skipIf(!hasMariadb)('store on MariaDB', () => {
  let server: Mariadb
  const stores: Store[] = []

  beforeAll(async () => {
    server = await Mariadb.start()
  })
  afterAll(async () => {
    for (const store of stores) await store.close().catch(() => {})
    await server.stop()
  })

  async function open(url: string, password: Secret | null = null): Promise<Store> {
    const defaults = storeOptions('/nowhere')
    const env = { ...defaults.env, mysqlPassword: password }
    const store = await openStore({ ...defaults, url, env })
    stores.push(store)
    return store
  }

  it('takes its password from the URL, or from beside it, and shows neither', async () => {
    const url = server.url(await server.database())
    const bare = url.replace(/:[^:@/]+@/, '@')
    expect((await open(url)).url).toBe(bare)
    expect((await open(bare, new Secret(server.password))).url).toBe(bare)
    const error = await open(bare, new Secret('wrong-password')).catch(e => e)
    expect(error).toMatchObject({ code: 'store_unavailable' })
    expect(error.hint).toContain('BALANCE_MYSQL_PASSWORD')
    expect(`${error.message}${error.hint}`).not.toContain('wrong-password')
  })

  it('is reached by a socket', async () => {
    const url = server.url(await server.database())
    const store = await open(`${url}?socket=${server.socket}`.replace(String(server.port), '1'))
    expect(await store.revision()).toBe(0)
  })

  it('names a database that is not there, and a server that is not', async () => {
    const missing = await open(server.url('t_missing')).catch(e => e)
    expect(missing).toMatchObject({ code: 'store_unavailable', hint: 'Create the database first.' })
    const none = await open('mysql://balance@127.0.0.1:1/t').catch(e => e)
    expect(none).toMatchObject({ code: 'store_unavailable' })
    expect(none.message).toContain('mysql://balance@127.0.0.1:1/t')
  })

  it('keeps its own mode where the server would cut, or escape otherwise', async () => {
    await server.sql(`set global sql_mode = 'NO_BACKSLASH_ESCAPES'`)
    const store = await open(server.url(await server.database()))
    const text = `'); drop table tokens; -- \\'`
    await store.record([exchange({ model: text, requestId: text })], NODE)
    expect((await store.recordOf(text)).exchange.model).toBe(text)
    await store.createToken({ name: text })
    expect((await store.tokens()).map(({ name }) => name)).toEqual([text])
    await server.sql('set global sql_mode = default')
  })

  it('joins failures to their exchange where ids are given out in steps', async () => {
    const url = server.url(await server.database())
    await server.sql(
      'set global auto_increment_increment = 7',
      'set global auto_increment_offset = 3',
    )
    const store = await open(url)
    await store.record(
      Array.from({ length: 600 }, (_, index) =>
        exchange({ requestId: `r${index}`, failures: [attempt({ code: `c${index}` })] }),
      ),
      NODE,
    )
    for (const index of [0, 1, 249, 250, 599]) {
      const { failures } = await store.recordOf(`r${index}`)
      expect(failures.map(({ code }) => code)).toEqual([`c${index}`])
    }
    await server.sql(
      'set global auto_increment_increment = 1',
      'set global auto_increment_offset = 1',
    )
  })

  it('gives up on a lock after two seconds, and holds none itself then', async () => {
    const database = await server.database()
    const store = await open(server.url(database))
    const other = await server.connect(database)
    await other.query('begin')
    await other.query('select * from revision for update')
    const start = systemClock.now()
    const waiting = store.createToken({ name: 'one' })
    await expect(waiting).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(systemClock.now() - start).toBeLessThan(3_500)
    await other.query('commit')
    await other.end()
    await store.createToken({ name: 'one' })
    expect(await store.revision()).toBe(1)
  })

  it('fails in time while the server is frozen, and works again after', async () => {
    const url = server.url(await server.database())
    const store = await open(url)
    const ending = await open(url)
    await store.createToken({ name: 'before' })
    server.freeze()
    const start = systemClock.now()
    const fates = await Promise.allSettled([
      store.revision(),
      store.record([exchange()], NODE),
      ending.close(),
    ])
    const unavailable = { status: 'rejected', reason: { code: 'store_unavailable' } }
    expect(fates).toMatchObject([unavailable, unavailable, { status: 'fulfilled' }])
    expect(systemClock.now() - start).toBeLessThan(4_000)
    server.freeze(false)
    expect(await store.revision()).toBe(1)
    await store.record([exchange()], NODE)
  })

  it('fails at once while the server is gone, and works again when it is back', async () => {
    const store = await open(server.url(await server.database()))
    await store.createToken({ name: 'before' })
    await server.kill()
    await expect(store.revision()).rejects.toMatchObject({ code: 'store_unavailable' })
    await expect(store.createToken({ name: 'x' })).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    await server.up()
    expect((await store.tokens()).map(({ name }) => name)).toEqual(['before'])
  })
})

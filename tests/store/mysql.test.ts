import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Store } from '../../src/model/store.ts'
import { openStore } from '../../src/store/open.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { hasMariadb, Mariadb } from '../support/mariadb.ts'
import { storeOptions } from '../support/store.ts'
import { node } from './suites/nodes.ts'
import { attempt, exchange, NODE } from './suites/records.ts'
import { ALL, settle } from './suites/retention.ts'

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

  async function open(
    url: string,
    password: Secret | null = null,
    clock: Clock = systemClock,
  ): Promise<Store> {
    const defaults = storeOptions('/nowhere')
    const env = { ...defaults.env, mysqlPassword: password }
    const store = await openStore({ ...defaults, url, env, clock })
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
    expect(error.hint).toContain('BALANCE_STORE_PASSWORD')
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

  it('goes by the clock of the server, whatever those of its hosts and its zone say', async () => {
    await server.sql(`set global time_zone = '+09:00'`)
    const url = server.url(await server.database())
    const now = systemClock.wall()
    const early = await open(url, null, new ManualClock(now - 3_600_000))
    const late = await open(url, null, new ManualClock(now + 3_600_000))
    await early.announce(node('early:1'))
    await late.announce(node('late:2'))
    for (const store of [early, late]) {
      const nodes = await store.nodes()
      expect(nodes.map(({ id }) => id)).toEqual(['early:1', 'late:2'])
      for (const { seen } of nodes) expect(Math.abs(seen - now)).toBeLessThan(10_000)
    }
    expect(await early.takeLease('checks', 'early:1', 60_000)).toBe(true)
    expect(await late.takeLease('checks', 'late:2', 60_000)).toBe(false)
    expect(await early.takeLease('other', 'early:1', 0)).toBe(true)
    expect(await late.takeLease('other', 'late:2', 60_000)).toBe(true)
    expect(await early.takeLease('other', 'early:1', 60_000)).toBe(false)
    await late.record([exchange({ time: now - 100_000 })], NODE)
    expect(await late.prune({ ...ALL, maxAge: 3_600_000 })).toMatchObject({ exchanges: 0 })
    await server.sql('set global time_zone = default')
  })

  it('is brought below its size by removing the oldest, and no more than that', async () => {
    const database = await server.database()
    const store = await open(server.url(database))
    const time = systemClock.wall()
    const rows = Array.from({ length: 20_000 }, (_, n) =>
      exchange({
        requestId: `${(n * 7_919) % 20_000}`,
        time,
        failures: n % 20 ? [] : [attempt({ time })],
      }),
    )
    await store.record(rows, NODE)
    // The server does this by itself, but only seconds later.
    await server.sql(
      `analyze table ${database}.exchanges, ${database}.failures, ${database}.rollups`,
    )
    const { bytes } = await store.prune(ALL)
    const slices = await settle(store, { ...ALL, maxBytes: bytes / 2 })
    expect(slices.at(-1)?.bytes).toBeLessThanOrEqual(bytes / 2)
    const left = await store.records({ limit: 20_000 })
    expect(left.length).toBeGreaterThan(8_000)
    expect(left.length).toBeLessThan(11_000)
    expect(left[0]?.requestId).toBe(rows.at(-1)?.requestId)
    expect(left.at(-1)?.requestId).toBe(rows[20_000 - left.length]?.requestId)
    const failures = await store.failures({ limit: 20_000 })
    expect(failures.length).toBeLessThanOrEqual(left.length / 20 + 1)
    expect(failures.length).toBeGreaterThan(left.length / 20 - 10)
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

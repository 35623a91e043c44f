import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { BalanceError } from '../../src/base/errors.ts'
import { Secret } from '../../src/base/secret.ts'
import type { StoreHealth } from '../../src/model/status.ts'
import type { Store } from '../../src/model/store.ts'
import { openStore, type StoreOptions } from '../../src/store/open.ts'
import { openThreadedStore } from '../../src/store/threaded.ts'
import { outage, word } from '../support/catalog.ts'
import { storeOptions } from '../support/store.ts'
import { bundle } from './bundle.ts'
import { memory, value } from './suites/keys.ts'
import { OPENAI } from './suites/providers.ts'
import { exchange, NODE } from './suites/records.ts'

/** The thread, and a wire by which a test can end it from outside. */
const MORTAL = `
  import { workerData } from 'node:worker_threads'
  const wire = new BroadcastChannel(workerData.dataDir)
  wire.onmessage = () => process.exit(7)
  wire.unref()
  await import('./thread.ts')
`

describe('store in a thread', () => {
  let code: Awaited<ReturnType<typeof bundle>>
  let folder: string
  let options: StoreOptions
  let store: Store & { readonly health: StoreHealth }

  beforeAll(async () => {
    code = await bundle(MORTAL)
  })
  afterAll(() => code.remove())
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bal-thread-'))
    const defaults = storeOptions(folder)
    options = { ...defaults, env: { ...defaults.env, variables: { KEY: 'sk-from-env' } } }
    store = await openThreadedStore(options, code.url)
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function kill(): void {
    const wire = new BroadcastChannel(folder)
    wire.postMessage('die')
    wire.close()
  }

  /** Resolves when the store is well, or ill, again; polls, as `status` does. */
  async function turned(ok: boolean): Promise<void> {
    while (store.health.ok !== ok) await systemClock.sleep(5)
  }

  it('has the same verbs as one that is opened directly', async () => {
    const direct = await openStore(options)
    const names = Object.keys(direct).sort()
    await direct.close()
    expect(
      Object.keys(store)
        .filter(name => name !== 'health')
        .sort(),
    ).toEqual(names)
    expect(store.url).toBe(`sqlite:${folder}/balance.db`)
  })

  it('tells of no key that was removed while its thread was dead', async () => {
    await store.addProvider(OPENAI, { makeDefault: false })
    const { added } = await store.addKeys('openai', [value('sk-stays'), value('sk-goes')])
    expect((await store.catalog()).keys).toHaveLength(2)
    kill()
    await turned(false)
    const other = await openStore(options)
    await other.removeKeys([added[1]?.id ?? ''])
    await other.close()
    await turned(true)
    expect((await store.catalog()).keys.map(({ id }) => id)).toEqual([added[0]?.id])
  })

  it('carries secrets there and back', async () => {
    await store.addProvider(OPENAI, { makeDefault: false })
    await store.addKeys('openai', [value('sk-crossing'), value('env:KEY')])
    const { token, secret } = await store.createToken({
      name: 'one',
      value: new Secret('token-that-crosses'),
    })
    expect(secret).toBeInstanceOf(Secret)
    expect(secret.reveal()).toBe('token-that-crosses')
    const { keys, tokens } = await store.catalog()
    expect(keys[0]?.secret).toBeInstanceOf(Secret)
    expect(keys.map(key => key.secret?.reveal())).toEqual(['sk-crossing', 'sk-from-env'])
    expect(tokens).toEqual([token])
    await store.reconcile({
      settings: {},
      providers: [{ ...OPENAI, name: 'filed', enabled: true, keys: [value('env:KEY')] }],
    })
    expect((await store.keys('filed'))[0]?.reference).toBe('env:KEY')
    await store.importKeys([{ provider: 'filed', keys: [value('sk-imported')] }])
    expect((await store.catalog()).keys.at(-1)?.secret?.reveal()).toBe('sk-imported')
  })

  it('carries maps, records and what was learned', async () => {
    await store.addProvider(OPENAI, { makeDefault: false })
    const { added } = await store.addKeys('openai', [value('sk-1')])
    const id = added[0]?.id ?? ''
    await store.remember([memory(id, 1)])
    expect((await store.memories()).get(id)).toEqual(memory(id, 1))
    await store.record([exchange()], NODE)
    expect((await store.recordOf('req-1')).exchange.model).toBe('gpt')
    const hour = { since: exchange().time, until: exchange().time + 1 }
    expect(await store.stats({ by: 'model', ...hour })).toMatchObject([{ group: 'gpt' }])
    expect(await store.heads()).toEqual({ revision: 2, learned: 1 })
    const [provider] = await store.providers()
    const outages = [outage({ m: word(1, 5_000) }, { providerId: provider?.id ?? '' })]
    await store.rememberOutages(outages)
    expect(await store.outages()).toEqual(outages)
    expect((await store.catalog()).outages).toEqual(outages)
    const lessons = { learned: 2, memories: [memory(id, 1)], outages }
    expect(await store.learnedSince(0)).toEqual(lessons)
  })

  it('carries whose doing a change is, and what it was planned for', async () => {
    const guest = store.as({ who: 'guest', what: 'test' }, 0)
    await guest.addProvider(OPENAI, { makeDefault: false })
    expect((await store.audit({ limit: 1 }))[0]?.who).toBe('guest')
    await expect(guest.removeProvider('openai')).rejects.toMatchObject({ code: 'stale_plan' })
    expect(await guest.providers()).toHaveLength(1)
  })

  it('carries routes', async () => {
    await store.addProvider(OPENAI, { makeDefault: false })
    const place = { provider: 'openai', model: null }
    const route = await store.addTargets('fast', [{ ...place, weight: 2 }])
    expect((await store.catalog()).routes).toEqual([route])
    expect(await store.removeTargets('fast', [place])).toBeNull()
    expect(await store.routes()).toEqual([])
  })

  it('carries errors with their code, message, hint and exit', async () => {
    await store.addProvider(OPENAI, { makeDefault: false })
    const error = await store.provider('opneai').catch(e => e)
    expect(error).toBeInstanceOf(BalanceError)
    expect(error).toMatchObject({ code: 'no_such', exit: 3, hint: 'Did you mean openai?' })
    const defect = await store.record([exchange({ status: null as never })], NODE).catch(e => e)
    expect(defect).toMatchObject({ code: 'internal_error' })
    expect(String(defect.cause)).toContain('NOT NULL')
  })

  it('refuses to open what openStore refuses', async () => {
    const other = join(folder, 'other.db')
    writeFileSync(other, 'no database at all'.repeat(100))
    const opened = openThreadedStore({ ...options, url: `sqlite:${other}` }, code.url)
    await expect(opened).rejects.toMatchObject({ code: 'store_invalid', exit: 78 })
  })

  it('answers every call made at once', async () => {
    await store.addProvider(OPENAI, { makeDefault: false })
    const calls = Array.from({ length: 200 }, (_, index) =>
      index % 2 ? store.revision() : store.record([exchange({ requestId: `r${index}` })], NODE),
    )
    await Promise.all(calls)
    expect(await store.records({ limit: 500 })).toHaveLength(100)
  })

  it('fails the calls under way when the thread dies, and is back within a second', async () => {
    await store.addProvider(OPENAI, { makeDefault: false })
    const before = systemClock.now()
    kill()
    const fates = await Promise.all(
      Array.from({ length: 5_000 }, () => store.revision().catch(error => error)),
    )
    const failed = fates.filter(fate => fate instanceof BalanceError)
    expect(failed.length).toBeGreaterThan(0)
    expect(new Set(failed.map(error => error.code))).toEqual(new Set(['store_unavailable']))
    await turned(false)
    expect(store.health.error).not.toBeNull()
    await expect(store.revision()).rejects.toMatchObject({ code: 'store_unavailable' })
    await turned(true)
    expect(systemClock.now() - before).toBeLessThan(1_500)
    expect(store.health).toEqual({ ok: true, error: null })
    expect((await store.providers()).map(({ name }) => name)).toEqual(['openai'])
  })

  it('goes on trying while the store cannot be opened', async () => {
    const file = join(folder, 'balance.db')
    kill()
    await turned(false)
    renameSync(file, `${file}.away`)
    writeFileSync(file, 'not a database '.repeat(100))
    while (!store.health.error?.includes('no database')) await systemClock.sleep(5)
    renameSync(`${file}.away`, file)
    await turned(true)
    expect(await store.revision()).toBe(0)
  })

  it('can be closed while its thread is dead, and twice', async () => {
    kill()
    await turned(false)
    await store.close()
    await store.close()
    await expect(store.revision()).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  it('does not hold up the caller while another process holds the lock', async () => {
    await store.addProvider(OPENAI, { makeDefault: false })
    const other = new Sqlite(join(folder, 'balance.db'))
    other.exec('begin immediate')
    let late = 0
    let last = systemClock.now()
    const watch = systemClock.every(5, () => {
      late = Math.max(late, systemClock.now() - last)
      last = systemClock.now()
    })
    const waiting = store.setSetting('max_retries', 7)
    await systemClock.sleep(600)
    watch.stop()
    other.exec('commit')
    other.close()
    await waiting
    expect(late).toBeLessThan(200)
    expect((await store.catalog()).settings.max_retries).toBe(7)
  })
})

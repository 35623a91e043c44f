import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus, KeyStatus } from '../../src/model/status.ts'
import { count, PATIENCE } from '../support/count.ts'
import { eventually, type World } from '../support/daemon.ts'
import { DatabaseWorld } from '../support/database-world.ts'
import { hasMariadb, Mariadb } from '../support/mariadb.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { ENGINES } from './engines.ts'

const TURNS = count(8, 100)
const KEYS = ['sk-a-0123456789abcdef', 'sk-b-0123456789abcdef', 'sk-c-0123456789abcdef']

describe.each(ENGINES.map(make => make()))('the master key on $name', engine => {
  let mock: Mock
  let world: World
  let load: SteadyLoad | null = null

  beforeEach(async () => {
    mock = await startMock({ tokens: 4, keep: 1_000 })
    world = await engine.world()
    const { BALANCE_MASTER_KEY: text } = world.env
    if (text === undefined) return
    // In the same place on each engine: a file in the data folder.
    delete world.env.BALANCE_MASTER_KEY
    mkdirSync(world.dataDir, { mode: 0o700 })
    writeFileSync(join(world.dataDir, 'master-key'), text, { mode: 0o600 })
  })
  afterEach(async () => {
    await load?.stop()
    load = null
    await world.remove()
    await mock.close()
  })
  afterAll(() => engine.close())

  const masterKey = () => readFileSync(join(world.dataDir, 'master-key'), 'utf8')

  it(
    'rotated under 200 requests a second: none fails',
    async ({ annotate }) => {
      const token = await world.furnish(mock.url, ...KEYS)
      const daemon = await world.serve()
      load = new SteadyLoad(() => daemon.port, token)
      const seen = new Set([masterKey()])
      for (let turn = 1; turn <= TURNS; turn++) {
        const { code, stderr } = await world.balance(['secrets', 'rotate'])
        expect(code, stderr).toBe(0)
        expect(stderr).toMatch(/in force \(revision \d+\)/)
        seen.add(masterKey())
        // What is sealed under the new one is opened by the daemon too.
        const added = await world.balance(
          ['keys', 'add', 'mock'],
          `sk-turn-${turn}-0123456789abcdef`,
        )
        expect(added.stderr).toContain('in force')
      }
      const { statuses, p99 } = await load.stop()
      await annotate(`${TURNS} rotations, ${statuses[200]} requests, p99 ${Math.round(p99)} ms`)
      expect(seen.size).toBe(TURNS + 1)
      expect(Object.keys(statuses)).toEqual(['200'])
      expect(await world.json<DaemonStatus>(['status'])).toMatchObject({
        pending: null,
        providers: [{ keys: { active: KEYS.length + TURNS, sealed: 0 } }],
      })
      await daemon.stop()
      const again = await world.serve()
      expect((await again.ask(token)).status).toBe(200)
    },
    PATIENCE,
  )

  it('that the daemon does not have changes nothing for its clients until it has it', async () => {
    const token = await world.furnish(mock.url, ...KEYS)
    const old = masterKey()
    world.env.BALANCE_MASTER_KEY = old.trim()
    const daemon = await world.serve()
    const refused = await world.balance(['secrets', 'rotate'])
    expect(refused).toMatchObject({ code: 4 })
    expect(refused.stderr).toContain('--new-key-file')
    const file = join(world.root, 'new-key')
    const text = Buffer.alloc(32, 5).toString('base64')
    writeFileSync(file, text, { mode: 0o600 })
    const rotated = await world.balance(['secrets', 'rotate', '--new-key-file', file])
    expect(rotated.code, rotated.stderr).toBe(0)
    expect(rotated.stderr).toContain('BALANCE_MASTER_KEY still has the old master key')
    const status = await eventually(async () => {
      const now = await world.json<DaemonStatus>(['status'])
      return now.pending ? now : null
    }, 'a pending revision')
    expect(status.pending?.error).toContain('is not the one that sealed this store')
    expect((await daemon.ask(token)).status).toBe(200)
    const wrong = await world.balance(['secrets', 'status'])
    expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('wrong') })
    await daemon.stop()
    world.env.BALANCE_MASTER_KEY = text
    const again = await world.serve()
    expect((await again.ask(token)).status).toBe(200)
    expect(await world.balance(['secrets', 'status'])).toMatchObject({ code: 0 })
  })

  it('opens no row that was changed by other hands: that is told, and the rest serve', async () => {
    const token = await world.furnish(mock.url, ...KEYS)
    const store = await world.openStore()
    await store.addProvider(
      { name: 'moved', kind: 'openai', baseUrl: mock.url, path: null, overrides: {} },
      { makeDefault: false },
    )
    await store.close()
    await world.balance(['keys', 'add', 'moved'], 'sk-moved-0123456789abcdef')
    const daemon = await world.serve()
    await engine.sql(world, `update provider_keys set sealed = x'00' where label = 'key-2'`)
    await engine.sql(
      world,
      `update providers set base_url = 'http://127.0.0.1:1/v1' where name = 'moved'`,
    )
    expect(daemon.stderr).not.toContain('do not open')
    await engine.sql(world, 'update revision set number = number + 1')
    await daemon.program.said('these keys do not open')
    for (let turn = 0; turn < 6; turn++) expect((await daemon.ask(token)).status).toBe(200)
    const keys = await world.json<KeyStatus[]>(['keys', 'list'])
    const sealed = keys.filter(({ state }) => state === 'sealed')
    expect(sealed.map(({ provider, label }) => `${provider}/${label}`)).toEqual([
      ...['mock/key-2', 'moved/key-1'],
    ])
    expect((await world.balance(['status'])).stdout).toContain('1 of mock, 1 of moved')
    const { stdout, stderr } = await world.balance(['secrets', 'status'])
    expect(stdout).toMatch(/mock +3 +0 +1/)
    expect(stderr).toContain('2 keys cannot be opened')
    // Told once, however often the catalogue is read.
    await world.balance(['config', 'set', 'max_retries', '3'])
    await world.balance(['config', 'set', 'max_retries', '4'])
    const alarms = daemon.stderr.split('\n').filter(line => line.includes('do not open'))
    expect(alarms.map(line => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 50, keys: ['mock/key-2', 'moved/key-1'] }),
    ])
  })
})

describe.runIf(hasMariadb)('the master key of two daemons on one store', () => {
  it("is each one's own to replace: until then it serves on, and says what it waits for", async () => {
    const database = await Mariadb.start()
    const mock = await startMock({ tokens: 4 })
    const name = await database.database()
    const text = Buffer.alloc(32, 3).toString('base64')
    const here = new DatabaseWorld(database, name, text)
    const there = new DatabaseWorld(database, name, text)
    const file = (world: World, suffix = '') => join(world.dataDir, `master-key${suffix}`)
    const token = await here.furnish(mock.url, ...KEYS)
    for (const world of [here, there]) {
      delete world.env.BALANCE_MASTER_KEY
      mkdirSync(world.dataDir, { recursive: true, mode: 0o700 })
      writeFileSync(file(world), text, { mode: 0o600 })
    }
    const daemons = [await here.serve(), await there.serve()]
    const status = (world: World) => world.json<DaemonStatus>(['status'])
    const two = async () => (await status(here)).nodes.length === 2
    await eventually(two, 'two nodes', 15_000)

    const rotated = await here.balance(['secrets', 'rotate'])
    expect(rotated.code, rotated.stderr).toBe(0)
    expect(rotated.stderr).toContain('2 daemons serve this store')
    const waits = async () => (await status(there)).pending?.error
    expect(await eventually(waits, 'a pending revision')).toContain(file(there))
    expect((await status(here)).pending).toBeNull()
    for (const daemon of daemons) expect((await daemon.ask(token)).status).toBe(200)
    copyFileSync(file(here), file(there))
    expect(await there.balance(['reload'])).toMatchObject({ code: 0 })
    expect((await status(there)).pending).toBeNull()

    // Put beside the old one everywhere before, it is found at once.
    writeFileSync(file(there, '.new'), Buffer.alloc(32, 4).toString('base64'), { mode: 0o600 })
    const args = ['secrets', 'rotate', '--new-key-file', '-']
    const again = await here.balance(args, Buffer.alloc(32, 4).toString('base64'))
    expect(again.code, again.stderr).toBe(0)
    const { revision } = await status(here)
    const follows = async () => (await status(there)).revision === revision
    await eventually(follows, 'the revision in force there')
    for (const daemon of daemons) expect((await daemon.ask(token)).status).toBe(200)

    // Nor is anything put back under a daemon, wherever it runs.
    const backup = join(here.root, 'a.backup')
    expect(await here.balance(['backup', backup])).toMatchObject({ code: 0 })
    await daemons[0]?.stop()
    const refused = await here.balance(['restore', backup, '--yes'])
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('serves this store as'),
    })

    for (const world of [here, there]) await world.remove()
    await mock.close()
    await database.stop()
  })
})

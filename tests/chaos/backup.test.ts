import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { count, PATIENCE } from '../support/count.ts'
import { type Daemon, eventually, type World } from '../support/daemon.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { ENGINES } from './engines.ts'

const KEYS = ['sk-a-0123456789abcdef', 'sk-b-0123456789abcdef', 'sk-c-0123456789abcdef']
/** Requests that are sent before the backup is taken, and again while it is. */
const REQUESTS = count(300, 20_000)

const engines = ENGINES.map(make => make())

interface Restored {
  readonly kept: string | null
  readonly restored: { readonly revision: number; readonly rows: Readonly<Record<string, number>> }
}

describe.each(engines)('a backup under load on $name', from => {
  let mock: Mock
  let load: SteadyLoad | null = null
  const worlds: World[] = []

  beforeEach(async () => {
    mock = await startMock({ tokens: 4, keep: 1_000 })
  })
  afterEach(async () => {
    await load?.stop()
    load = null
    for (const world of worlds.splice(0)) await world.remove()
    await mock.close()
  })
  afterAll(() => from.close())

  async function open(engine: (typeof engines)[0]): Promise<World> {
    const world = await engine.world()
    worlds.push(world)
    return world
  }

  /** What the commands list of a store. */
  async function listed(world: World) {
    const lists = [
      ['providers', 'list'],
      ['keys', 'list'],
      ['tokens', 'list'],
      ['routes', 'list'],
      ['config', 'list'],
    ]
    const all: unknown[] = []
    for (const args of lists) {
      const rows = await world.json<{ via?: unknown }[]>(args)
      // Which way a key is dialled only a running daemon tells.
      all.push(rows.map(({ via: _, ...row }) => row))
    }
    // Where to listen and which store are not of the store.
    const settings = (all.pop() as { kind: string }[]).filter(({ kind }) => kind === 'setting')
    return [...all, settings]
  }

  async function taken(world: World, daemon: Daemon, token: string, file: string) {
    load = new SteadyLoad(() => daemon.port, token)
    const { answers } = load
    await eventually(() => answers.length >= REQUESTS, 'requests before', PATIENCE)
    const { code, stderr } = await world.balance(['backup', file])
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('The master key is not in it')
    const before = answers.length
    await eventually(() => answers.length >= before + 50, 'requests after', PATIENCE)
    const { statuses } = await load.stop()
    expect(Object.keys(statuses)).toEqual(['200'])
  }

  it.each(engines)(
    'restored to $name is the store of that moment',
    async to => {
      const world = await open(from)
      const token = await world.furnish(mock.url, ...KEYS)
      await world.balance(['routes', 'add', 'fast', '--to', 'mock:mock-large'])
      await world.balance(['config', 'set', 'max_retries', '5'])
      const daemon = await world.serve()
      const file = join(world.root, 'a.backup')
      const before = await listed(world)
      await taken(world, daemon, token, file)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      const again = await world.balance(['backup', file])
      expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
      const served = await world.balance(['restore', file, '--yes'])
      expect(served).toMatchObject({ code: 1, stderr: expect.stringContaining('A daemon serves') })
      await daemon.stop()

      const other = await open(to)
      delete other.env.BALANCE_MASTER_KEY
      const source = await world.balance(['backup', join(world.root, 'b.backup'), '--no-logs'])
      expect(source.code, source.stderr).toBe(0)
      const blind = await other.json<Restored>(['restore', file])
      expect(blind).toMatchObject({ kept: null, master_key: 'missing' })
      putMasterKey(world, other)
      const refused = await other.balance(['restore', file])
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
      const { kept, restored } = await other.json<Restored>(['restore', file, '--yes'])
      expect(existsSync(kept ?? '')).toBe(true)

      to.expectSound(other)
      expect(await listed(other)).toEqual(before)
      const [mine, theirs] = [await world.openStore(), await other.openStore()]
      const records = await theirs.records({ limit: 100_000 })
      expect(records.length).toBe(restored.rows.exchanges)
      expect(records.length).toBeGreaterThanOrEqual(REQUESTS / 2)
      const newest = records[0]?.id ?? 0
      const all = await mine.records({ limit: 100_000 })
      expect(records).toEqual(all.filter(({ id }) => id <= newest))
      expect(all.length).toBeGreaterThan(records.length)
      const always = { since: 0, until: Number.MAX_SAFE_INTEGER }
      const [sums] = await theirs.stats({ by: 'provider', ...always })
      expect(sums?.requests).toBe(records.length)
      await mine.close()
      await theirs.close()

      const next = await other.serve()
      for (const _ of KEYS) expect((await next.ask(token)).status).toBe(200)
      const used = new Set(mock.requests.slice(-KEYS.length).map(({ key }) => key))
      expect([...used].sort()).toEqual(KEYS)
    },
    PATIENCE,
  )
})

/** As its owner would, by hand. */
function putMasterKey(from: World, to: World): void {
  const path = join(from.dataDir, 'master-key')
  mkdirSync(to.dataDir, { recursive: true, mode: 0o700 })
  if (existsSync(path)) copyFileSync(path, join(to.dataDir, 'master-key'))
  else to.env.BALANCE_MASTER_KEY = from.env.BALANCE_MASTER_KEY as string
}

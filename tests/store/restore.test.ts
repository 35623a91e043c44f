import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/model/store.ts'
import { count } from '../support/count.ts'
import { bundle } from './bundle.ts'
import { ENGINES, type Place, stopSharedServer, usePlaces } from './place.ts'
import { OPENAI } from './suites/providers.ts'
import { attempt, exchange } from './suites/records.ts'

/** Restores, and is killed before its nth statement, of which a commit is one. */
const RESTORE = `
  import Sqlite from 'better-sqlite3'
  import mysql from 'mysql2'
  import { systemClock } from '../base/clock.ts'
  import { openStore } from './open.ts'
  const { options, file, killAt } = JSON.parse(process.argv[2])
  let step = 0
  const dying = run => function (...args) {
    if (++step === killAt) process.kill(process.pid, 'SIGKILL')
    return run.apply(this, args)
  }
  const store = await openStore({ ...options, clock: systemClock, restoring: true })
  const { prepare } = Sqlite.prototype
  Sqlite.prototype.prepare = function (text) {
    const statement = prepare.call(this, text)
    for (const name of ['run', 'all']) statement[name] = dying(statement[name])
    return statement
  }
  const { query } = mysql.Connection.prototype
  mysql.PoolConnection.prototype.query = dying(query)
  await store.restore(file)
  await store.close()
`

stopSharedServer()

type State = 'old' | 'new' | 'half'

describe.each(ENGINES)('a restore that is killed on %s', engine => {
  const place = usePlaces(engine)
  let code: Awaited<ReturnType<typeof bundle>>

  beforeAll(async () => {
    code = await bundle(RESTORE)
  })
  afterAll(() => code.remove())

  /** Whether it came to its end. */
  async function restoreUntil({ options }: Place, file: string, killAt: number) {
    const task = JSON.stringify({ options, file, killAt })
    const child = spawn(process.execPath, [fileURLToPath(code.url), task], { stdio: 'pipe' })
    let said = ''
    child.stderr.on('data', text => {
      said += text
    })
    const [status, signal] = await once(child, 'close')
    expect(said).toBe('')
    expect(status === 0 || signal === 'SIGKILL').toBe(true)
    return status === 0
  }

  /** A store that holds the old, and backups of the old and of the new. */
  async function prepared() {
    const here = await place()
    const files = { new: join(here.folder, 'new.backup'), old: join(here.folder, 'old.backup') }
    const store = await here.open()
    await furnish(store, 'new')
    await store.backup(files.new, { logs: true, version: '1' })
    await store.removeProvider('new')
    await furnish(store, 'old')
    await store.backup(files.old, { logs: true, version: '1' })
    await store.restore(files.old)
    await store.close()
    return { here, files }
  }

  it('at any step leaves the old or the new, or a store that opens only to be restored', async () => {
    const { here, files } = await prepared()
    const seen = new Set<State>()
    for (let step = 1; ; step += engine === 'sqlite' ? 1 : 4) {
      const ended = await restoreUntil(here, files.new, step)
      const state = await stateOf(here)
      expect(ended ? state : 'any', `killed at step ${step}`).toBe(ended ? 'new' : 'any')
      seen.add(state)
      await restored(here, files.new)
      expect(await stateOf(here), `killed at step ${step}, and restored`).toBe('new')
      await restored(here, files.old)
      expect(await stateOf(here)).toBe('old')
      if (ended) break
    }
    expect([...seen].sort()).toEqual(engine === 'sqlite' ? ['half', 'new', 'old'] : ['new', 'old'])
  }, 120_000)

  it.skipIf(engine !== 'sqlite')(
    'and killed again stays so until one has come to its end',
    async () => {
      const { here, files } = await prepared()
      let killAt = 1
      for (; (await stateOf(here)) !== 'half'; killAt++) await restoreUntil(here, files.new, killAt)
      const half = `${here.folder}-half`
      cpSync(here.folder, half, { recursive: true })
      try {
        for (let step = 1; ; step += count(7, 3)) {
          const ended = await restoreUntil(here, files.new, step)
          const state = await stateOf(here)
          expect(ended ? ['new'] : ['half', 'new'], `killed at step ${step}`).toContain(state)
          if (ended) break
          rmSync(here.folder, { recursive: true })
          cpSync(half, here.folder, { recursive: true })
        }
      } finally {
        rmSync(half, { recursive: true })
      }
    },
    120_000,
  )
})

async function furnish(store: Store, name: string): Promise<void> {
  await store.addProvider({ ...OPENAI, name }, { makeDefault: false })
  await store.createToken({ name })
  await store.record([exchange({ requestId: name, failures: [attempt()] })], 'node')
}

async function stateOf(here: Place): Promise<State> {
  const opened = await here.open().catch(error => error)
  if (opened instanceof Error) {
    expect(opened).toMatchObject({ code: 'restore_unfinished', exit: 78 })
    expect(opened.message).toContain('cut short')
    return 'half'
  }
  const store: Store = opened
  const providers = (await store.providers()).map(({ name }) => name)
  const records = (await store.records({ limit: 9 })).map(({ requestId }) => requestId)
  const failures = await store.failures({ limit: 9 })
  await store.close()
  if (providers[0] === 'new') {
    expect({ providers, records }).toEqual({ providers: ['new'], records: ['new'] })
    expect(failures).toHaveLength(1)
    return 'new'
  }
  expect({ providers, records }).toEqual({ providers: ['old'], records: ['old', 'new'] })
  expect(failures).toHaveLength(2)
  return 'old'
}

async function restored(here: Place, file: string): Promise<void> {
  const store = await here.open({ restoring: true })
  await store.restore(file)
  await store.close()
}

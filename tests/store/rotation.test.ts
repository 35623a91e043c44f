import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from './bundle.ts'
import { ENGINES, type Place, stopSharedServer, usePlaces } from './place.ts'
import { value } from './suites/keys.ts'
import { OPENAI } from './suites/providers.ts'

const SECRETS = ['sk-planted-secret-one', 'sk-planted-secret-two', 'sk-planted-secret-three']

/**
 * Rotates, and is killed before its nth step: a statement, the commit of a transaction, or what
 * follows a commit. What happens to files lies between two of them.
 */
const ROTATION = `
  import { systemClock } from '../base/clock.ts'
  import { changes } from './change.ts'
  import { openMysql } from './mysql.ts'
  import { rotate } from './rotation.ts'
  import { openSqlite } from './sqlite.ts'
  import { parseStoreUrl } from './url.ts'
  import { Vault } from './vault.ts'
  const { url, folder, killAt } = JSON.parse(process.argv[2])
  let step = 0
  const maybeDie = () => { if (++step === killAt) process.kill(process.pid, 'SIGKILL') }
  const dying = {
    transformQuery({ node }) { maybeDie(); return node },
    async transformResult({ result }) { return result },
  }
  const address = parseStoreUrl(url, null)
  const open = address.engine === 'sqlite' ? openSqlite : openMysql
  const real = await open(address, systemClock)
  const engine = {
    ...real,
    write: async run => {
      const outcome = await real.write(async db => {
        const made = await run(db.withPlugin(dying))
        maybeDie()
        return made
      })
      maybeDie()
      return outcome
    },
  }
  const none = { credentialsDirectory: null, file: null, value: null }
  const vault = new Vault({ ...none, etcFile: folder + '/etc-master-key', dataDir: folder })
  const change = changes(engine, systemClock, { who: 'tester', what: 'test' })
  await rotate({ engine, change, vault, clock: systemClock }, null)
  await real.close()
`

stopSharedServer()

describe.each(ENGINES)('a rotation killed at any step on %s', engine => {
  const place = usePlaces(engine)
  let code: Awaited<ReturnType<typeof bundle>>

  beforeAll(async () => {
    code = await bundle(ROTATION)
  })
  afterAll(() => code.remove())

  /** Whether it came to its end. */
  async function rotateUntil({ options, folder }: Place, killAt: number): Promise<boolean> {
    const task = JSON.stringify({ url: options.url, folder, killAt })
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

  it('leaves a store that a key on the disk opens, and the next one comes to its end', async () => {
    const here = await place()
    const store = await here.open()
    await store.addProvider(OPENAI, { makeDefault: false })
    await store.addKeys(
      'openai',
      SECRETS.map(text => value(text)),
    )
    const secrets = async () => {
      const other = await here.open()
      return (await other.catalog()).keys.map(key => key.secret?.reveal())
    }
    const wrapped = async () => String((await here.sql('select wrapped from vault'))[0]?.wrapped)
    const beside = () => existsSync(join(here.folder, 'master-key.new'))
    const seen = new Set<string>()
    let step = 1
    for (; ; step++) {
      const before = await wrapped()
      const ended = await rotateUntil(here, step)
      expect(await secrets(), `killed at step ${step}`).toEqual(SECRETS)
      seen.add(`${(await wrapped()) === before ? 'old' : 'new'} ${beside() ? 'beside' : 'alone'}`)
      if (ended) break
    }
    expect(step).toBeGreaterThan(10)
    // Before the successor is written, with it, after the commit, and after it took the place.
    expect([...seen].sort()).toEqual(['new alone', 'new beside', 'old alone', 'old beside'])
    expect(beside()).toBe(false)
    await store.rotateMasterKey()
    expect(await secrets()).toEqual(SECRETS)
  }, 60_000)

  it('writes over what is left of one that was cut short', async () => {
    const here = await place()
    const store = await here.open()
    await store.addProvider(OPENAI, { makeDefault: false })
    await store.addKeys(
      'openai',
      SECRETS.map(text => value(text)),
    )
    let killAt = 1
    while (!existsSync(join(here.folder, 'master-key.new'))) await rotateUntil(here, killAt++)
    await store.rotateMasterKey()
    expect(existsSync(join(here.folder, 'master-key.new'))).toBe(false)
    rmSync(join(here.folder, 'master-key.new'), { force: true })
    expect((await (await here.open()).catalog()).keys.map(key => key.fault)).toEqual([
      ...SECRETS.map(() => null),
    ])
  }, 60_000)
})

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import type { StoreOptions } from '../../../src/store/open.ts'
import { Seal, unwrapDataKey } from '../../../src/store/seal.ts'
import type { Place } from '../place.ts'
import { value } from './keys.ts'
import { DEEPSEEK, OPENAI } from './providers.ts'

const GIVEN = Buffer.alloc(32, 9).toString('base64')
const given = (text = GIVEN) => ({ value: new Secret(text), source: '/elsewhere/new-key' })

/** What a thief of the store's rows and of the master key of that moment would have. */
async function stolen(here: Place) {
  const [vault] = await here.sql('select wrapped from vault')
  const wrapped = Buffer.from(vault?.wrapped as Buffer)
  const text = readFileSync(join(here.folder, 'master-key'), 'utf8')
  const master = Buffer.from(text, 'base64')
  const dataKey = unwrapDataKey(master, wrapped)
  if (!dataKey) throw new Error('The master key on the disk does not open this vault.')
  const rows = await here.sql(`select k.id, k.sealed, k.fingerprint, p.name from provider_keys k
    join providers p on p.id = k.provider_id where sealed is not null order by k.seq`)
  return { master, wrapped, seal: new Seal(dataKey), rows }
}

type Stolen = Awaited<ReturnType<typeof stolen>>

function opened(by: Stolen, of: Stolen): unknown[] {
  return of.rows.map(({ id, sealed, name }) => {
    const { baseUrl } = [OPENAI, DEEPSEEK].find(known => known.name === name) ?? OPENAI
    const origin = new URL(baseUrl).origin
    const binding = { table: 'provider_keys', id: String(id), provider: String(name), origin }
    return by.seal.open(Buffer.from(sealed as Buffer), binding)?.reveal() ?? null
  })
}

async function openPlace(here: Place, env: Partial<StoreOptions['env']> = {}) {
  return here.open({ env: { ...here.options.env, ...env } })
}

async function furnished(here: Place, env: Partial<StoreOptions['env']> = {}) {
  const store = await openPlace(here, env)
  await store.addProvider(OPENAI, { makeDefault: false })
  await store.addProvider(DEEPSEEK, { makeDefault: false })
  await store.addKeys('openai', [value('sk-planted-secret-one'), value('env:KEY')])
  return store
}

export function rotationSuite(place: () => Promise<Place>): void {
  describe('a new master key', () => {
    it('opens nothing that was sealed before, and the old one nothing that is sealed now', async () => {
      const here = await place()
      const store = await furnished(here)
      const clear = ['sk-planted-secret-one']
      const keyText = fc.stringMatching(/^[!-~]{20,60}$/).filter(text => !text.includes(':'))
      const run = async (provider: string, texts: readonly string[]) => {
        await store.addKeys(
          provider,
          texts.map(text => value(text)),
        )
        const secrets = async () => (await store.catalog()).keys.map(key => key.secret?.reveal())
        const [secretsBefore, revision] = [await secrets(), await store.revision()]
        const before = await stolen(here)
        const { resealed, inPlace } = await store.rotateMasterKey()
        const after = await stolen(here)
        expect({ resealed, inPlace }).toEqual({ resealed: before.rows.length, inPlace: true })
        expect(await secrets()).toEqual(secretsBefore)
        expect(await store.revision()).toBe(revision + 1)
        const nothing = before.rows.map(() => null)
        expect(opened(before, before)).not.toContain(null)
        expect(opened(after, after)).toEqual(opened(before, before))
        expect(opened(before, after)).toEqual(nothing)
        expect(opened(after, before)).toEqual(nothing)
        expect(unwrapDataKey(before.master, after.wrapped)).toBeNull()
        expect(unwrapDataKey(after.master, before.wrapped)).toBeNull()
        const prints = (of: Stolen) => of.rows.map(row => String(row.fingerprint))
        expect(prints(after).filter(print => prints(before).includes(print))).toEqual([])
        // Fingerprints still tell that a key is there already.
        const again = [...clear, ...texts].map(text => value(text))
        const { duplicates } = await store.addKeys(provider, again)
        expect(duplicates).toBeGreaterThanOrEqual(texts.length)
      }
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('openai', 'deepseek'),
          fc.uniqueArray(keyText, { minLength: 1, maxLength: 5 }),
          run,
        ),
        { numRuns: 6, endOnFailure: true },
      )
    })

    it('is told in the audit, and where it is in the vault', async () => {
      const here = await place()
      const store = await furnished(here)
      const home = join(here.folder, 'master-key')
      expect(await store.rotateMasterKey()).toEqual({
        ...{ from: home, to: home, inPlace: true },
        ...{ resealed: 1, unopened: 0, erased: here.options.url.startsWith('sqlite:') || null },
      })
      const [row] = await here.sql(`select * from audit where action = 'master_key.rotate'`)
      expect(row).toMatchObject({ revision: await store.revision(), subject: home })
      expect(await store.secrets()).toMatchObject({
        masterKey: { state: 'right', source: home, noted: home, problem: null },
        providers: [{ provider: 'openai', sealed: 1, references: 1, unopened: 0 }],
      })
    })

    it('may be the one that the owner made', async () => {
      const here = await place()
      const store = await furnished(here)
      await store.rotateMasterKey(given())
      expect(readFileSync(join(here.folder, 'master-key'), 'utf8').trim()).toBe(GIVEN)
      expect((await (await here.open()).catalog()).keys[0]?.fault).toBeNull()
      const again = await store.rotateMasterKey(given()).catch(error => error)
      expect(again).toMatchObject({ code: 'invalid_value' })
      const bad = await store.rotateMasterKey(given('short')).catch(error => error)
      expect(bad).toMatchObject({ code: 'config_invalid' })
      expect((await (await here.open()).catalog()).keys[0]?.fault).toBeNull()
    })

    it('of two at once one is made, and the other told', async () => {
      const here = await place()
      const store = await furnished(here)
      // Each has a connection of its own by then.
      await Promise.all([store.revision(), store.revision()])
      const fates = await Promise.allSettled([store.rotateMasterKey(), store.rotateMasterKey()])
      expect(fates.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      const lost = fates.find(fate => fate.status === 'rejected')
      expect(lost?.reason).toMatchObject({ code: 'failed' })
      expect(lost?.reason.message).toContain('Another command')
      expect((await (await here.open()).catalog()).keys[0]?.fault).toBeNull()
      expect(existsSync(join(here.folder, 'master-key.new'))).toBe(false)
    })

    it('leaves what the old one did not open as it is, and says so', async () => {
      const here = await place()
      const store = await furnished(here)
      await store.addKeys('openai', [value('sk-planted-secret-two')])
      await here.sql(`update provider_keys set sealed = x'00' where label = 'key-1'`)
      expect((await store.secrets()).providers[0]).toMatchObject({ sealed: 2, unopened: 1 })
      expect(await store.rotateMasterKey()).toMatchObject({ resealed: 1, unopened: 1 })
      const faults = (await store.catalog()).keys.map(key => key.fault?.state ?? 'open')
      expect(faults).toEqual(['sealed', 'invalid', 'open'])
    })

    it.each([
      ['a variable', (text: string) => ({ masterKey: new Secret(text) }), 'BALANCE_MASTER_KEY'],
      [
        'a credential',
        (text: string, folder: string) => {
          mkdirSync(join(folder, 'credentials'), { recursive: true })
          put(join(folder, 'credentials/balance-master-key'), text)
          return { credentialsDirectory: join(folder, 'credentials') }
        },
        'balance-master-key',
      ],
    ])('is not put in the place of %s, but taken where it is given', async (_, env, place_) => {
      const here = await place()
      const old = Buffer.alloc(32, 7).toString('base64')
      const store = await furnished(here, env(old, here.folder))
      const before = await here.sql('select * from vault')
      const refused = await store.rotateMasterKey().catch(error => error)
      expect(refused).toMatchObject({ code: 'not_permitted', exit: 4 })
      expect(refused.message).toContain(place_)
      expect(refused.hint).toContain('--new-key-file')
      expect(await here.sql('select * from vault')).toEqual(before)
      expect(await store.rotateMasterKey(given())).toMatchObject({
        ...{ inPlace: false, to: '/elsewhere/new-key' },
      })
      const pending = await store.catalog().catch(error => error)
      // This process holds what it has opened: another one is asked.
      const other = await openPlace(here, env(old, here.folder))
      await expect(other.catalog()).rejects.toMatchObject({ code: 'master_key_wrong' })
      expect(pending).toMatchObject({ keys: [{ fault: null }, {}] })
      const restarted = await openPlace(here, env(GIVEN, here.folder))
      expect((await restarted.catalog()).keys[0]?.secret?.reveal()).toBe('sk-planted-secret-one')
    })

    it('is not put where nothing can be written, but taken where it is given', async () => {
      const here = await place()
      const store = await furnished(here)
      const before = readFileSync(join(here.folder, 'master-key'), 'utf8')
      // In the way for root too.
      mkdirSync(join(here.folder, 'master-key.new'))
      const refused = await store.rotateMasterKey().catch(error => error)
      expect(refused).toMatchObject({ code: 'not_permitted' })
      expect(refused.hint).toContain('--new-key-file')
      expect(readdirSync(here.folder).filter(name => name.endsWith('.new'))).toEqual([
        'master-key.new',
      ])
      expect((await (await here.open()).catalog()).keys[0]?.fault).toBeNull()
      expect(await store.rotateMasterKey(given())).toMatchObject({ inPlace: false })
      rmdirSync(join(here.folder, 'master-key.new'))
      expect(readFileSync(join(here.folder, 'master-key'), 'utf8')).toBe(before)
      put(join(here.folder, 'master-key'), GIVEN)
      expect((await (await here.open()).catalog()).keys[0]?.fault).toBeNull()
    })

    it('is found beside the old one, on a host that has only got it', async () => {
      const here = await place()
      const store = await furnished(here)
      const old = readFileSync(join(here.folder, 'master-key'), 'utf8')
      await store.rotateMasterKey(given())
      put(join(here.folder, 'master-key'), old)
      await expect((await here.open()).catalog()).rejects.toMatchObject({
        code: 'master_key_wrong',
      })
      put(join(here.folder, 'master-key.new'), GIVEN)
      expect((await (await here.open()).catalog()).keys[0]?.fault).toBeNull()
    })

    it('is none where nothing was sealed, or where the old one is not at hand', async () => {
      const here = await place()
      const store = await here.open()
      await expect(store.rotateMasterKey()).rejects.toMatchObject({ code: 'no_such' })
      expect((await store.secrets()).masterKey).toMatchObject({ state: 'none', problem: null })
      await furnished(here)
      rmSync(join(here.folder, 'master-key'))
      const other = await here.open()
      await expect(other.rotateMasterKey()).rejects.toMatchObject({ code: 'master_key_missing' })
      const { masterKey, providers } = await other.secrets()
      expect(masterKey).toMatchObject({ state: 'missing', source: null })
      expect(masterKey.problem).toContain('is not found')
      expect(providers).toEqual([{ provider: 'openai', sealed: 1, references: 1, unopened: 1 }])
      put(join(here.folder, 'master-key'), GIVEN)
      expect((await other.secrets()).masterKey).toMatchObject({
        ...{ state: 'wrong', source: join(here.folder, 'master-key') },
      })
      chmodSync(join(here.folder, 'master-key'), 0o644)
      expect((await other.secrets()).masterKey.state).toBe('unsafe')
    })
  })
}

function put(path: string, text: string): void {
  rmSync(path, { force: true })
  writeFileSync(path, text, { mode: 0o600 })
}

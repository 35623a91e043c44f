import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import type { Key } from '../../../src/model/catalog.ts'
import type { StoreOptions } from '../../../src/store/open.ts'
import type { Place } from '../place.ts'
import { value } from './keys.ts'
import { DEEPSEEK, OPENAI } from './providers.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')
const OTHER = Buffer.alloc(32, 8).toString('hex')

/** A store with two sealed keys, and the place it is in. */
async function sealedStore(here: Place, overrides: Partial<StoreOptions> = {}) {
  const store = await here.open(overrides)
  await store.addProvider(OPENAI, { makeDefault: false })
  await store.addProvider(DEEPSEEK, { makeDefault: false })
  await store.addKeys('openai', [value('sk-planted-secret-one'), value('sk-planted-secret-two')])
  return store
}

function withEnv(here: Place, env: Partial<StoreOptions['env']>): Partial<StoreOptions> {
  return { env: { ...here.options.env, ...env } }
}

export function sealedSuite(place: () => Promise<Place>): void {
  describe('seal', () => {
    it.each(['swap', 'flip', 'truncate', 'provider', 'origin', 'empty'])(
      'gives a row that was tampered with (%s) as sealed, and the others open',
      async how => {
        const here = await place()
        const store = await sealedStore(here)
        // What was opened once is not taken to open again.
        expect((await store.catalog()).keys.map(({ fault }) => fault)).toEqual([null, null])
        const [one, two] = await here.sql('select id, sealed from provider_keys order by seq')
        const bytes = Buffer.from(one?.sealed as Buffer)
        const write = (sealed: unknown) =>
          here.sql('update provider_keys set sealed = ? where id = ?', [sealed, one?.id])
        if (how === 'swap') await write(two?.sealed)
        if (how === 'empty') await write(Buffer.alloc(0))
        if (how === 'truncate') await write(bytes.subarray(0, bytes.length - 1))
        if (how === 'flip') {
          bytes[20] = (bytes[20] ?? 0) ^ 1
          await write(bytes)
        }
        const faults = async () =>
          (await store.catalog()).keys.map(key => key.fault?.state ?? 'open')
        if (how === 'provider' || how === 'origin') {
          await here.sql(
            how === 'provider'
              ? `update providers set name = 'evil' where name = 'openai'`
              : `update providers set base_url = 'https://evil.example/v1' where name = 'openai'`,
          )
          expect(await faults()).toEqual(['sealed', 'sealed'])
          expect((await store.catalog()).keys[0]?.secret).toBeNull()
        } else {
          expect(await faults()).toEqual(['sealed', 'open'])
        }
      },
    )

    it('gives a key that did not change as the same object, and any other anew', async () => {
      const here = await place()
      const store = await sealedStore(here)
      await store.addKeys('openai', [value('sk-planted-secret-three')])
      const { keys: before } = await store.catalog()
      expect((await store.catalog()).keys.every((key, n) => key === before[n])).toBe(true)
      const [one, two, three] = before as [Key, Key, Key]
      await store.removeKeys([one.id])
      await store.changeKey(two.id, { weight: 7 })
      await store.addKeys('openai', [value('sk-planted-secret-four')])
      const { keys: after } = await store.catalog()
      expect(after).toHaveLength(3)
      expect(after[0]).toMatchObject({ id: two.id, weight: 7 })
      expect(after[0]?.secret?.reveal()).toBe('sk-planted-secret-two')
      expect(after[1]).toBe(three)
      expect(after[2]?.secret?.reveal()).toBe('sk-planted-secret-four')
    })

    it('opens no row with a bit that is not as it was, nor with a tag cut short', async () => {
      const here = await place()
      const store = await sealedStore(here)
      const [one] = await here.sql('select id, sealed from provider_keys order by seq')
      const whole = Buffer.from(one?.sealed as Buffer)
      const [tagged, body] = [whole.subarray(0, 13), whole.subarray(29)]
      const wrong = Array.from({ length: whole.length * 8 }, (_, bit) => {
        const bytes = Buffer.from(whole)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        return bytes
      })
      for (let length = 0; length < 16; length++) {
        wrong.push(Buffer.concat([tagged, whole.subarray(13, 13 + length), body]))
      }
      for (const bytes of wrong) {
        await here.sql('update provider_keys set sealed = ? where id = ?', [bytes, one?.id])
        const { keys } = await store.catalog()
        expect(keys.map(key => key.fault?.state ?? 'open')).toEqual(['sealed', 'open'])
      }
      await here.sql('update provider_keys set sealed = ? where id = ?', [whole, one?.id])
      expect((await store.catalog()).keys[0]?.secret?.reveal()).toBe('sk-planted-secret-one')
    }, 60_000)

    it('is not needed to read what holds no secret', async () => {
      const here = await place()
      await sealedStore(here)
      rmSync(join(here.folder, 'master-key'))
      const store = await here.open()
      const [key] = await store.keys()
      expect(key?.masked).toBe('sk-…-one')
      expect(await store.providers()).toHaveLength(2)
      expect(await store.settings()).not.toEqual([])
      await store.createToken({ name: 'one' })
      await store.resetKeys([key?.id ?? ''])
      await store.changeKey(key?.id ?? '', { enabled: false })
      expect(await store.records({ limit: 1 })).toEqual([])
      await store.removeKeys((await store.keys()).map(({ id }) => id))
    })

    it('is not asked for where every key is a reference', async () => {
      const here = await place()
      const store = await here.open(withEnv(here, { variables: { KEY: 'sk-1' } }))
      await store.addProvider(OPENAI, { makeDefault: false })
      await store.addKeys('openai', [value('env:KEY')])
      expect((await store.catalog()).keys[0]?.secret?.reveal()).toBe('sk-1')
      expect(existsSync(join(here.folder, 'master-key'))).toBe(false)
    })
  })

  describe('master key', () => {
    it('is made once, and opens the store the next time', async () => {
      const here = await place()
      await sealedStore(here)
      const again = await here.open()
      const { keys } = await again.catalog()
      expect(keys.map(key => key.secret?.reveal())).toEqual([
        'sk-planted-secret-one',
        'sk-planted-secret-two',
      ])
      expect((await again.addKeys('openai', [value('sk-planted-secret-one')])).duplicates).toBe(1)
    })

    it('is looked for in its places in order', async () => {
      const here = await place()
      const folder = (name: string) => join(here.folder, name)
      mkdirSync(folder('credentials'))
      const places = [
        () => put(folder('credentials/balance-master-key')),
        () => put(folder('named')),
        () => {},
        () => put(folder('etc-master-key')),
        () => put(folder('master-key')),
      ]
      for (const fill of places) fill()
      const env = withEnv(here, {
        credentialsDirectory: folder('credentials'),
        masterKeyFile: folder('named'),
        masterKey: new Secret(KEY),
      })
      const sources: unknown[] = []
      const rest = [...places.keys()]
      for (const index of rest) {
        await here.sql('delete from vault').catch(() => [])
        const store = await here.open({
          env: {
            ...(env.env as StoreOptions['env']),
            ...(index > 1 && { masterKeyFile: null }),
            ...(index > 2 && { masterKey: null }),
          },
        })
        if (index === 0) await store.addProvider(OPENAI, { makeDefault: false })
        const { added } = await store.addKeys('openai', [value(`sk-${index}`)])
        sources.push((await here.sql('select source from vault'))[0]?.source)
        await store.removeKeys(added.map(({ id }) => id))
        const used = ['credentials/balance-master-key', 'named', null, 'etc-master-key'][index]
        if (used) rmSync(folder(used))
      }
      expect(sources).toEqual([
        folder('credentials/balance-master-key'),
        folder('named'),
        'BALANCE_MASTER_KEY',
        folder('etc-master-key'),
        folder('master-key'),
      ])
    })

    it('missing: nothing is sealed or opened, the places are named, none is made', async () => {
      const here = await place()
      await sealedStore(here)
      rmSync(join(here.folder, 'master-key'))
      const store = await here.open()
      for (const verb of [
        () => store.catalog(),
        () => store.addKeys('openai', [value('sk-new')]),
        () => store.changeProvider('openai', { baseUrl: 'https://moved.example' }),
      ]) {
        const error = await verb().catch(e => e)
        expect(error).toMatchObject({ code: 'master_key_missing', exit: 78 })
        expect(error.message).toContain(join(here.folder, 'etc-master-key'))
        expect(error.message).toContain(join(here.folder, 'master-key'))
      }
      expect(existsSync(join(here.folder, 'master-key'))).toBe(false)
      expect(await store.keys()).toHaveLength(2)
    })

    it('wrong: the same, and the file stays as it is', async () => {
      const here = await place()
      await sealedStore(here)
      const store = await here.open(withEnv(here, { masterKey: new Secret(OTHER) }))
      for (const verb of [
        () => store.catalog(),
        () => store.addKeys('openai', [value('sk-new')]),
      ]) {
        const error = await verb().catch(e => e)
        expect(error).toMatchObject({ code: 'master_key_wrong', exit: 78 })
        expect(error.message).toContain('BALANCE_MASTER_KEY')
        expect(error.message).toContain(join(here.folder, 'master-key'))
      }
      expect((await (await here.open()).catalog()).keys[0]?.fault).toBeNull()
    })

    it('lost for good: once the sealed keys are removed a new one is made', async () => {
      const here = await place()
      await sealedStore(here)
      rmSync(join(here.folder, 'master-key'))
      const store = await here.open()
      await store.removeKeys((await store.keys()).map(({ id }) => id))
      await store.addKeys('openai', [value('sk-after')])
      expect((await (await here.open()).catalog()).keys[0]?.secret?.reveal()).toBe('sk-after')
    })

    it('is not made where the owner has named a file that is not there', async () => {
      const here = await place()
      const store = await here.open(withEnv(here, { masterKeyFile: join(here.folder, 'named') }))
      await store.addProvider(OPENAI, { makeDefault: false })
      const error = await store.addKeys('openai', [value('sk-1')]).catch(e => e)
      expect(error).toMatchObject({ code: 'master_key_missing' })
      expect(existsSync(join(here.folder, 'master-key'))).toBe(false)
    })

    it.each([
      ['group may read', 0o640],
      ['others may read', 0o604],
      ['group may write', 0o620],
    ])('is refused where %s', async (_, mode) => {
      const here = await place()
      put(join(here.folder, 'etc-master-key'), KEY, mode)
      const store = await here.open()
      await store.addProvider(OPENAI, { makeDefault: false })
      const error = await store.addKeys('openai', [value('sk-1')]).catch(e => e)
      expect(error).toMatchObject({ code: 'config_unsafe', exit: 78 })
      expect(error.message).toContain(join(here.folder, 'etc-master-key'))
    })

    it('is refused as a symbolic link or a folder', async () => {
      const here = await place()
      const path = join(here.folder, 'etc-master-key')
      put(join(here.folder, 'elsewhere'))
      symlinkSync(join(here.folder, 'elsewhere'), path)
      const store = await here.open()
      await store.addProvider(OPENAI, { makeDefault: false })
      const unsafe = { code: 'config_unsafe' }
      await expect(store.addKeys('openai', [value('sk-1')])).rejects.toMatchObject(unsafe)
      rmSync(path)
      mkdirSync(path)
      await expect(store.addKeys('openai', [value('sk-1')])).rejects.toMatchObject(unsafe)
    })

    it('of a credentials folder may be readable by the group, as systemd makes it', async () => {
      const here = await place()
      const path = join(here.folder, 'balance-master-key')
      put(path, KEY, 0o440)
      const store = await here.open(withEnv(here, { credentialsDirectory: here.folder }))
      await store.addProvider(OPENAI, { makeDefault: false })
      await store.addKeys('openai', [value('sk-1')])
      chmodSync(path, 0o444)
      const again = await here.open(withEnv(here, { credentialsDirectory: here.folder }))
      await expect(again.catalog()).rejects.toMatchObject({ code: 'config_unsafe' })
    })

    it.each(['', 'too short', `${KEY}x`, 'z'.repeat(64)])('is refused as %j', async text => {
      const here = await place()
      const store = await here.open(withEnv(here, { masterKey: new Secret(text) }))
      await store.addProvider(OPENAI, { makeDefault: false })
      const error = await store.addKeys('openai', [value('sk-1')]).catch(e => e)
      expect(error).toMatchObject({ code: 'config_invalid' })
      if (text) expect(`${error.message} ${error.hint}`).not.toContain(text)
    })
  })

  describe('references', () => {
    it('are resolved when the catalogue is read, and never written down', async () => {
      const here = await place()
      put(join(here.folder, 'key-file'), ' sk-from-file\n')
      const env = withEnv(here, { variables: { KEY: 'sk-from-env' } })
      const store = await here.open({ ...env, configDir: here.folder })
      await store.addProvider(OPENAI, { makeDefault: false })
      await store.addKeys('openai', [value('env:KEY'), value(`file:${here.folder}/key-file`)])
      const secrets = async () => (await store.catalog()).keys.map(key => key.secret?.reveal())
      expect(await secrets()).toEqual(['sk-from-env', 'sk-from-file'])
      put(join(here.folder, 'key-file'), 'sk-rotated')
      expect(await secrets()).toEqual(['sk-from-env', 'sk-rotated'])
      const rows = JSON.stringify(await here.sql('select * from provider_keys'))
      expect(rows).not.toContain('sk-from')
    })

    it('that lead nowhere make their key invalid and leave the others be', async () => {
      const here = await place()
      mkdirSync(join(here.folder, 'config'))
      put(join(here.folder, 'outside'), 'sk-outside')
      put(join(here.folder, 'config/good'), 'sk-good')
      put(join(here.folder, 'config/spaced'), 'two words')
      symlinkSync(join(here.folder, 'outside'), join(here.folder, 'config/link'))
      const store = await here.open({ configDir: join(here.folder, 'config') })
      await store.addProvider(OPENAI, { makeDefault: false })
      const file = (name: string) => value(`file:${join(here.folder, name)}`)
      await store.addKeys('openai', [
        file('config/good'),
        value('env:NOT_SET'),
        file('outside'),
        file('config/link'),
        file('config/none'),
        file('config/spaced'),
        file('config'),
      ])
      const [good, ...bad] = (await store.catalog()).keys
      expect(good?.secret?.reveal()).toBe('sk-good')
      expect(bad.map(key => key.secret)).toEqual(bad.map(() => null))
      expect(bad.map(key => key.fault?.state)).toEqual(bad.map(() => 'invalid'))
      expect(bad.map(key => key.fault?.reason).join('\n')).not.toContain('sk-outside')
      expect(bad[0]?.fault?.reason).toBe('the variable NOT_SET is not set')
    })

    it.each([
      'env:BALANCE_MASTER_KEY',
      'env:balance_x',
      'env:',
      'env:A-B',
      'file:x',
      'file:/a/../b',
    ])('%s is refused', async reference => {
      const store = await (await place()).open()
      await store.addProvider(OPENAI, { makeDefault: false })
      const added = store.addKeys('openai', [value(reference)])
      await expect(added).rejects.toMatchObject({ code: 'invalid_value' })
    })

    it('to our own variables stay unresolved even where a row says so', async () => {
      const here = await place()
      const env = withEnv(here, { variables: { KEY: 'sk-1', BALANCE_MASTER_KEY: 'sk-2' } })
      const store = await here.open(env)
      await store.addProvider(OPENAI, { makeDefault: false })
      await store.addKeys('openai', [value('env:KEY')])
      await here.sql(`update provider_keys set reference = 'env:BALANCE_MASTER_KEY'`)
      expect((await store.catalog()).keys[0]).toMatchObject({
        secret: null,
        fault: { state: 'invalid' },
      })
    })
  })
}

function put(path: string, text = KEY, mode = 0o600): void {
  rmSync(path, { force: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
}

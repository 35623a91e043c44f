import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import type { Declared } from '../../../src/model/declared.ts'
import { DEFAULT_SETTINGS, SETTING_NAMES } from '../../../src/model/settings.ts'
import type { Place } from '../place.ts'
import { OPENAI } from './providers.ts'

export function settingSuite(place: () => Promise<Place>): void {
  describe('settings', () => {
    it('are the defaults until one is set', async () => {
      const store = await (await place()).open()
      const rows = await store.settings()
      expect(rows.map(({ name }) => name)).toEqual(SETTING_NAMES)
      expect(rows.every(({ origin }) => origin === 'default')).toBe(true)
      expect((await store.catalog()).settings).toEqual(DEFAULT_SETTINGS)
    })

    it('keep numbers, flags, texts, lists and maps as they are', async () => {
      const here = await place()
      const store = await here.open()
      await store.setSetting('max_upload', 2 ** 36)
      await store.setSetting('normalize_urls', false)
      await store.setSetting('policy', 'least-busy')
      await store.setSetting('forward_headers', ['x-a'])
      await store.setSetting('headers', { 'x-b': '😀 "quoted" \\ \'' })
      const { settings } = await (await here.open()).catalog()
      expect(settings).toEqual({
        ...DEFAULT_SETTINGS,
        max_upload: 2 ** 36,
        normalize_urls: false,
        policy: 'least-busy',
        forward_headers: ['x-a'],
        headers: { 'x-b': '😀 "quoted" \\ \'' },
      })
    })

    it("a command's value wins over the file's, which unset gives back", async () => {
      const store = await (await place()).open()
      const row = async () => (await store.settings()).find(({ name }) => name === 'max_retries')
      await store.setSetting('max_retries', 9)
      await store.reconcile({ settings: { max_retries: 4 }, providers: [] })
      expect(await row()).toEqual({
        name: 'max_retries',
        value: 9,
        origin: 'command',
        fileValue: 4,
      })
      await store.unsetSetting('max_retries')
      expect(await row()).toEqual({ name: 'max_retries', value: 4, origin: 'file' })
      const revision = await store.revision()
      await store.unsetSetting('max_retries')
      expect(await store.revision()).toBe(revision)
    })

    it('refuse a default provider that is not there', async () => {
      const store = await (await place()).open()
      const set = store.setSetting('default_provider', 'nobody')
      await expect(set).rejects.toMatchObject({ code: 'no_such' })
      await store.setSetting('default_provider', '')
    })
  })

  describe('reconcile', () => {
    const declared: Declared = {
      settings: { max_retries: 4, policy: 'weighted' },
      providers: [
        {
          ...OPENAI,
          path: 'oa',
          overrides: { timeout: 60_000 },
          enabled: true,
          keys: [
            { value: new Secret('env:OPENAI_KEY'), label: 'main', weight: 2 },
            { value: new Secret('file:/etc/keys/openai') },
          ],
        },
      ],
    }
    const [openai] = declared.providers as [Declared['providers'][0]]

    it('takes what the file declares, with origin file', async () => {
      const store = await (await place()).open()
      const { taken, overridden } = await store.reconcile(declared)
      expect([...taken].sort()).toEqual([
        'default_provider',
        'key openai/key-1',
        'key openai/main',
        'max_retries',
        'policy',
        'provider openai',
      ])
      expect(overridden).toEqual([])
      const { settings, providers, keys } = await store.catalog()
      expect(settings).toMatchObject({
        max_retries: 4,
        policy: 'weighted',
        default_provider: 'openai',
      })
      expect(providers).toMatchObject([{ name: 'openai', path: 'oa', origin: 'file' }])
      expect(keys).toMatchObject([
        { label: 'main', weight: 2, reference: 'env:OPENAI_KEY', origin: 'file' },
        { label: 'key-1', weight: 1, reference: 'file:/etc/keys/openai', origin: 'file' },
      ])
    })

    it('makes no revision the second time', async () => {
      const store = await (await place()).open()
      await store.reconcile(declared)
      const revision = await store.revision()
      expect(await store.reconcile(declared)).toEqual({ taken: [], overridden: [], left: [] })
      expect(await store.revision()).toBe(revision)
    })

    it('follows the file where nobody else has changed the value', async () => {
      const store = await (await place()).open()
      await store.reconcile(declared)
      const { taken } = await store.reconcile({
        settings: { max_retries: 5, policy: 'weighted' },
        providers: [
          {
            ...openai,
            path: null,
            overrides: { policy: 'least-busy' },
            enabled: false,
            keys: [{ value: new Secret('env:OPENAI_KEY'), label: 'first' }],
          },
        ],
      })
      expect([...taken].sort()).toEqual(['key openai/main', 'max_retries', 'provider openai'])
      const { settings, providers, keys } = await store.catalog()
      expect(settings.max_retries).toBe(5)
      expect(providers).toMatchObject([
        { path: null, enabled: false, overrides: { policy: 'least-busy' }, origin: 'file' },
      ])
      expect(providers[0]?.overrides).not.toHaveProperty('timeout')
      expect(keys).toMatchObject([{ label: 'first', weight: 1 }, { label: 'key-1' }])
    })

    it('leaves alone what a command owns, and names it', async () => {
      const store = await (await place()).open()
      await store.reconcile(declared)
      await store.setSetting('max_retries', 9)
      await store.changeProvider('openai', { baseUrl: 'https://mine.example/v1' })
      const main = await store.key('main')
      await store.changeKey(main.id, { weight: 5 })
      const revision = await store.revision()
      const { taken, overridden } = await store.reconcile(declared)
      expect(taken).toEqual([])
      expect([...overridden].sort()).toEqual(['key openai/main', 'max_retries', 'provider openai'])
      expect(await store.revision()).toBe(revision)
      const { settings, providers, keys } = await store.catalog()
      expect(settings.max_retries).toBe(9)
      expect(providers).toMatchObject([{ baseUrl: 'https://mine.example/v1', origin: 'command' }])
      expect(keys[0]).toMatchObject({ weight: 5, origin: 'command' })
    })

    it('keeps what left the file', async () => {
      const store = await (await place()).open()
      await store.reconcile(declared)
      await store.reconcile({ settings: {}, providers: [] })
      const { settings, providers, keys } = await store.catalog()
      expect([settings.max_retries, providers.length, keys.length]).toEqual([4, 1, 2])
    })

    it('takes nothing of a file with one bad value', async () => {
      const store = await (await place()).open()
      const clear = { ...openai, keys: [{ value: new Secret('sk-clear-in-the-file') }] }
      const error = await store.reconcile({ ...declared, providers: [clear] }).catch(e => e)
      expect(error).toMatchObject({ code: 'config_invalid' })
      expect(`${error.message} ${error.hint}`).not.toContain('sk-clear')
      const named = store.reconcile({ ...declared, providers: [{ ...openai, name: 'v1' }] })
      await expect(named).rejects.toMatchObject({ code: 'invalid_value' })
      const lost = store.reconcile({ settings: { default_provider: 'x' }, providers: [openai] })
      await expect(lost).rejects.toMatchObject({ code: 'no_such' })
      expect(await store.revision()).toBe(0)
      expect(await store.providers()).toEqual([])
    })
  })
}

import { describe, expect, it } from 'vitest'
import type { NewProvider } from '../../../src/model/changes.ts'
import type { Place } from '../place.ts'
import { memory, value } from './keys.ts'

export const OPENAI: NewProvider = {
  name: 'openai',
  kind: 'openai',
  baseUrl: 'https://api.openai.com/v1/',
  path: null,
  overrides: {},
}
export const DEEPSEEK: NewProvider = {
  ...OPENAI,
  name: 'deepseek',
  baseUrl: 'https://api.deepseek.com',
}
const AUTO = { makeDefault: false }

export function providerSuite(place: () => Promise<Place>): void {
  describe('providers', () => {
    it('keeps what was added, with its base URL trimmed', async () => {
      const store = await (await place()).open()
      const overrides = { max_retries: 5, headers: { 'x-team': 'ü 😀' } }
      const added = await store.addProvider({ ...OPENAI, path: 'oa', overrides }, AUTO)
      expect(added).toMatchObject({
        name: 'openai',
        path: 'oa',
        kind: 'openai',
        baseUrl: 'https://api.openai.com/v1',
        enabled: true,
        overrides,
        origin: 'command',
      })
      expect(added.id).toMatch(/^p_[a-z2-7]{10}$/)
      expect(await store.provider('openai')).toEqual(added)
      expect(await store.providers()).toEqual([added])
    })

    it('is sent its keys where it was when it was given them, if that is asked for', async () => {
      const store = await (await place()).open()
      await store.addProvider(OPENAI, { ...AUTO, keys: [value('sk-first-key-0001')] })
      expect(await store.revision()).toBe(1)
      const locked = { lockOrigin: true }
      const move = (baseUrl: string) => store.changeProvider('openai', { baseUrl }, locked)
      for (const elsewhere of [
        'https://api.openai.example/v1',
        'http://api.openai.com/v1',
        'https://api.openai.com:8443/v1',
      ]) {
        await expect(move(elsewhere)).rejects.toMatchObject({ code: 'origin_locked', status: 409 })
      }
      expect((await move('https://api.openai.com/v2')).baseUrl).toBe('https://api.openai.com/v2')
      await store.removeKeys([(await store.key('key-1')).id])
      expect((await move('https://other.example')).baseUrl).toBe('https://other.example')
    })

    it('makes the first one the default, and another only when asked to', async () => {
      const store = await (await place()).open()
      await store.addProvider(OPENAI, AUTO)
      await store.addProvider(DEEPSEEK, AUTO)
      expect((await store.catalog()).settings.default_provider).toBe('openai')
      await store.addProvider({ ...DEEPSEEK, name: 'other' }, { makeDefault: true })
      expect((await store.catalog()).settings.default_provider).toBe('other')
    })

    it.each(['v1', 'hf', 'admin', 'chat', 'OpenAI', 'a b', '', '-x', 'a/b', 'ä', 'a'.repeat(64)])(
      'refuses %j as a name and as a path',
      async segment => {
        const store = await (await place()).open()
        const named = store.addProvider({ ...OPENAI, name: segment }, AUTO)
        await expect(named).rejects.toMatchObject({ code: 'invalid_value' })
        const reached = store.addProvider({ ...OPENAI, path: segment }, AUTO)
        await expect(reached).rejects.toMatchObject({ code: 'invalid_value' })
        expect(await store.revision()).toBe(0)
      },
    )

    it('lets a segment lead to one provider only, be it as a name or a path', async () => {
      const store = await (await place()).open()
      await store.addProvider({ ...OPENAI, path: 'oa' }, AUTO)
      await store.addProvider(DEEPSEEK, AUTO)
      for (const taken of [
        { ...DEEPSEEK, name: 'openai' },
        { ...DEEPSEEK, name: 'oa' },
        { ...DEEPSEEK, name: 'new', path: 'openai' },
        { ...DEEPSEEK, name: 'new', path: 'oa' },
      ]) {
        await expect(store.addProvider(taken, AUTO)).rejects.toMatchObject({ code: 'name_taken' })
      }
      const moved = store.changeProvider('deepseek', { path: 'oa' })
      await expect(moved).rejects.toMatchObject({ code: 'name_taken' })
      await store.changeProvider('openai', { path: 'oa' })
    })

    it('changes what is given, leaves the rest, and gives overrides back on null', async () => {
      const store = await (await place()).open()
      await store.addProvider({ ...OPENAI, overrides: { max_retries: 5, timeout: 1_000 } }, AUTO)
      const changed = await store.changeProvider('openai', {
        enabled: false,
        overrides: { max_retries: null, policy: 'weighted' },
      })
      expect(changed).toMatchObject({
        enabled: false,
        baseUrl: 'https://api.openai.com/v1',
        overrides: { timeout: 1_000, policy: 'weighted' },
      })
      expect(changed.overrides).not.toHaveProperty('max_retries')
      expect(await store.provider('openai')).toEqual(changed)
    })

    it('makes no revision of a change that changes nothing', async () => {
      const store = await (await place()).open()
      await store.addProvider(OPENAI, AUTO)
      const revision = await store.revision()
      await store.changeProvider('openai', { enabled: true, baseUrl: 'https://api.openai.com/v1' })
      expect(await store.revision()).toBe(revision)
    })

    it('removes a provider with its keys, what was learned, and its being the default', async () => {
      const here = await place()
      const store = await here.open()
      await store.addProvider(OPENAI, AUTO)
      await store.addProvider(DEEPSEEK, AUTO)
      const { added } = await store.addKeys('openai', [value('sk-1'), value('sk-2')])
      await store.addKeys('deepseek', [value('sk-1')])
      await store.remember(added.map(({ id }) => memory(id, 1)))
      expect(await store.removeProvider('openai')).toEqual({ keys: 2, targets: 0 })
      expect((await store.keys()).map(key => key.provider)).toEqual(['deepseek'])
      expect((await store.catalog()).settings.default_provider).toBe('')
      expect(await here.sql('select * from memories')).toEqual([])
    })

    it('names the nearest provider when there is none of the name', async () => {
      const store = await (await place()).open()
      await store.addProvider(OPENAI, AUTO)
      const error = await store.provider('opneai').catch(error => error)
      expect(error).toMatchObject({ code: 'no_such', hint: 'Did you mean openai?' })
    })

    it.each(['OPENAI', 'openai ', 'open\u00e4i', 0, null])(
      'does not take %j for openai',
      async name => {
        const store = await (await place()).open()
        await store.addProvider(OPENAI, AUTO)
        const found = store.provider(name as string)
        await expect(found).rejects.toMatchObject({ code: 'no_such' })
        const removed = store.removeProvider(name as string)
        await expect(removed).rejects.toMatchObject({ code: 'no_such' })
      },
    )
  })
}

import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import type { KeyMemory } from '../../../src/model/catalog.ts'
import type { NewKey } from '../../../src/model/changes.ts'
import type { Store } from '../../../src/model/store.ts'
import type { Place } from '../place.ts'
import { DEEPSEEK, OPENAI } from './providers.ts'

export function value(text: string, rest: Omit<NewKey, 'value'> = {}): NewKey {
  return { ...rest, value: new Secret(text) }
}

export function memory(keyId: string, generation: number, failures = 1): KeyMemory {
  return {
    keyId,
    generation,
    failures,
    invalid: { reason: 'refused 😀', since: 1_700_000_000_000 },
    exhausted: { kind: 'exhausted', remaining: 5_000, reason: 'quota' },
    cooling: { 'gpt-4o': { kind: 'cooling', remaining: 250, reason: '429' } },
    savedAt: 1_700_000_000_001,
  }
}

export function keySuite(place: () => Promise<Place>): void {
  async function opened(): Promise<{ store: Store; here: Place }> {
    const here = await place()
    const store = await here.open()
    await store.addProvider(OPENAI, { makeDefault: false })
    return { store, here }
  }

  describe('keys', () => {
    it('are changed together: all or none, in one revision', async () => {
      const { store } = await opened()
      await store.addKeys('openai', [value('a'), value('b'), value('c')])
      const ids = (await store.keys()).map(({ id }) => id)
      const before = await store.revision()
      const changed = await store.changeKeys(ids.slice(0, 2), { enabled: false, weight: 3 })
      expect(changed.map(({ id, enabled, weight }) => [id, enabled, weight])).toEqual(
        ids.slice(0, 2).map(id => [id, false, 3]),
      )
      expect(await store.revision()).toBe(before + 1)
      expect((await store.keys()).map(({ generation }) => generation)).toEqual([2, 2, 1])
      await expect(
        store.changeKeys([ids[2] ?? '', 'k_notthere00'], { enabled: false }),
      ).rejects.toMatchObject({ code: 'no_such' })
      await expect(store.changeKeys(ids, { label: 'same' })).rejects.toMatchObject({
        code: 'name_taken',
      })
      expect(await store.keys()).toMatchObject([
        { enabled: false },
        { enabled: false },
        { enabled: true },
      ])
    })

    it('gives back in the catalogue what was sealed, in the order of adding', async () => {
      const { store } = await opened()
      const long = `sk-${'x'.repeat(4_093)}`
      await store.addKeys('openai', [value('sk-first-key-0001'), value(long)])
      await store.addKeys('openai', [
        value('!~', { label: 'Grüße 😀', weight: 7, tier: 2, rpm: 60, concurrency: 4 }),
      ])
      const { keys } = await store.catalog()
      expect(keys.map(key => key.secret?.reveal())).toEqual(['sk-first-key-0001', long, '!~'])
      expect(keys.map(key => key.label)).toEqual(['key-1', 'key-2', 'Grüße 😀'])
      expect(keys[0]).toMatchObject({
        provider: 'openai',
        masked: 'sk-…0001',
        weight: 1,
        tier: 1,
        rpm: null,
        concurrency: null,
        enabled: true,
        generation: 1,
        reference: null,
        fault: null,
        origin: 'command',
      })
      expect(keys[2]).toMatchObject({ weight: 7, tier: 2, rpm: 60, concurrency: 4 })
      for (const { id } of keys) expect(id).toMatch(/^k_[a-z2-7]{10}$/)
    })

    it('lists keys without their secrets, all or of one provider', async () => {
      const { store } = await opened()
      await store.addProvider(DEEPSEEK, { makeDefault: false })
      await store.addKeys('openai', [value('sk-1')])
      await store.addKeys('deepseek', [value('sk-2')])
      expect((await store.keys()).map(key => key.secret)).toEqual([null, null])
      expect((await store.keys('deepseek')).map(key => key.provider)).toEqual(['deepseek'])
      await expect(store.keys('nobody')).rejects.toMatchObject({ code: 'no_such' })
    })

    it('counts duplicates, in the input and in the store, per provider', async () => {
      const { store } = await opened()
      await store.addProvider(DEEPSEEK, { makeDefault: false })
      const first = await store.addKeys('openai', [value('a'), value('b'), value('a')])
      expect(first).toMatchObject({
        duplicates: 1,
        added: [{ label: 'key-1' }, { label: 'key-2' }],
      })
      const again = await store.addKeys('openai', [value('b'), value('A'), value('env:X')])
      expect(again).toMatchObject({
        duplicates: 1,
        added: [{ label: 'key-3' }, { label: 'key-4' }],
      })
      expect(await store.addKeys('openai', [value('env:X')])).toEqual({ added: [], duplicates: 1 })
      expect(await store.addKeys('deepseek', [value('a')])).toMatchObject({ duplicates: 0 })
    })

    it('takes 1,200 keys at once', async () => {
      const { store } = await opened()
      const many = Array.from({ length: 1_200 }, (_, index) => value(`sk-many-${index}`))
      expect((await store.addKeys('openai', many)).added).toHaveLength(1_200)
      const { keys } = await store.catalog()
      expect(keys.map(key => key.secret?.reveal())).toEqual(many.map(key => key.value.reveal()))
      await store.removeKeys(keys.map(({ id }) => id))
      expect(await store.keys()).toEqual([])
    })

    it('imports keys of several providers in one revision, duplicates counted for each', async () => {
      const { store } = await opened()
      await store.addProvider(DEEPSEEK, { makeDefault: false })
      await store.addKeys('openai', [value('a')])
      const revision = await store.revision()
      const imported = await store.importKeys([
        { provider: 'deepseek', keys: [value('a', { label: 'main', rpm: 5 }), value('b')] },
        { provider: 'openai', keys: [value('a'), value('b'), value('b')] },
      ])
      expect(await store.revision()).toBe(revision + 1)
      expect(imported).toMatchObject([
        { provider: 'deepseek', added: [{ label: 'main', rpm: 5 }, {}], duplicates: 0 },
        { provider: 'openai', added: [{ label: 'key-2' }], duplicates: 2 },
      ])
      const { keys } = await store.catalog()
      expect(keys.map(key => `${key.provider} ${key.secret?.reveal()}`)).toEqual([
        'openai a',
        'deepseek a',
        'deepseek b',
        'openai b',
      ])
    })

    it.each([
      [value('se cret'), 'invalid_value', 'The key holds white space.'],
      [value('env:BALANCE_X'), 'invalid_value', 'env:BALANCE_X: variables of the gateway'],
      [value('x', { weight: 0 }), 'invalid_value', 'weight: must be a whole number from 1 to 1000'],
      [value('x', { label: ' secret' }), 'invalid_value', 'This cannot be a label.'],
      [value('x', { label: 'main' }), 'name_taken', 'Another key of this provider has this label.'],
    ])(
      'imports none where one is wrong, and says where that was read (%#)',
      async (bad, code, why) => {
        const { store } = await opened()
        await store.addProvider(DEEPSEEK, { makeDefault: false })
        await store.addKeys('deepseek', [value('z', { label: 'main' })])
        const revision = await store.revision()
        const error = await store
          .importKeys([
            { provider: 'openai', keys: [value('a')] },
            { provider: 'deepseek', keys: [value('b'), { ...bad, place: 'keys.csv:3' }] },
          ])
          .catch(e => e)
        expect(error).toMatchObject({ code })
        expect(error.message).toContain(`keys.csv:3: ${why}`)
        expect(`${error.message} ${error.hint}`).not.toContain('cret')
        expect(await store.revision()).toBe(revision)
        expect(await store.keys()).toHaveLength(1)
      },
    )

    it('imports none where one provider is not there', async () => {
      const { store } = await opened()
      const keys = [value('a')]
      const imported = store.importKeys([
        { provider: 'openai', keys },
        { provider: 'nobody', keys },
      ])
      await expect(imported).rejects.toMatchObject({ code: 'no_such' })
      expect(await store.keys()).toEqual([])
    })

    it.each([
      ['', 'is empty'],
      ['has space', 'white space'],
      ['tab\t', 'white space'],
      ['schlüssel', 'no HTTP header'],
      ['nul\0', 'no HTTP header'],
      ['x'.repeat(4_097), 'longer than 4096'],
    ])('refuses the value %j and adds none of its batch', async (bad, why) => {
      const { store } = await opened()
      const error = await store.addKeys('openai', [value('good'), value(bad)]).catch(e => e)
      expect(error).toMatchObject({ code: 'invalid_value' })
      expect(error.message).toContain(why)
      expect(error.message).toContain('Key 2 of 2')
      expect(await store.keys()).toEqual([])
    })

    it('never repeats a refused value', async () => {
      const { store } = await opened()
      const error = await store.addKeys('openai', [value('sk-se cret-value')]).catch(e => e)
      expect(`${error.message} ${error.hint}`).not.toContain('cret-value')
    })

    it.each([
      { weight: 0 },
      { weight: 1.5 },
      { tier: 0 },
      { rpm: 0 },
      { concurrency: -1 },
      { label: '' },
      { label: ' x' },
      { label: 'a\nb' },
      { label: 'x'.repeat(65) },
    ])('refuses %j', async rest => {
      const { store } = await opened()
      const added = store.addKeys('openai', [value('sk-1', rest)])
      await expect(added).rejects.toMatchObject({ code: 'invalid_value' })
    })

    it('gives labels that nobody has, and refuses one that is taken', async () => {
      const { store } = await opened()
      await store.addKeys('openai', [value('a'), value('b', { label: 'key-1' })])
      expect((await store.keys()).map(key => key.label)).toEqual(['key-2', 'key-1'])
      const twin = store.addKeys('openai', [value('c', { label: 'key-2' })])
      await expect(twin).rejects.toMatchObject({ code: 'name_taken' })
      expect(await store.addKeys('openai', [value('a', { label: 'key-1' })])).toMatchObject({
        duplicates: 1,
      })
    })

    it('finds a key by its id, and by its label where one has it', async () => {
      const { store } = await opened()
      await store.addProvider(DEEPSEEK, { makeDefault: false })
      await store.addKeys('openai', [value('a', { label: 'main' })])
      const [main] = await store.keys()
      expect(await store.key(main?.id ?? '')).toEqual(main)
      expect(await store.key('main')).toEqual(main)
      for (const other of ['Main', 'main ', 0 as never, 'nobody']) {
        await expect(store.key(other)).rejects.toMatchObject({ code: 'no_such' })
      }
      await store.addKeys('deepseek', [value('a', { label: 'main' })])
      const error = await store.key('main').catch(e => e)
      expect(error).toMatchObject({ code: 'invalid_value' })
      expect(error.hint).toContain(main?.id)
    })

    it('raises the generation by enable, disable, reset and a new secret, and by nothing else', async () => {
      const { store } = await opened()
      const { added } = await store.addKeys('openai', [value('a')])
      const id = added[0]?.id ?? ''
      const generation = async () => (await store.key(id)).generation
      await store.changeKey(id, { weight: 3, label: 'x', tier: 2, rpm: 5, concurrency: null })
      expect(await generation()).toBe(1)
      await store.changeKey(id, { enabled: false })
      expect(await generation()).toBe(2)
      await store.changeKey(id, { enabled: true })
      expect(await generation()).toBe(3)
      await store.changeKey(id, { enabled: true })
      expect(await generation()).toBe(4)
      await store.resetKeys([id])
      expect(await generation()).toBe(5)
      const changed = await store.changeKey(id, { value: new Secret('b') })
      expect(changed).toMatchObject({ generation: 6, label: 'x', weight: 3, tier: 2, rpm: 5 })
      expect((await store.catalog()).keys[0]?.secret?.reveal()).toBe('b')
    })

    it('forgets what was learned before that, and drops what arrives late', async () => {
      const { store } = await opened()
      const { added } = await store.addKeys('openai', [value('a'), value('b')])
      const [a = '', b = ''] = added.map(({ id }) => id)
      await store.remember([memory(a, 1), memory(b, 1)])
      expect([...(await store.memories()).keys()].sort()).toEqual([a, b].sort())
      await store.resetKeys([a])
      expect([...(await store.memories()).keys()]).toEqual([b])
      await store.remember([memory(a, 1), memory('k_gone', 1)])
      expect((await store.memories()).has(a)).toBe(false)
      await store.remember([memory(a, 2), memory(b, 1, 7)])
      expect((await store.memories()).get(a)).toEqual(memory(a, 2))
      expect((await store.memories()).get(b)).toEqual(memory(b, 1, 7))
      expect((await store.catalog()).memories).toHaveLength(2)
    })

    it('ignores a row that was learned under an older generation', async () => {
      const { store, here } = await opened()
      const { added } = await store.addKeys('openai', [value('a')])
      const id = added[0]?.id ?? ''
      await store.remember([memory(id, 1)])
      await here.sql('update provider_keys set generation = 2')
      expect((await store.memories()).size).toBe(0)
      expect((await store.catalog()).memories).toEqual([])
    })

    it('writes what was learned without a revision', async () => {
      const { store } = await opened()
      const { added } = await store.addKeys('openai', [value('a')])
      const revision = await store.revision()
      await store.remember([memory(added[0]?.id ?? '', 1)])
      await store.remember([])
      expect(await store.revision()).toBe(revision)
    })

    it('refuses a new secret or label that another key of the provider has', async () => {
      const { store } = await opened()
      const { added } = await store.addKeys('openai', [value('a'), value('b')])
      const id = added[1]?.id ?? ''
      const twin = store.changeKey(id, { value: new Secret('a') })
      await expect(twin).rejects.toMatchObject({ code: 'name_taken' })
      const named = store.changeKey(id, { label: 'key-1' })
      await expect(named).rejects.toMatchObject({ code: 'name_taken' })
      expect(await store.changeKey(id, { value: new Secret('env:KEY') })).toMatchObject({
        reference: 'env:KEY',
        masked: 'env:KEY',
      })
    })

    it('resets and removes all of the keys named, or none', async () => {
      const { store } = await opened()
      const { added } = await store.addKeys('openai', [value('a'), value('b')])
      const [a = '', b = ''] = added.map(({ id }) => id)
      const revision = await store.revision()
      await expect(store.removeKeys([a, 'k_nobody'])).rejects.toMatchObject({ code: 'no_such' })
      await expect(store.resetKeys([a, 'k_nobody'])).rejects.toMatchObject({ code: 'no_such' })
      expect(await store.keys()).toEqual(added)
      await store.removeKeys([])
      await store.resetKeys([])
      expect(await store.revision()).toBe(revision)
      await store.removeKeys([b, b])
      expect((await store.keys()).map(({ id }) => id)).toEqual([a])
    })

    it('seals keys anew when the provider moves to another origin', async () => {
      const { store, here } = await opened()
      await store.addKeys('openai', [value('a')])
      const sealed = async () => (await here.sql('select sealed from provider_keys'))[0]?.sealed
      const before = await sealed()
      await store.changeProvider('openai', { baseUrl: 'https://api.openai.com/v2' })
      expect(await sealed()).toEqual(before)
      await store.changeProvider('openai', { baseUrl: 'https://elsewhere.example/v1' })
      expect(await sealed()).not.toEqual(before)
      expect((await store.catalog()).keys[0]?.secret?.reveal()).toBe('a')
    })
  })
}

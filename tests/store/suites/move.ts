import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import type { Move, MovedProvider } from '../../../src/model/changes.ts'
import type { Place } from '../place.ts'

const ONE = new Secret('sk-planted-0000000000000001')
const TWO = new Secret('sk-planted-0000000000000002')

const MOVED: MovedProvider = {
  name: 'moved',
  kind: 'openai',
  baseUrl: 'https://moved.example/v1',
  path: 'm',
  enabled: true,
  overrides: { max_retries: 5 },
  keys: [{ value: ONE }, { value: TWO, tier: 100 }],
  modelsKey: TWO,
  present: false,
}

const MOVE: Move = {
  providers: [
    MOVED,
    { ...MOVED, name: 'off', path: null, enabled: false, keys: [], modelsKey: null },
  ],
  tokens: [{ name: 'client-1', value: new Secret('tok-planted-000000000001') }],
  settings: { check_interval: 7_200_000 },
}

export function moveSuite(place: () => Promise<Place>): void {
  describe('moving in', () => {
    it('takes providers, keys, tokens and settings at once, as a command’s', async () => {
      const store = await (await place()).open()
      const before = await store.revision()
      await store.moveIn(MOVE)
      expect(await store.revision()).toBe(before + 1)
      const { providers, keys, tokens, settings } = await store.catalog()
      const asking = keys.find(key => key.secret?.reveal() === TWO.reveal())
      expect(providers).toMatchObject([
        {
          name: 'moved',
          path: 'm',
          enabled: true,
          origin: 'command',
          overrides: { max_retries: 5, models_key: asking?.id },
        },
        { name: 'off', enabled: false },
      ])
      expect(keys.map(({ secret, tier, origin }) => [secret?.reveal(), tier, origin])).toEqual([
        [ONE.reveal(), 1, 'command'],
        [TWO.reveal(), 100, 'command'],
      ])
      expect(tokens).toMatchObject([{ name: 'client-1', weak: false }])
      expect(settings).toMatchObject({ check_interval: 7_200_000, default_provider: 'moved' })
    })

    it('writes an audit row for each, without secrets', async () => {
      const here = await place()
      await (await here.open()).moveIn(MOVE)
      const rows = await here.sql('select action, before_value, after_value from audit order by id')
      expect(rows.map(({ action }) => action)).toEqual([
        'provider.add',
        'master_key.adopt',
        'keys.add',
        'provider.change',
        'provider.add',
        'token.create',
        'setting.set.command',
        'setting.set.command',
      ])
      expect(JSON.stringify(rows)).not.toContain('planted')
    })

    it('adds to a provider that is there, and leaves it switched as it is', async () => {
      const store = await (await place()).open()
      await store.moveIn(MOVE)
      await store.changeProvider('moved', { enabled: false })
      const keys = [{ value: new Secret('sk-planted-3') }]
      const more = { ...MOVED, present: true, path: null, overrides: { max_failures: 9 }, keys }
      await store.moveIn({ providers: [{ ...more, modelsKey: null }], tokens: [], settings: {} })
      expect(await store.keys('moved')).toHaveLength(3)
      expect(await store.provider('moved')).toMatchObject({
        enabled: false,
        path: 'm',
        overrides: { max_retries: 5, max_failures: 9, models_key: expect.any(String) },
      })
    })

    it.each<[string, Move]>([
      [
        'a key that is none',
        { ...MOVE, providers: [{ ...MOVED, keys: [{ value: new Secret('a b') }] }] },
      ],
      [
        'a provider with another address by now',
        { ...MOVE, providers: [{ ...MOVED, present: true, baseUrl: 'https://else.example' }] },
      ],
      ['a default that is none', { ...MOVE, settings: { default_provider: 'nobody' } }],
    ])('takes nothing where there is %s', async (_, move) => {
      const store = await (await place()).open()
      const { name, kind, baseUrl } = { ...MOVED, baseUrl: 'https://first.example' }
      const present = move.providers.some(provider => provider.present)
      if (present) {
        await store.addProvider(
          { name, kind, baseUrl, path: null, overrides: {} },
          { makeDefault: false },
        )
      }
      const before = await store.revision()
      await expect(store.moveIn(move)).rejects.toMatchObject({ name: 'BalanceError' })
      expect(await store.revision()).toBe(before)
      expect(await store.tokens()).toEqual([])
      expect(await store.keys()).toEqual([])
    })
  })
}

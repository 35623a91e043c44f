import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import type { Declared, DeclaredKey, DeclaredProvider } from '../../../src/model/declared.ts'
import type { Store } from '../../../src/model/store.ts'
import type { Place } from '../place.ts'
import { applied, NOTHING, planned } from './declared.ts'
import { value } from './keys.ts'
import { OPENAI } from './providers.ts'

const MASTER = new Secret('ab'.repeat(32))

const env = (name: string, label?: string): DeclaredKey => ({
  value: new Secret(`env:${name}`),
  ...(label === undefined ? {} : { label }),
})
const provider = (name: string, path: string | null, keys: readonly DeclaredKey[] = []) => ({
  ...OPENAI,
  enabled: true,
  name,
  path,
  keys,
})
const providers = (...given: readonly DeclaredProvider[]): Declared => ({
  ...NOTHING,
  providers: given,
})
const keys = (...given: readonly DeclaredKey[]) => providers(provider('openai', null, given))
const tokens = (...pairs: readonly (readonly [string, string])[]): Declared => ({
  ...NOTHING,
  tokens: pairs.map(([name, of]) => ({ name, value: { hash: hashOf(of), weak: false } })),
})
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')

/** What a file can exchange, by what each object is known by. */
async function places(store: Store): Promise<Record<string, string | null>> {
  const { providers, keys, tokens } = await store.catalog()
  return Object.fromEntries([
    ...providers.map(({ name, path }) => [name, path]),
    ...keys.map(({ reference, label }) => [reference, label]),
    ...tokens.map(({ name, hash }) => [`token ${name}`, hash]),
  ])
}

export function exchangedSuite(place: () => Promise<Place>): void {
  describe('a plan whose objects change places', () => {
    /** What follows another file: applied, and in another store taken at a start. */
    async function follow(first: Declared, second: Declared): Promise<void> {
      const [store, started] = [await (await place()).open(), await (await place()).open()]
      const fresh = await (await place()).open()
      await applied(fresh, second)
      await applied(store, first)
      await started.reconcile(first)
      const before = (await store.keys()).map(({ id }) => id)
      await applied(store, second)
      await started.reconcile(second)
      const wanted = await places(fresh)
      expect([await places(store), await places(started)]).toEqual([wanted, wanted])
      expect((await store.keys()).map(({ id }) => id)).toEqual(before)
      expect(await planned(store, second, true)).toEqual([])
    }

    it('is made where two providers swap paths, and three in a ring', async () => {
      await follow(
        providers(provider('one', 'x'), provider('two', 'y')),
        providers(provider('one', 'y'), provider('two', 'x')),
      )
      await follow(
        providers(provider('one', 'x'), provider('two', 'y'), provider('three', 'z')),
        providers(provider('one', 'y'), provider('two', 'z'), provider('three', 'x')),
      )
    })

    it('is made where keys swap labels, and keeps which is which', async () => {
      await follow(keys(env('A', 'a'), env('B', 'b')), keys(env('A', 'b'), env('B', 'a')))
      await follow(
        keys(env('A', 'a'), env('B', 'b'), env('C', 'c')),
        keys(env('A', 'b'), env('B', 'c'), env('C', 'a')),
      )
      const store = await (await place()).open()
      await applied(store, keys(env('A', 'a'), env('B', 'b')))
      await applied(store, keys(env('A', 'b'), env('B', 'a')))
      const rows = await store.audit({ limit: 2 })
      expect(rows.map(({ subject, before, after }) => [subject, before, after])).toMatchObject([
        ['openai/b', { label: 'b', generation: 1 }, { label: 'a', generation: 1 }],
        ['openai/a', { label: 'a', generation: 1 }, { label: 'b', generation: 1 }],
      ])
    })

    it('is made where sealed keys swap values, known by their ids', async () => {
      const [one, two] = [await place(), await place()]
      const store = await one.open({ env: { ...one.options.env, masterKey: MASTER } })
      await store.addProvider(OPENAI, { makeDefault: true })
      await store.addKeys('openai', [value('sk-first-0123456789'), value('sk-second-0123456789')])
      const copy = await two.open({ env: { ...two.options.env, masterKey: MASTER } })
      await applied(copy, await store.held('all'))
      const [first, second] = (await copy.keys()).map(({ id }) => id) as [string, string]
      await copy.changeKey(first, { value: new Secret('sk-third-0123456789') })
      await copy.changeKey(second, { value: new Secret('sk-first-0123456789') })
      await copy.changeKey(first, { value: new Secret('sk-second-0123456789') })
      const swapped = await copy.held('all')
      await applied(store, swapped)
      const { keys } = await store.catalog()
      expect(keys.map(({ id, secret }) => [id, secret?.reveal()])).toEqual([
        [first, 'sk-second-0123456789'],
        [second, 'sk-first-0123456789'],
      ])
      expect(await planned(store, swapped, true)).toEqual([])
    })

    it('is made where tokens swap names; a token is its name, so it has another value', async () => {
      await follow(tokens(['one', '1'], ['two', '2']), tokens(['one', '2'], ['two', '1']))
      await follow(
        tokens(['one', '1'], ['two', '2'], ['three', '3']),
        tokens(['one', '2'], ['two', '3'], ['three', '1']),
      )
      const store = await (await place()).open()
      await applied(store, tokens(['one', '1'], ['two', '2']))
      const before = await store.tokens()
      await applied(store, tokens(['one', '2'], ['two', '1']))
      expect((await store.tokens()).map(({ id, name }) => [id, name])).toEqual(
        before.map(({ id, name }) => [id, name]),
      )
    })

    it('is made where something new gets what another has until then', async () => {
      const store = await (await place()).open()
      await applied(store, {
        ...tokens(['one', '1']),
        providers: [provider('one', 'x', [env('A', 'a')])],
      })
      const after = {
        ...tokens(['two', '1'], ['one', '2']),
        providers: [provider('x', null), provider('one', 'y', [env('B', 'a'), env('A', 'b')])],
      }
      await applied(store, after)
      expect(await places(store)).toEqual({
        x: null,
        one: 'y',
        'env:A': 'b',
        'env:B': 'a',
        'token one': hashOf('2'),
        'token two': hashOf('1'),
      })
      expect(await planned(store, after)).toEqual([])
    })

    it('is made where what is pruned leaves what something new gets', async () => {
      const store = await (await place()).open()
      await applied(store, {
        ...tokens(['one', '1']),
        providers: [provider('old', 'x', [env('A', 'a')]), provider('one', null, [env('B', 'b')])],
      })
      const after = {
        ...tokens(['two', '1']),
        providers: [provider('new', 'x'), provider('one', 'old', [env('C', 'c'), env('D', 'b')])],
      }
      const kept = store.plan(after, { prune: false })
      await expect(kept).rejects.toMatchObject({ code: 'name_taken' })
      await applied(store, after, true)
      expect(await places(store)).toMatchObject({ new: 'x', one: 'old', 'env:D': 'b' })
      expect(await store.tokens()).toMatchObject([{ name: 'two' }])
      expect(await planned(store, after, true)).toEqual([])
    })

    it('is refused where something keeps what another gets, with the way out', async () => {
      const cases: readonly [Declared, Declared, RegExp][] = [
        [providers(provider('old', 'x')), providers(provider('new', 'x')), /provider old.*--prune/],
        [
          keys(env('A', 'a'), env('B', 'b')),
          keys(env('B', 'a')),
          /key k_\w+.*config apply --prune removes it/,
        ],
        [
          tokens(['one', '1'], ['two', '2']),
          tokens(['two', '1']),
          /token one.*config apply --prune removes it/,
        ],
      ]
      for (const [before, after, way] of cases) {
        const store = await (await place()).open()
        await applied(store, before)
        const refused = await store.plan(after, { prune: false }).catch(error => error)
        expect(refused).toMatchObject({ code: 'name_taken' })
        expect(refused.hint).toMatch(way)
        await applied(store, after, true)
        expect(await planned(store, after, true)).toEqual([])
      }
    })

    it('leaves what a command holds, and whoever would get its value is refused', async () => {
      const store = await (await place()).open()
      await store.reconcile(keys(env('A', 'a'), env('B', 'b')))
      const { id } = await store.key('a')
      await store.changeKey(id, { weight: 2 })
      const revision = await store.revision()
      const swapped = keys(env('A', 'b'), env('B', 'a'))
      await expect(store.reconcile(swapped)).rejects.toMatchObject({ code: 'name_taken' })
      const newcomer = keys(env('A', 'z'), env('B', 'b'), env('C', 'a'))
      await expect(store.reconcile(newcomer)).rejects.toMatchObject({ code: 'name_taken' })
      expect(await store.revision()).toBe(revision)
      await applied(store, swapped)
      expect(await places(store)).toMatchObject({ 'env:A': 'b', 'env:B': 'a' })
    })
  })
}

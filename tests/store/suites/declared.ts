import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import type { Declared, DeclaredKey, DeclaredProvider } from '../../../src/model/declared.ts'
import { spellSubject } from '../../../src/model/plan.ts'
import type { Store } from '../../../src/model/store.ts'
import type { Place } from '../place.ts'
import { value } from './keys.ts'
import { DEEPSEEK, OPENAI } from './providers.ts'

const TOKEN = 'a-token-of-a-client-0123'
const HASH = createHash('sha256').update(TOKEN).digest('hex')
const MASTER = new Secret('ab'.repeat(32))

const DECLARED_OPENAI: DeclaredProvider = {
  ...OPENAI,
  enabled: true,
  keys: [{ value: new Secret('env:OPENAI_KEY'), label: 'main' }],
}
const DECLARED = {
  settings: { max_retries: 4 },
  providers: [DECLARED_OPENAI],
  tokens: [{ name: 'ci', value: { hash: HASH, weak: false }, models: ['gpt-*'], rpm: 60 }],
  routes: [{ model: 'fast', targets: [{ provider: 'openai', model: 'gpt-4o-mini', weight: 2 }] }],
} satisfies Declared
export const NOTHING: Declared = { settings: {}, providers: [] }

/** `+ provider openai` for each difference. */
export async function planned(store: Store, declared: Declared, prune = false): Promise<string[]> {
  const { differences } = await store.plan(declared, { prune })
  return differences.map(difference => `${difference.action} ${spellSubject(difference)}`)
}

export async function applied(store: Store, declared: Declared, prune = false): Promise<void> {
  await store.apply(declared, { prune, revision: await store.revision() })
}

/** Everything that a file can declare is changed by a command. */
async function overrule(store: Store): Promise<void> {
  await store.setSetting('max_retries', 9)
  await store.changeProvider('openai', { enabled: false })
  await store.changeKey((await store.key('main')).id, { enabled: false })
  await store.changeToken('ci', { rpm: 5 })
  await store.addTargets('fast', [{ provider: 'openai', model: 'gpt-4o-mini', weight: 7 }])
}

const SUBJECTS = [
  'provider openai',
  'key openai/main',
  'token ci',
  'route fast -> openai:gpt-4o-mini',
  'max_retries',
]

export function declaredSuite(place: () => Promise<Place>): void {
  describe('what a file declares', () => {
    it('is taken with origin file, tokens and routes too, and once', async () => {
      const store = await (await place()).open()
      await store.reconcile(DECLARED)
      expect(await store.tokens()).toMatchObject([
        { name: 'ci', hash: HASH, models: ['gpt-*'], rpm: 60, origin: 'file' },
      ])
      expect(await store.route('fast')).toMatchObject({
        targets: [{ provider: 'openai', model: 'gpt-4o-mini', weight: 2, tier: 1, origin: 'file' }],
      })
      const revision = await store.revision()
      expect(await store.reconcile(DECLARED)).toEqual({ taken: [], overridden: [], left: [] })
      expect(await store.revision()).toBe(revision)
      expect(await planned(store, DECLARED)).toEqual([])
    })

    it('gives way to what a command changed, which is named', async () => {
      const store = await (await place()).open()
      await store.reconcile(DECLARED)
      await overrule(store)
      const revision = await store.revision()
      expect(await store.reconcile(DECLARED)).toEqual({
        taken: [],
        overridden: SUBJECTS,
        left: [],
      })
      expect(await store.revision()).toBe(revision)
    })

    it('is told when it has left the file, and kept', async () => {
      const store = await (await place()).open()
      await store.reconcile(DECLARED)
      const { left } = await store.reconcile(NOTHING)
      expect([...left].sort()).toEqual([...SUBJECTS, 'default_provider'].sort())
      expect(await store.tokens()).toHaveLength(1)
    })

    it('makes its first provider the default, unless it or a command names one', async () => {
      const store = await (await place()).open()
      const chosen = async () => (await store.catalog()).settings.default_provider
      const first = { ...DECLARED, settings: { default_provider: '' } }
      await store.reconcile(first)
      expect([await chosen(), await store.reconcile(first)]).toEqual([
        'openai',
        { taken: [], overridden: [], left: [] },
      ])
      const other = { ...DECLARED_OPENAI, name: 'other', keys: [] }
      const both = { ...first, providers: [other, DECLARED_OPENAI] }
      expect(await store.reconcile(both)).toMatchObject({ left: ['default_provider'] })
      expect(await chosen()).toBe('openai')
      await applied(store, both, true)
      expect([await chosen(), await planned(store, both, true)]).toEqual(['other', []])
      await store.reconcile({ ...both, settings: { default_provider: 'openai' } })
      expect(await chosen()).toBe('openai')
      await store.setSetting('default_provider', 'other')
      expect((await store.reconcile(both)).overridden).toEqual([])
      expect(await chosen()).toBe('other')
    })

    it('may name a token by reference, which only a new token needs', async () => {
      const here = await place()
      const token = { name: 'ci', value: new Secret('env:CI_TOKEN') }
      const declared = { ...NOTHING, tokens: [token] }
      const without = await here.open()
      await expect(without.reconcile(declared)).rejects.toMatchObject({ code: 'config_invalid' })
      const variables = { CI_TOKEN: TOKEN }
      const store = await here.open({ env: { ...here.options.env, variables } })
      await store.reconcile(declared)
      expect(await store.tokens()).toMatchObject([{ hash: HASH, weak: false }])
      expect(await planned(without, declared)).toEqual([])
      const anew = await here.open({
        env: { ...here.options.env, variables: { CI_TOKEN: 'short' } },
      })
      expect(await planned(anew, declared)).toEqual(['change token ci'])
      await anew.reconcile(declared)
      expect(await store.tokens()).toMatchObject([{ weak: true, masked: '…' }])
    })

    it('holds no clear token', async () => {
      const store = await (await place()).open()
      const declared = { ...NOTHING, tokens: [{ name: 'ci', value: new Secret(TOKEN) }] }
      const error = await store.reconcile(declared).catch(e => e)
      expect(error).toMatchObject({ code: 'config_invalid' })
      expect(String(error.message + error.hint)).not.toContain(TOKEN)
    })

    it('knows a key by its label, and a token by its value, where the other was changed', async () => {
      const store = await (await place()).open()
      await store.reconcile(DECLARED)
      const { id } = await store.key('main')
      const moved = { value: new Secret('env:ANOTHER'), label: 'main' }
      const changed = { ...DECLARED, providers: [{ ...DECLARED_OPENAI, keys: [moved] }] }
      await store.reconcile(changed)
      expect(await store.keys()).toMatchObject([{ id, reference: 'env:ANOTHER', origin: 'file' }])
      await store.changeToken('ci', { name: 'builds' })
      expect((await store.reconcile(changed)).overridden).toEqual(['token ci'])
      await applied(store, changed)
      expect(await store.tokens()).toMatchObject([{ name: 'ci', origin: 'file' }])
    })
  })

  describe('a plan', () => {
    it('names what it adds, changes and takes over, with old and new values', async () => {
      const store = await (await place()).open()
      expect(await planned(store, DECLARED)).toEqual(
        [...SUBJECTS, 'default_provider'].sort(byPlan).map(subject => `add ${subject}`),
      )
      await applied(store, DECLARED)
      await overrule(store)
      const { differences } = await store.plan(DECLARED, { prune: false })
      expect(differences).toHaveLength(SUBJECTS.length)
      expect(differences.every(({ holder }) => holder === 'command')).toBe(true)
      expect(differences[0]?.fields).toEqual([{ name: 'enabled', before: 'no', after: 'yes' }])
      expect(differences.at(-1)?.fields).toEqual([{ name: 'max_retries', before: '9', after: '4' }])
      await store.setSetting('max_retries', 4)
      expect(await planned(store, DECLARED)).toContain('adopt max_retries')
    })

    it('applied takes over what a command had, and leaves nothing to do', async () => {
      const store = await (await place()).open()
      await applied(store, DECLARED)
      await overrule(store)
      await applied(store, DECLARED)
      const { settings, providers, keys, tokens, routes } = await store.catalog()
      expect(settings.max_retries).toBe(4)
      const rows = [...providers, ...keys, ...tokens, ...routes.flatMap(({ targets }) => targets)]
      expect(rows.map(({ origin }) => origin)).toEqual(['file', 'file', 'file', 'file'])
      expect([providers[0]?.enabled, keys[0]?.enabled]).toEqual([true, true])
      expect(await planned(store, DECLARED, true)).toEqual([])
    })

    it('of equal values takes over the ownership alone', async () => {
      const store = await (await place()).open()
      await store.addProvider(OPENAI, { makeDefault: false })
      await store.addKeys('openai', [{ value: new Secret('env:OPENAI_KEY'), label: 'main' }])
      await store.createToken({ name: 'ci', value: new Secret(TOKEN), models: ['gpt-*'], rpm: 60 })
      await store.addTargets('fast', [{ provider: 'openai', model: 'gpt-4o-mini', weight: 2 }])
      await store.setSetting('max_retries', 4)
      expect((await planned(store, DECLARED)).sort()).toEqual(
        SUBJECTS.map(subject => `adopt ${subject}`).sort(),
      )
      const [before] = await store.keys()
      await applied(store, DECLARED)
      expect(await store.keys()).toEqual([{ ...before, origin: 'file' }])
      expect(await planned(store, DECLARED)).toEqual([])
    })

    it('prunes what came from a file, never what a command owns', async () => {
      const store = await (await place()).open()
      await applied(store, DECLARED)
      await store.addProvider(DEEPSEEK, { makeDefault: true })
      await store.addTargets('fast', [{ provider: 'deepseek', model: null }])
      expect(await planned(store, NOTHING)).toEqual([])
      expect((await planned(store, NOTHING, true)).sort()).toEqual(
        [...SUBJECTS, 'default_provider'].map(subject => `remove ${subject}`).sort(),
      )
      await applied(store, NOTHING, true)
      const { settings, providers, keys, tokens, routes } = await store.catalog()
      expect(settings).toMatchObject({ default_provider: 'deepseek', max_retries: 3 })
      expect(providers.map(({ name }) => name)).toEqual(['deepseek'])
      expect([keys, tokens]).toEqual([[], []])
      expect(routes).toMatchObject([{ targets: [{ provider: 'deepseek' }] }])
      expect(await planned(store, NOTHING, true)).toEqual([])
    })

    it('keeps a provider that has something of a command, and says why', async () => {
      const store = await (await place()).open()
      await applied(store, DECLARED)
      await store.addKeys('openai', [value('sk-of-a-command')])
      await applied(store, NOTHING, true)
      expect(await store.keys()).toMatchObject([{ origin: 'command' }])
      const { differences, left } = await store.plan(NOTHING, { prune: true })
      expect(differences).toEqual([])
      expect(left).toEqual(['provider openai (a command gave it keys)'])
    })

    it('is refused where the store has changed since, and nothing is done', async () => {
      const store = await (await place()).open()
      const { revision } = await store.plan(DECLARED, { prune: false })
      await store.setSetting('max_body', 1_024)
      const late = store.apply(DECLARED, { prune: false, revision })
      await expect(late).rejects.toMatchObject({ code: 'stale_plan', exit: 1 })
      expect(await store.providers()).toEqual([])
      expect(await store.revision()).toBe(revision + 1)
    })

    it('applied by several at once is applied by one, and the others are told', async () => {
      const stores = await (await place()).openSeveral()
      const both = [...stores, ...stores].slice(0, 3)
      const options = { prune: false, revision: 0 }
      const outcomes = await Promise.allSettled(both.map(store => store.apply(DECLARED, options)))
      const refused = outcomes.filter(outcome => outcome.status === 'rejected')
      expect(refused.map(({ reason }) => reason.code)).toEqual(
        both.slice(1).map(() => 'stale_plan'),
      )
      expect(await both[0]?.revision()).toBe(1)
    })

    it('of which one thing is wrong changes nothing', async () => {
      const store = await (await place()).open()
      const routes = [{ model: 'fast', targets: [{ provider: 'nobody', model: null }] }]
      const failed = applied(store, { ...DECLARED, routes })
      await expect(failed).rejects.toMatchObject({ code: 'no_such' })
      expect([await store.revision(), await store.providers()]).toEqual([0, []])
    })
  })

  describe('giving back', () => {
    it('makes one object as the file has it, and leaves the others', async () => {
      const store = await (await place()).open()
      await store.reconcile(DECLARED)
      await overrule(store)
      await store.addTargets('fast', [{ provider: 'openai', model: null }])
      const names = [
        ['provider', 'openai'],
        ['key', 'openai/main'],
        ['token', 'ci'],
        ['route', 'fast'],
      ] as const
      for (const [index, [kind, name]] of names.entries()) {
        await store.giveBack(DECLARED, { kind, name })
        const { overridden } = await store.reconcile(DECLARED)
        expect(overridden).toEqual(SUBJECTS.slice(index + 1))
        const revision = await store.revision()
        expect(await store.giveBack(DECLARED, { kind, name })).toMatchObject({ differences: [] })
        expect(await store.revision()).toBe(revision)
      }
      expect((await store.route('fast')).targets).toMatchObject([{ weight: 2, origin: 'file' }])
      expect(await store.key('main')).toMatchObject({ enabled: true, origin: 'file' })
    })

    it('takes a key by its id, and refuses what is not declared', async () => {
      const store = await (await place()).open()
      await store.reconcile(DECLARED)
      await overrule(store)
      await store.addTargets('other', [{ provider: 'openai', model: null }])
      const { id } = await store.key('main')
      await store.giveBack(DECLARED, { kind: 'key', name: id })
      for (const [kind, name] of [
        ['provider', 'nobody'],
        ['route', 'other'],
        ['token', 'openai'],
      ] as const) {
        const given = store.giveBack(DECLARED, { kind, name })
        await expect(given).rejects.toMatchObject({ code: 'no_such' })
      }
    })
  })

  describe('what a store holds', () => {
    it('can be declared to an empty one with the same master key, sealed keys too', async () => {
      const [from, to] = [await place(), await place()]
      const source = await from.open({ env: { ...from.options.env, masterKey: MASTER } })
      await applied(source, DECLARED)
      await source.addKeys('openai', [value('sk-sealed-0123456789'), value('sk-sealed-9876543210')])
      await source.createToken({ name: 'weak', value: new Secret('short') })
      const held = await source.held('all')
      expect(JSON.stringify(held)).not.toContain('sk-sealed')
      const store = await to.open({ env: { ...to.options.env, masterKey: MASTER } })
      await applied(store, held)
      expect(await store.held('all')).toEqual(held)
      expect(await planned(store, held, true)).toEqual([])
      const { keys, tokens } = await store.catalog()
      expect(keys.map(({ secret }) => secret?.reveal())).toEqual([
        undefined,
        'sk-sealed-0123456789',
        'sk-sealed-9876543210',
      ])
      expect(tokens.map(({ weak }) => weak)).toEqual([false, true])
      // And it seals with that key from now on.
      await store.addKeys('openai', [value('sk-a-third-0123456789')])
      expect((await store.catalog()).keys.at(-1)?.secret?.reveal()).toBe('sk-a-third-0123456789')
    })

    it('is known again where a key was sealed anew for another address', async () => {
      const here = await place()
      const store = await here.open({ env: { ...here.options.env, masterKey: MASTER } })
      await store.addProvider(OPENAI, { makeDefault: true })
      await store.addKeys('openai', [value('sk-sealed-0123456789')])
      const held = await store.held('all')
      await store.changeProvider('openai', { baseUrl: 'https://mine.example/v1' })
      const plan = await planned(store, held)
      expect(plan).toContain('change provider openai')
      expect(plan).toContain('adopt key openai/key-1')
    })

    it('stands where a file has it from before the master key was rotated', async () => {
      const store = await (await place()).open()
      await store.addProvider(OPENAI, { makeDefault: true })
      await store.addKeys('openai', [value('sk-sealed-0123456789')])
      const held = await store.held('all')
      await applied(store, held)
      await store.rotateMasterKey()
      expect(await planned(store, held)).toEqual([])
      expect(await store.reconcile(held)).toMatchObject({ taken: [], overridden: [] })
      const [key] = (await store.catalog()).keys
      expect(key?.secret?.reveal()).toBe('sk-sealed-0123456789')
      // What else the file says of the key is taken all the same.
      const [openai] = held.providers as [DeclaredProvider]
      const [declared] = openai.keys as [DeclaredKey]
      const heavier = { ...openai, keys: [{ ...declared, weight: 5 }] }
      await applied(store, { ...held, providers: [heavier] })
      expect((await store.catalog()).keys).toMatchObject([{ weight: 5, fault: null }])
    })

    it('opens with no other master key, and nothing is changed', async () => {
      const [from, to] = [await place(), await place()]
      const source = await from.open({ env: { ...from.options.env, masterKey: MASTER } })
      await source.addProvider(OPENAI, { makeDefault: true })
      await source.addKeys('openai', [value('sk-sealed-0123456789')])
      const held = await source.held('all')
      const masterKey = new Secret('cd'.repeat(32))
      const other = await to.open({ env: { ...to.options.env, masterKey } })
      await expect(applied(other, held)).rejects.toMatchObject({ code: 'master_key_wrong' })
      expect(await other.revision()).toBe(0)
      await other.addProvider(DEEPSEEK, { makeDefault: true })
      await other.addKeys('deepseek', [value('sk-its-own-0123456789')])
      await expect(applied(other, held)).rejects.toMatchObject({ code: 'config_invalid' })
      const { vault: _, ...without } = held
      const empty = await (await place()).open()
      await expect(applied(empty, without)).rejects.toMatchObject({ code: 'config_invalid' })
    })

    it('has each key once, and knows it by its value where a command added it again', async () => {
      const here = await place()
      const store = await here.open({ env: { ...here.options.env, masterKey: MASTER } })
      await store.addProvider(OPENAI, { makeDefault: true })
      await store.addKeys('openai', [value('sk-sealed-0123456789')])
      const held = await store.held('all')
      const [openai] = held.providers as [DeclaredProvider]
      const [key] = openai.keys
      const elsewhere = { ...openai, name: 'other', keys: openai.keys }
      const moved = applied(store, { ...held, providers: [openai, elsewhere] })
      await expect(moved).rejects.toMatchObject({ code: 'name_taken' })
      const twice = [{ ...key, value: new Secret('env:A') }, { value: new Secret('env:A') }]
      const fresh = { ...openai, name: 'fresh', keys: twice as DeclaredKey[] }
      await applied(store, { ...held, providers: [openai, fresh] })
      expect(await store.keys('fresh')).toMatchObject([{ reference: 'env:A' }])
      const other = await place()
      const empty = await other.open({ env: { ...other.options.env, masterKey: MASTER } })
      await applied(empty, held)
      await empty.removeKeys((await empty.keys()).map(({ id }) => id))
      await empty.addKeys('openai', [value('sk-sealed-0123456789', { label: 'mine' })])
      expect((await empty.reconcile(held)).overridden).toEqual(['key openai/mine'])
      await applied(empty, held)
      expect(await empty.keys()).toMatchObject([{ label: 'key-1', origin: 'file' }])
      expect(await planned(empty, held, true)).toEqual([])
    })

    it('opens a sealed key for no other address or provider', async () => {
      const [from, to] = [await place(), await place()]
      const source = await from.open({ env: { ...from.options.env, masterKey: MASTER } })
      await source.addProvider(OPENAI, { makeDefault: true })
      await source.addKeys('openai', [value('sk-sealed-0123456789')])
      const held = await source.held('all')
      const store = await to.open({ env: { ...to.options.env, masterKey: MASTER } })
      for (const change of [{ baseUrl: 'https://evil.example/v1' }, { name: 'deepseek' }]) {
        const providers = held.providers.map(provider => ({ ...provider, ...change }))
        const moved = applied(store, { ...held, settings: {}, providers })
        await expect(moved).rejects.toMatchObject({ code: 'config_invalid' })
      }
      expect(await store.revision()).toBe(0)
    })

    it('can be asked for by owner', async () => {
      const store = await (await place()).open()
      await store.reconcile(DECLARED)
      await store.setSetting('max_retries', 9)
      await store.createToken({ name: 'laptop' })
      await store.addKeys('openai', [{ value: new Secret('env:MINE'), label: 'mine' }])
      const file = await store.held('file')
      expect(file).toMatchObject({
        settings: { max_retries: 4 },
        providers: [{ name: 'openai', keys: [{ label: 'main' }] }],
      })
      expect(file.tokens?.map(({ name }) => name)).toEqual(['ci'])
      const command = await store.held('command')
      expect(command).toMatchObject({
        settings: { max_retries: 9 },
        providers: [{ name: 'openai', keys: [{ label: 'mine' }] }],
        tokens: [{ name: 'laptop' }],
        routes: [],
      })
      expect((await store.held('all')).settings).toMatchObject({ max_retries: 9 })
    })
  })
}

/** The order in which a plan is made. */
function byPlan(a: string, b: string): number {
  const order = [...SUBJECTS.slice(0, 4), 'default_provider', 'max_retries']
  return order.indexOf(a) - order.indexOf(b)
}

import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import type { Declared } from '../../../src/model/declared.ts'
import type { Place } from '../place.ts'
import { OPENAI } from './providers.ts'

const PASSWORD = 'planted-Proxy-passw0rd'
const EU = { name: 'eu', url: 'http://me@proxy.lan:3128', password: new Secret(PASSWORD) }
const US = { name: 'us', url: 'socks5://us.lan:1080', password: null }

export function proxySuite(place: () => Promise<Place>): void {
  describe('proxies', () => {
    it('are kept in the order of adding, with their passwords sealed', async () => {
      const here = await place()
      const store = await here.open()
      const added = await store.addProxies([EU, US])
      expect(added).toMatchObject([
        { name: 'eu', url: EU.url, protected: true, secret: null, enabled: true, fault: null },
        { name: 'us', url: US.url, protected: false, origin: 'command' },
      ])
      expect(added[0]?.id).toMatch(/^x_[a-z2-7]{10}$/)
      expect(await store.proxies()).toEqual(added)
      const { proxies } = await store.catalog()
      expect(proxies.map(({ secret }) => secret?.reveal() ?? null)).toEqual([PASSWORD, null])
      const rows = JSON.stringify(await here.sql('select * from proxies'))
      const audit = JSON.stringify(await store.audit({ limit: 9 }))
      expect(rows + audit).not.toContain(PASSWORD)
      expect(audit).toContain('http://me:…@proxy.lan:3128')
    })

    it('are changed and removed by name or id; a password goes with another URL', async () => {
      const here = await place()
      const store = await here.open()
      const [added] = await store.addProxies([EU])
      const id = added?.id ?? ''
      await store.changeProxy(id, { url: 'https://me@other.lan:443', enabled: false })
      const [moved] = (await store.catalog()).proxies
      expect([moved?.url, moved?.enabled, moved?.secret?.reveal()]).toEqual([
        'https://me@other.lan:443',
        false,
        PASSWORD,
      ])
      const revision = await store.revision()
      await store.changeProxy('eu', { enabled: false })
      expect(await store.revision()).toBe(revision)
      await store.changeProxy('eu', { password: null })
      expect((await store.proxies())[0]).toMatchObject({ protected: false })
      expect(await store.removeProxy('eu')).toMatchObject({ id })
      expect(await store.proxies()).toEqual([])
      await expect(store.removeProxy('eu')).rejects.toMatchObject({ code: 'no_such' })
    })

    it('are refused where a name or URL is taken, or wrong; all of them or none', async () => {
      const store = await (await place()).open()
      await store.addProxies([EU])
      const refused = async (proxy: typeof EU | typeof US) =>
        store.addProxies([{ ...US, name: 'first', url: 'http://first.lan:1' }, proxy]).then(
          () => null,
          error => error.code,
        )
      expect(await refused({ ...US, name: 'eu' })).toBe('name_taken')
      expect(await refused({ ...US, name: 'all' })).toBe('invalid_value')
      expect(await refused({ ...US, url: 'ftp://x' })).toBe('invalid_value')
      expect(await refused({ ...US, url: 'http://a:b@x' })).toBe('invalid_value')
      expect(await refused({ ...EU, name: 'x', url: 'http://nobody.lan:1' })).toBe('invalid_value')
      expect(await store.proxies()).toHaveLength(1)
    })

    it('stay while a setting, a provider or a key names them', async () => {
      const store = await (await place()).open()
      await store.addProxies([EU, US])
      await store.addProvider(OPENAI, { makeDefault: true })
      const values = ['1', '2', '3', '4'].map(end => new Secret(`sk-0123456789abcdef${end}`))
      const given = values.map(value => ({ value, proxy: 'us,eu' }))
      const { added } = await store.addKeys('openai', given)
      const refusal = () => store.removeProxy('eu').catch(error => error)
      expect(await refusal()).toMatchObject({
        code: 'in_use',
        message:
          'Proxy "eu" is named by key openai/key-1, key openai/key-2, key openai/key-3, 1 more. Nothing was removed.',
        hint: expect.stringContaining(`balance keys set ${added[0]?.id} --proxy NAMES`),
      })
      await store.changeKeys(
        added.map(({ id }) => id),
        { proxy: 'us' },
      )
      await store.changeProvider('openai', { overrides: { proxy: ['eu'] } })
      expect((await refusal()).message).toContain('by provider openai.')
      await store.changeProvider('openai', { overrides: { proxy: null } })
      await store.setSetting('proxy', ['eu'])
      expect((await refusal()).message).toContain('by the setting proxy.')
      await expect(store.removableProxy('eu')).rejects.toMatchObject({ code: 'in_use' })
      expect(await store.proxies()).toHaveLength(2)
      await store.setSetting('proxy', ['all'])
      expect(await store.removableProxy('eu')).toMatchObject({ name: 'eu' })
      expect(await store.proxies()).toHaveLength(2)
      expect(await store.removeProxy('eu')).toMatchObject({ name: 'eu' })
    })

    it('are there before anything names them', async () => {
      const store = await (await place()).open()
      const [eu] = await store.addProxies([EU, US])
      await store.addProvider(OPENAI, { makeDefault: true })
      const value = new Secret('sk-0123456789abcdef')
      const { added } = await store.addKeys('openai', [{ value }])
      const ids = added.map(({ id }) => id)
      const other = { ...OPENAI, name: 'other' }
      const overrides = { proxy: ['eu', 'uss'] }
      const key = { value: new Secret('sk-fedcba9876543210'), proxy: 'eu,uss' }
      const moved = { ...other, present: false, enabled: true, keys: [], modelsKey: null }
      const nothing = { providers: [], tokens: [], settings: {} }
      const proxies = [{ ...US, name: 'asia' }]
      const revision = await store.revision()
      for (const refused of [
        () => store.setSetting('proxy', ['eu', 'uss']),
        () => store.addProvider({ ...other, overrides }, { makeDefault: false }),
        () => store.addProvider(other, { makeDefault: false, keys: [key] }),
        () => store.changeProvider('openai', { overrides }),
        () => store.addKeys('openai', [key]),
        () => store.importKeys([{ provider: 'openai', keys: [key] }]),
        () => store.changeKey(ids[0] ?? '', { proxy: 'uss' }),
        () => store.changeKeys(ids, { proxy: 'uss' }),
        () => store.moveIn({ ...nothing, proxies, settings: { proxy: ['asia', 'uss'] } }),
        () => store.moveIn({ ...nothing, proxies, providers: [{ ...moved, overrides }] }),
        () => store.moveIn({ ...nothing, proxies, providers: [{ ...moved, keys: [key] }] }),
      ]) {
        await expect(refused()).rejects.toMatchObject({
          code: 'no_such',
          message: 'There is no proxy "uss".',
          hint: 'Did you mean us?',
        })
      }
      // An id is no name.
      await expect(store.setSetting('proxy', [eu?.id ?? ''])).rejects.toMatchObject({
        code: 'no_such',
        hint: 'Did you mean eu?',
      })
      expect(await store.revision()).toBe(revision)
      await store.setSetting('proxy', ['none'])
      await store.changeProvider('openai', { overrides: { proxy: ['all'] } })
      await store.moveIn({ ...nothing, proxies, settings: { proxy: ['asia', 'us'] } })
      expect(await store.changeKeys(ids, { proxy: 'asia' })).toMatchObject([{ proxy: 'asia' }])
    })

    it('are there, or come with it, before a file names them', async () => {
      const store = await (await place()).open()
      const eu = { name: 'eu', url: 'http://eu.lan:1', enabled: true, password: null }
      const openai = { ...OPENAI, enabled: true, keys: [] }
      const overrides = { proxy: ['eu'] }
      const key = { value: new Secret('env:OPENAI_API_KEY'), label: 'main', proxy: 'eu' }
      const files: Declared[] = [
        { settings: { proxy: ['eu'] }, settingPlaces: { proxy: 'here:1:1' }, providers: [] },
        { settings: {}, providers: [{ ...openai, overrides, place: 'here:1:1' }] },
        { settings: {}, providers: [{ ...openai, keys: [{ ...key, place: 'here:1:1' }] }] },
      ]
      for (const file of files) {
        const revision = await store.revision()
        const refusal = { code: 'no_such', message: 'here:1:1: There is no proxy "eu".' }
        await expect(store.reconcile(file)).rejects.toMatchObject(refusal)
        await expect(store.apply(file, { prune: true, revision })).rejects.toMatchObject(refusal)
        expect(await store.revision()).toBe(revision)
      }
      for (const file of files) {
        const revision = await store.revision()
        await store.apply({ ...file, proxies: [eu] }, { prune: true, revision })
        const nothing: Declared = { settings: {}, providers: [] }
        await store.apply(nothing, { prune: true, revision: await store.revision() })
        expect(await store.proxies()).toEqual([])
      }
      await store.addProxies([EU])
      for (const file of files) await store.reconcile(file)
    })

    it('that are gone, though an older store names them, hinder nothing else', async () => {
      const here = await place()
      const store = await here.open()
      const proxies = [{ name: 'eu', url: 'http://eu.lan:1', enabled: true, password: null }]
      const key = { value: new Secret('env:OPENAI_API_KEY'), label: 'main', proxy: 'eu' }
      const openai = { ...OPENAI, enabled: true, overrides: { proxy: ['eu'] }, keys: [key] }
      const file: Declared = { settings: { proxy: ['eu'] }, providers: [openai] }
      await store.reconcile({ ...file, proxies })
      await here.sql('delete from proxies')
      const [{ id = '' } = {}] = await store.keys()
      const named = async () => {
        const { settings, providers, keys } = await store.catalog()
        return [settings.proxy, providers[0]?.overrides.proxy, keys[0]?.proxy]
      }
      expect(await named()).toEqual([['eu'], ['eu'], 'eu'])
      await store.reconcile(file)
      const changed = {
        ...{ ...openai, baseUrl: 'https://other.lan/v1' },
        keys: [{ ...key, weight: 2 }],
      }
      await store.reconcile({ ...file, providers: [changed] })
      expect(await store.changeKey(id, { weight: 3 })).toMatchObject({ weight: 3, proxy: 'eu' })
      await store.changeProvider('openai', { enabled: false })
      expect(await named()).toEqual([['eu'], ['eu'], 'eu'])
      for (const said of [
        () => store.changeKey(id, { proxy: 'eu' }),
        () => store.changeProvider('openai', { overrides: { proxy: ['eu'] } }),
        () => store.setSetting('proxy', ['eu']),
      ]) {
        await expect(said()).rejects.toMatchObject({ code: 'no_such' })
      }
      // The file's own value is written down again beneath a command's.
      await store.setSetting('proxy', ['none'])
      expect((await store.reconcile(file)).overridden).toContain('proxy')
      // It does not come into force.
      const revision = await store.revision()
      for (const given of [
        () => store.unsetSetting('proxy'),
        () => store.apply(file, { prune: false, revision }),
      ]) {
        await expect(given()).rejects.toMatchObject({ code: 'no_such' })
      }
      expect((await named())[0]).toEqual(['none'])
    })

    it('of a file stay while what it declares, or a command made, names them', async () => {
      const store = await (await place()).open()
      const key = { value: new Secret('env:OPENAI_API_KEY'), label: 'main' }
      const openai = { ...OPENAI, enabled: true, keys: [key] }
      const overrides = { proxy: ['us', 'eu'] }
      const named = [{ ...openai, overrides }]
      const own = [{ ...openai, keys: [{ ...key, proxy: 'us' }] }]
      const both = [{ ...openai, overrides, keys: [{ ...key, proxy: 'us' }] }]
      const proxies = ['eu', 'us'].map(name => {
        return { name, url: `http://${name}.lan:1`, enabled: true, password: null }
      })
      const file: Declared = { settings: { proxy: ['eu'] }, providers: [openai], proxies }
      await store.reconcile({ ...file, providers: both })
      const without: Declared = { ...file, proxies: [] }
      const left = async (declared: Declared) => (await store.plan(declared, { prune: true })).left
      expect(await left(without)).toEqual(['proxy eu (the setting proxy names it)'])
      const settings = {}
      expect(await left({ ...without, settings })).toEqual([])
      expect(await left({ ...without, settings, providers: named })).toEqual([
        'proxy eu (provider openai names it)',
        'proxy us (provider openai names it)',
      ])
      expect(await left({ ...without, settings, providers: own })).toEqual([
        'proxy us (key openai/main names it)',
      ])
      // What the file declares no longer goes with them, unless a command made it.
      const given = [{ value: new Secret('sk-0123456789abcdef'), label: 'mine', proxy: 'us' }]
      await store.addKeys('openai', given)
      expect(await left({ ...without, settings })).toEqual(['proxy us (key openai/mine names it)'])
      await store.setSetting('proxy', ['eu'])
      const nothing = { ...without, settings, providers: [] }
      const revision = await store.revision()
      expect(await store.apply(nothing, { prune: true, revision })).toMatchObject({
        left: [
          'proxy eu (the setting proxy names it)',
          'proxy us (provider openai names it)',
          'provider openai (a command gave it keys)',
        ],
      })
      expect((await store.proxies()).map(({ name }) => name)).toEqual(['eu', 'us'])
    })

    it('open for no other address or row', async () => {
      const here = await place()
      const store = await here.open()
      await store.addProxies([EU])
      await here.sql("update proxies set url = 'http://me@evil.lan:3128'")
      expect((await store.catalog()).proxies[0]).toMatchObject({
        secret: null,
        fault: { state: 'sealed' },
      })
    })

    it('may have their password kept elsewhere', async () => {
      const store = await (await place()).open()
      await store.addProxies([{ ...EU, password: new Secret('env:NO_SUCH_VARIABLE') }])
      expect((await store.catalog()).proxies[0]).toMatchObject({
        reference: 'env:NO_SUCH_VARIABLE',
        fault: { state: 'invalid', reason: 'the variable NO_SUCH_VARIABLE is not set' },
      })
    })

    it('may be said of a key, and are told with it', async () => {
      const store = await (await place()).open()
      await store.addProxies([EU, US])
      await store.addProvider(OPENAI, { makeDefault: true })
      const value = new Secret('sk-0123456789abcdef')
      const { added } = await store.addKeys('openai', [{ value, proxy: 'eu, us' }])
      const id = added[0]?.id ?? ''
      expect((await store.catalog()).keys).toMatchObject([{ proxy: 'eu,us' }])
      const { providers } = await store.held('all')
      expect(providers[0]?.keys).toMatchObject([{ proxy: 'eu,us' }])
      await expect(store.changeKey(id, { proxy: 'all,us' })).rejects.toMatchObject({
        code: 'invalid_value',
      })
      expect(await store.changeKey(id, { proxy: 'direct' })).toMatchObject({ proxy: 'none' })
      expect(await store.changeKey(id, { proxy: null })).toMatchObject({ proxy: null })
    })

    it('come with the hosts that NO_PROXY names', async () => {
      const here = await place()
      const open = (variables: Record<string, string>) =>
        here.open({ env: { ...here.options.env, variables } })
      const given = await open({ NO_PROXY: 'a.lan, .b.lan,' })
      expect((await given.catalog()).direct).toEqual(['a.lan', '.b.lan'])
      const both = await open({ NO_PROXY: 'a.lan', no_proxy: 'c.lan', HTTPS_PROXY: 'http://x' })
      expect(await both.catalog()).toMatchObject({ direct: ['c.lan'], proxies: [] })
    })

    it('are sealed anew when the master key is replaced, and are in a backup', async () => {
      const here = await place()
      const store = await here.open()
      await store.addProxies([EU])
      const before = JSON.stringify(await here.sql('select sealed from proxies'))
      const counts = { sealed: 1, references: 0, unopened: 0 }
      expect((await store.secrets()).proxies).toEqual(counts)
      expect(await store.rotateMasterKey()).toMatchObject({ resealed: 1, unopened: 0 })
      expect((await store.secrets()).proxies).toEqual(counts)
      expect(JSON.stringify(await here.sql('select sealed from proxies'))).not.toBe(before)
      expect((await store.catalog()).proxies[0]?.secret?.reveal()).toBe(PASSWORD)
    })

    it('are taken from a file, which gives way to commands and takes over when it is applied', async () => {
      const store = await (await place()).open()
      const file = (url: string, password: Secret | null = null): Declared => ({
        settings: {},
        providers: [],
        proxies: [{ name: 'eu', url, enabled: true, password }],
      })
      const first = file('http://one.lan:1')
      expect(await store.reconcile(first)).toMatchObject({ taken: ['proxy eu'] })
      await store.changeProxy('eu', { enabled: false })
      expect(await store.reconcile(first)).toMatchObject({ taken: [], overridden: ['proxy eu'] })
      expect(await store.giveBack(first, { kind: 'proxy', name: 'eu' })).toMatchObject({
        differences: [{ fields: [{ name: 'enabled', before: 'no', after: 'yes' }] }],
      })
      const other = file('http://me@two.lan:2', new Secret('env:NO_SUCH_VARIABLE'))
      const revision = await store.revision()
      await store.apply(other, { prune: true, revision })
      expect(await store.proxies()).toMatchObject([
        { url: 'http://me@two.lan:2', reference: 'env:NO_SUCH_VARIABLE', origin: 'file' },
      ])
      const none = { settings: {}, providers: [] }
      expect(await store.reconcile(none)).toMatchObject({ left: ['proxy eu'] })
      await store.apply(none, { prune: true, revision: await store.revision() })
      expect(await store.proxies()).toEqual([])
    })
  })
}

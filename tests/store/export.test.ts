import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { PROVIDER_KINDS } from '../../src/model/catalog.ts'
import { spellDeclared } from '../../src/model/config.ts'
import type { Declared } from '../../src/model/declared.ts'
import { POLICIES } from '../../src/model/settings.ts'
import type { Store } from '../../src/model/store.ts'
import { ConfigFolder } from '../support/config-folder.ts'
import { type TemporaryStore, temporaryStore } from '../support/store.ts'

const MASTER = new Secret('ab'.repeat(32))

function emptyStore(): Promise<TemporaryStore> {
  return temporaryStore({
    env: {
      credentialsDirectory: null,
      masterKeyFile: null,
      masterKey: MASTER,
      mysqlPassword: null,
      variables: {},
    },
  })
}

const small = fc.integer({ min: 1, max: 9 })
const limit = fc.option(fc.integer({ min: 1, max: 1_000_000 }))
/** Names that look like something else to YAML are among them. */
const providerName = fc.oneof(
  fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,8}$/).filter(name => !/^(v1|hf|v1beta)$/.test(name)),
  fc.constantFrom('12', '1e3', '0x1f', 'null', 'yes', 'true', 'a.b', '1.0', '007'),
)
const label = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.constantFrom('null', '- a', '# b', 'a: b', '"', "'", '{', '12', '~', '*x', '&y', '!z', '😀'),
)
const model = fc.oneof(
  fc.stringMatching(/^[a-z0-9:./-]{1,12}$/),
  fc.constantFrom('gpt-4*', '4', '*', 'llama3:8b', '#x', '!y', '&z', '"q"'),
)
/** `key` is refused: it would be the upstream's key where logs show it. */
const parameterName = fc.stringMatching(/^[a-z]{1,5}$/).filter(name => name !== 'key')
const fine = (text: string) =>
  text.trim() === text && /^[^\p{C}\p{Z}\u2028\u2029]{1,64}$/u.test(text) && text !== '__proto__'

const catalogue = fc.record({
  settings: fc.record(
    {
      max_retries: fc.integer({ min: 1, max: 100 }),
      idle_timeout: fc.integer({ min: 1_000, max: 3_600_000 }),
      check_interval: fc.constantFrom(0, 1, 60_000),
      max_body: fc.integer({ min: 1_024, max: 1_073_741_824 }),
      normalize_urls: fc.boolean(),
      policy: fc.constantFrom(...POLICIES),
      models: fc.array(fc.constantFrom('gpt-*', '!o1', '*')),
      headers: fc.dictionary(fc.stringMatching(/^x-[a-z0-9]{1,5}$/), label.filter(fine)),
      test_model: fc.constantFrom('', 'gpt', '4', 'null'),
    },
    { requiredKeys: [] },
  ),
  providers: fc.uniqueArray(
    fc.record({
      name: providerName,
      kind: fc.constantFrom(...PROVIDER_KINDS),
      baseUrl: fc.constantFrom('https://a.example/v1', 'http://10.0.0.7:8000', 'https://b.example'),
      enabled: fc.boolean(),
      overrides: fc.record(
        {
          timeout: fc.integer({ min: 1_000, max: 9_999 }),
          query: fc.dictionary(parameterName, label.filter(fine)),
          api_version: fc.constantFrom('2024-10-21', 'preview'),
          key_header: fc.constantFrom('x-api-token', 'authorization'),
          key_template: fc.constantFrom('Token {key}', '{key}'),
        },
        { requiredKeys: [] },
      ),
      keys: fc.uniqueArray(
        fc.record({
          clear: fc.boolean(),
          label: label.filter(fine),
          weight: small,
          tier: small,
          rpm: limit,
          concurrency: limit,
          enabled: fc.boolean(),
        }),
        { maxLength: 4, selector: ({ label }) => label },
      ),
    }),
    { maxLength: 4, selector: ({ name }) => name },
  ),
  tokens: fc.uniqueArray(
    fc.record({
      name: label.filter(fine),
      weak: fc.boolean(),
      providers: fc.option(fc.array(providerName, { maxLength: 2 })),
      models: fc.option(fc.array(fc.constantFrom('gpt-*', 'o3'), { maxLength: 2 })),
      rpm: limit,
      concurrency: limit,
      expiresAt: fc.option(fc.integer({ min: 0, max: 4_102_444_800_000 })),
    }),
    { maxLength: 4, selector: ({ name }) => name },
  ),
  routes: fc.uniqueArray(
    fc.record({
      model,
      to: fc.option(model.filter(name => !name.includes('*'))),
      weight: small,
      tier: small,
    }),
    { maxLength: 4, selector: ({ model }) => model },
  ),
  proxies: fc.uniqueArray(
    fc.record({
      name: fc.stringMatching(/^p[a-z0-9._-]{0,9}$/),
      scheme: fc.constantFrom('http', 'https', 'socks5'),
      kept: fc.constantFrom('nothing', 'sealed', 'reference'),
      enabled: fc.boolean(),
    }),
    { maxLength: 3, selector: ({ name }) => name },
  ),
})
type Catalogue = typeof catalogue extends fc.Arbitrary<infer T> ? T : never

/** Fills a store as commands would, with keys that are sealed and keys that are references. */
async function fill(store: Store, { settings, providers, tokens, routes, proxies }: Catalogue) {
  for (const { name, scheme, kept, enabled } of proxies) {
    const password = kept === 'sealed' ? new Secret('clear-passw0rd') : new Secret('env:PROXY')
    const url = `${scheme}://me@${name.length}.lan:80`
    await store.addProxies([{ name, url, password: kept === 'nothing' ? null : password }])
    if (!enabled) await store.changeProxy(name, { enabled })
  }
  for (const { enabled, keys, ...provider } of providers) {
    await store.addProvider({ ...provider, path: null }, { makeDefault: false })
    if (!enabled) await store.changeProvider(provider.name, { enabled })
    for (const [index, { clear, enabled, ...key }] of keys.entries()) {
      const value = new Secret(clear ? `sk-clear-0123456789-${index}` : `env:KEY_${index}`)
      const { added } = await store.addKeys(provider.name, [{ ...key, value }])
      if (!enabled) await store.changeKey(added[0]?.id ?? '', { enabled })
    }
  }
  const declared: Declared = {
    settings,
    providers: [],
    tokens: tokens.map(({ weak, ...token }, index) => ({
      ...token,
      value: { hash: String(index).repeat(64), weak },
    })),
    routes: routes.flatMap(({ model, to, weight, tier }) =>
      providers.map(({ name }) => ({
        model,
        targets: [{ provider: name, model: to, weight, tier }],
      })),
    ),
  }
  await store.apply(declared, { prune: false, revision: await store.revision() })
}

/** As a file is read again: names that are numbers come first. */
function inFileOrder({
  providers,
  routes = [],
  tokens = [],
  proxies = [],
  ...rest
}: Declared): Declared {
  const sorted = <T>(list: readonly T[], name: (item: T) => string) =>
    Object.values(Object.fromEntries(list.map(item => [name(item), item])))
  return {
    ...rest,
    providers: sorted(providers, ({ name }) => name),
    routes: sorted(routes, ({ model }) => model),
    proxies: sorted(proxies, ({ name }) => name),
    tokens: sorted(tokens, ({ name }) => name),
  }
}

describe('export → apply on an empty store → export', () => {
  it('gives the same bytes, and no clear key, for whatever a store may hold', async () => {
    const folder = new ConfigFolder()
    try {
      await fc.assert(
        fc.asyncProperty(catalogue, async given => {
          const from = await emptyStore()
          const to = await emptyStore()
          try {
            await fill(from.store, given)
            const text = spellDeclared(await from.store.held('all'))
            expect(text).not.toContain('sk-clear')
            expect(text).not.toContain('clear-passw0rd')
            folder.write('work/balance.config.yaml', text)
            const { declared } = folder.load()
            await to.store.apply(declared, { prune: false, revision: 0 })
            const again = await to.store.held('all')
            expect(spellDeclared(again)).toBe(text)
            const { differences } = await to.store.plan(declared, { prune: true })
            expect(differences).toEqual([])
            // Nothing was left out: to the store that was exported, its own file is no news.
            const back = await from.store.plan(declared, { prune: false })
            expect(back.differences.filter(({ action }) => action !== 'adopt')).toEqual([])
            expect(again).toEqual(inFileOrder(await from.store.held('all')))
            const [before, after] = [await from.store.catalog(), await to.store.catalog()]
            const secrets = ({ keys }: typeof before) => keys.map(key => key.secret?.reveal())
            expect(secrets(after).sort()).toEqual(secrets(before).sort())
            expect(after.settings).toEqual(before.settings)
            const passwords = ({ proxies }: typeof before) =>
              proxies.map(({ secret }) => secret?.reveal()).sort()
            expect(passwords(after)).toEqual(passwords(before))
          } finally {
            await from.remove()
            await to.remove()
          }
        }),
        { numRuns: 100 },
      )
    } finally {
      folder.remove()
    }
  }, 60_000)

  it('gives a file that declares nothing for a store that holds nothing', async () => {
    const folder = new ConfigFolder()
    folder.write('work/balance.config.yaml', spellDeclared({ settings: {}, providers: [] }))
    expect(folder.load().declared).toMatchObject({ settings: {}, providers: [] })
    folder.remove()
  })
})

import type { Live } from '../balancer/live.ts'
import { BalanceError } from '../base/errors.ts'
import { type Catalog, DIALECT_OF, type Key, type Provider } from '../model/catalog.ts'
import type { DialectName } from '../model/dialect.ts'
import { ModelFilter } from '../model/model-filter.ts'
import { PROVIDER_SETTING_NAMES, type ProviderSettings, type Settings } from '../model/settings.ts'
import { addressOf } from '../wire/address.ts'
import { carriageOf, compileUpward } from './carriage.ts'
import { compileKeys } from './compile-keys.ts'
import { CompiledRoute, compileRoutes } from './route-table.ts'
import { compileScope } from './scope.ts'
import { type CompiledProvider, CompiledToken, type Snapshot } from './snapshot.ts'

/**
 * Builds what requests read, whole, from what the store holds; live state is looked up, not changed.
 * @param before of an earlier catalogue: what was made there of keys that are the same is not made anew
 * @throws BalanceError config_invalid naming the row that is wrong
 */
export function compile(catalog: Catalog, live: Live, before: Snapshot | null = null): Snapshot {
  const byName = new Map<string, CompiledProvider>()
  const byPath = new Map<string, CompiledProvider>()
  const ofDialect = new Map<DialectName, CompiledProvider>()
  const keys = groupByProvider(catalog.keys)
  for (const provider of catalog.providers) {
    if (!provider.enabled) continue
    const own = keys.get(provider.name) ?? []
    const compiled = compileProvider(
      provider,
      own,
      catalog,
      live,
      before?.byName.get(provider.name),
    )
    byName.set(provider.name, compiled)
    if (provider.path !== null) byPath.set(provider.path, compiled)
    if (!ofDialect.has(compiled.dialect)) ofDialect.set(compiled.dialect, compiled)
  }
  return Object.freeze({
    revision: catalog.revision,
    settings: catalog.settings,
    byName,
    byPath,
    defaultProvider: byName.get(catalog.settings.default_provider) ?? null,
    ofDialect,
    routes: compileRoutes(catalog, byName, live),
    tokens: new Map(
      catalog.tokens.map(token => [token.hash, new CompiledToken(token, live.caller(token.id))]),
    ),
  })
}

function compileProvider(
  provider: Provider,
  keys: readonly Key[],
  catalog: Catalog,
  live: Live,
  before: CompiledProvider | undefined,
): CompiledProvider {
  const base = parseBase(provider)
  const resolved = resolve(provider, catalog.settings)
  const carriage = carriageOf(provider.kind, resolved)
  const scopeOf = (words?: readonly string[]) =>
    compileScope(provider, base.origin, resolved, catalog, live.proxies, words)
  const compiled: Omit<CompiledProvider, 'direct'> = {
    id: provider.id,
    name: provider.name,
    kind: provider.kind,
    dialect: DIALECT_OF[provider.kind],
    origin: base.origin,
    address: addressOf(provider.kind, {
      basePath: base.pathname === '/' ? '' : base.pathname.replace(/(?<!\/)\/+$/, ''),
      query: resolved.query,
      apiVersion: resolved.api_version,
    }),
    settings: resolved,
    upward: compileUpward(provider.kind, resolved, carriage),
    ...compileKeys(keys, { carriage, scopeOf }, before),
    pool: live.pool(provider.id),
    modelsKey: named(resolved.models_key, keys)?.id ?? null,
    homeKey: (named(resolved.home_key, keys) ?? oldest(keys))?.id ?? null,
    filter: new ModelFilter(resolved.models),
  }
  const whole = compiled as CompiledProvider
  return Object.freeze(Object.assign(whole, { direct: CompiledRoute.to(whole) }))
}

function named(given: string, keys: readonly Key[]): Key | undefined {
  if (given === '') return undefined
  return keys.find(({ id }) => id === given) ?? keys.find(({ label }) => label === given)
}

/** The one that was added first of those that are switched on: it stays the same while others come. */
function oldest(keys: readonly Key[]): Key | undefined {
  return keys.find(({ enabled }) => enabled) ?? keys[0]
}

function parseBase({ name, baseUrl }: Provider): URL {
  try {
    const url = new URL(baseUrl)
    if (url.protocol === 'https:' || url.protocol === 'http:') return url
  } catch {
    // told below, with the name of the provider
  }
  throw new BalanceError(
    'config_invalid',
    `Provider ${name}: "${baseUrl}" is not an http(s) URL.`,
    {
      hint: `balance providers set ${name} base_url=https://…`,
    },
  )
}

/** The provider's own values over the general ones. */
function resolve({ overrides }: Provider, settings: Settings): ProviderSettings {
  const resolved: Record<string, unknown> = {}
  for (const name of PROVIDER_SETTING_NAMES) resolved[name] = overrides[name] ?? settings[name]
  resolved.headers = { ...settings.headers, ...overrides.headers }
  resolved.query = { ...settings.query, ...overrides.query }
  return Object.freeze(resolved) as unknown as ProviderSettings
}

/** By provider name. */
export function groupByProvider(keys: readonly Key[]): Map<string, Key[]> {
  const groups = new Map<string, Key[]>()
  for (const key of keys) {
    const group = groups.get(key.provider)
    if (group) group.push(key)
    else groups.set(key.provider, [key])
  }
  return groups
}

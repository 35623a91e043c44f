import type { Declared, DeclaredKey, DeclaredProxy, DeclaredToken } from '../declared.ts'
import { presetOf } from '../presets.ts'
import { PROVIDER_SETTING_NAMES, SETTING_NAMES } from '../settings.ts'
import type { ConfigDocument, KeyPath } from './document.ts'
import type { FileContent } from './schema.ts'

type GivenKey = NonNullable<NonNullable<FileContent['providers']>[string]['keys']>[number]
type GivenProxy = NonNullable<FileContent['proxies']>[string]
type GivenToken = NonNullable<FileContent['tokens']>[string]

/** What a valid file asks of the store, and where it says so; without one, nothing. */
export function declaredIn(content: FileContent, document: ConfigDocument | null): Declared {
  const place: Place = path => (document === null ? {} : { place: document.at(path) })
  const settings = only(content, SETTING_NAMES)
  return {
    settings,
    ...(document === null ? {} : { settingPlaces: placesOf(settings, document) }),
    providers: Object.entries(content.providers ?? {}).map(([name, given]) => ({
      name,
      kind: given.kind ?? presetOf(name)?.kind ?? 'openai',
      baseUrl: given.base_url ?? (presetOf(name)?.baseUrl as string),
      path: given.path ?? null,
      enabled: given.enabled ?? true,
      overrides: only(given, PROVIDER_SETTING_NAMES),
      keys: (given.keys ?? []).map((key, index) => ({
        ...declaredKey(key),
        ...place(['providers', name, 'keys', index]),
      })),
      ...place(['providers', name]),
    })),
    routes: Object.entries(content.routes ?? {}).map(([model, targets]) => ({
      model,
      targets: targets.map(({ to, ...shares }, index) => ({
        ...to,
        ...only(shares, SHARES),
        ...place(['routes', model, index]),
      })),
    })),
    proxies: Object.entries(content.proxies ?? {}).map(([name, given]) => ({
      ...declaredProxy(name, given),
      ...place(['proxies', name]),
    })),
    tokens: Object.entries(content.tokens ?? {}).map(([name, given]) => ({
      ...declaredToken(name, given),
      ...place(['tokens', name]),
    })),
    ...only(content, ['vault']),
  }
}

type Place = (path: KeyPath) => { readonly place?: string }

function placesOf(settings: object, document: ConfigDocument) {
  return Object.fromEntries(Object.keys(settings).map(name => [name, document.at([name])]))
}

const SHARES = ['weight', 'tier'] as const
const LIMITS = ['rpm', 'concurrency'] as const

function declaredKey(given: GivenKey): DeclaredKey {
  const { value, id = '', sealed = '' } = given
  return {
    value: value ?? { id, sealed },
    ...only(given, ['label', 'enabled', 'proxy', ...SHARES, ...LIMITS]),
  }
}

function declaredToken(name: string, given: GivenToken): DeclaredToken {
  const { value, hash = '', weak = false, expires } = given
  return {
    name,
    value: value ?? { hash: hash.replace('sha256:', ''), weak },
    ...only(given, ['providers', 'models', ...LIMITS]),
    ...(expires === undefined ? {} : { expiresAt: expires }),
  }
}

function declaredProxy(name: string, given: GivenProxy): DeclaredProxy {
  const { url, password, id, sealed, enabled = true } = given
  const kept = id === undefined || sealed === undefined ? null : { id, sealed }
  return { name, url, enabled, password: password ?? kept }
}

/** Those of these members that are there. */
function only<T extends object, K extends keyof T>(from: T, names: readonly K[]) {
  const present = names.filter(name => from[name] !== undefined)
  return Object.fromEntries(present.map(name => [name, from[name]])) as {
    [N in K]?: Exclude<T[N], undefined>
  }
}

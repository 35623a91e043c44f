import { Document, isMap, isScalar, type Pair, Scalar } from 'yaml'
import { Secret } from '../../base/secret.ts'
import type {
  Declared,
  DeclaredKey,
  DeclaredProvider,
  DeclaredProxy,
  DeclaredRoute,
  DeclaredToken,
} from '../declared.ts'
import { spellTarget } from '../route-fields.ts'
import { formatSetting, SETTING_NAMES, type SettingName } from '../settings.ts'

/**
 * A configuration file that declares this, in YAML with comments. The same is always spelled the same
 * way: in the order of what was declared, as the file is read again.
 */
export function spellDeclared(declared: Declared): string {
  const { settings, providers, routes = [], tokens = [], proxies = [], vault } = declared
  const document = new Document(
    {
      ...spelledSettings(settings),
      ...filled('vault', vault && { check: vault.check, wrapped: vault.wrapped }),
      ...filled(
        'proxies',
        mapOf(proxies, ({ name }) => name, spelledProxy),
      ),
      ...filled(
        'providers',
        mapOf(providers, ({ name }) => name, spelledProvider),
      ),
      ...filled(
        'routes',
        mapOf(routes, ({ model }) => model, spelledRoute),
      ),
      ...filled(
        'tokens',
        mapOf(tokens, ({ name }) => name, spelledToken),
      ),
      ...spelledSettings(settings),
    },
    { aliasDuplicateObjects: false },
  )
  document.commentBefore = HEAD
  if (!isMap(document.contents) || document.contents.items.length === 0) return `${EMPTY}\n`
  for (const [index, pair] of document.contents.items.entries()) explain(pair, index === 0)
  return document.toString({ lineWidth: 0 })
}

const HEAD = ` Written by balance config export: what the store holds and a default does not say.
 To take it over: balance config apply -f FILE`

const EMPTY = `#${HEAD.replaceAll('\n', '\n#')}\n\n{}`

const COMMENTS: Readonly<Record<string, string>> = {
  vault: ' Opens the sealed keys, for a store that has the same master key and no sealed keys yet.',
  providers:
    ' Keys are references, or sealed: those open only under their id, provider and address.',
  proxies: ' What upstreams are dialled through; passwords are references, or sealed.',
  routes: ' The models that clients ask for, and where they are asked for.',
  tokens: ' Tokens of clients, by the SHA-256 of their values.',
}

function explain(pair: Pair, first: boolean): void {
  const key = new Scalar(String(isScalar(pair.key) ? pair.key.value : pair.key))
  const comment = COMMENTS[String(key.value)]
  key.spaceBefore = comment !== undefined && !first
  if (comment !== undefined) key.commentBefore = comment
  pair.key = key
}

function spelledSettings(settings: Declared['settings']): Record<string, unknown> {
  return Object.fromEntries(
    SETTING_NAMES.filter(name => settings[name] !== undefined).map(name => [
      name,
      spelledSetting(name, settings[name]),
    ]),
  )
}

/** Lists, maps and flags as YAML has them; numbers with their unit, as they would be typed. */
function spelledSetting(name: SettingName, value: unknown): unknown {
  if (typeof value !== 'number') return value
  const text = formatSetting(name, value)
  return /^\d+$/.test(text) ? Number(text) : text
}

function spelledProvider(provider: DeclaredProvider): unknown {
  const { kind, baseUrl, path, enabled, overrides, keys } = provider
  return {
    kind,
    base_url: baseUrl,
    ...filled('path', path),
    ...(enabled ? {} : { enabled }),
    ...spelledSettings(overrides),
    ...filled('keys', keys.length > 0 ? keys.map(spelledKey) : null),
  }
}

function spelledKey(key: DeclaredKey): unknown {
  const { value, label, weight, tier, rpm, concurrency, proxy, enabled = true } = key
  return {
    ...(value instanceof Secret
      ? { value: value.reveal() }
      : { id: value.id, sealed: value.sealed }),
    ...filled('label', label),
    ...shares(weight, tier),
    ...filled('rpm', rpm),
    ...filled('concurrency', concurrency),
    ...filled('proxy', proxy),
    ...(enabled ? {} : { enabled }),
  }
}

function spelledRoute({ targets }: DeclaredRoute): unknown {
  return targets.map(({ provider, model, weight, tier }) => {
    const to = spellTarget({ provider, model })
    const rest = shares(weight, tier)
    return Object.keys(rest).length === 0 ? to : { to, ...rest }
  })
}

function spelledProxy({ url, enabled, password }: DeclaredProxy): unknown {
  const value =
    password instanceof Secret
      ? { password: password.reveal() }
      : password && { id: password.id, sealed: password.sealed }
  const rest = { ...value, ...(enabled ? {} : { enabled }) }
  return Object.keys(rest).length === 0 ? url : { url, ...rest }
}

function spelledToken(token: DeclaredToken): unknown {
  const { value, providers, models, rpm, concurrency, expiresAt } = token
  return {
    ...(value instanceof Secret
      ? { value: value.reveal() }
      : { hash: `sha256:${value.hash}`, ...(value.weak ? { weak: true } : {}) }),
    ...filled('providers', providers),
    ...filled('models', models),
    ...filled('rpm', rpm),
    ...filled('concurrency', concurrency),
    ...filled('expires', expiresAt == null ? null : new Date(expiresAt).toISOString()),
  }
}

function shares(weight = 1, tier = 1) {
  return { ...(weight === 1 ? {} : { weight }), ...(tier === 1 ? {} : { tier }) }
}

/** As an object, whose order is that in which the file is read again: numbers come first. */
function mapOf<T>(list: readonly T[], name: (item: T) => string, spell: (item: T) => unknown) {
  if (list.length === 0) return null
  return Object.fromEntries(list.map(item => [name(item), spell(item)]))
}

function filled(name: string, value: unknown): Record<string, unknown> {
  return value === null || value === undefined ? {} : { [name]: value }
}

import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Secret } from '../../base/secret.ts'
import type { Catalog, Key, Provider } from '../catalog.ts'
import type { Move, MovedProvider, NewToken } from '../changes.ts'
import type { GivenProxyUrl, NewEgressProxy } from '../egress-proxy.ts'
import {
  formatSetting,
  type ProviderSettings,
  type SettingName,
  type Settings,
} from '../settings.ts'
import type { Belongings, WantedProvider, WantedToken } from './belongings.ts'

/** What of the belongings is not here yet, and each change in words. */
export interface Remainder {
  readonly move: Move
  readonly changes: readonly string[]
}

/** Compares with what is here: keys by their values, tokens by their hashes, settings by what is in force. */
export function remainder(wanted: Belongings, catalog: Catalog): Remainder {
  const changes: string[] = []
  const providers = wanted.providers.flatMap(provider => {
    const moved = providerRemainder(provider, catalog, changes)
    return moved === null ? [] : [moved]
  })
  const tokens = tokenRemainder(wanted.tokens, catalog, changes)
  const settings = settingRemainder(wanted.settings, catalog.settings, changes)
  const proxies = proxyRemainder(wanted.proxies ?? [], catalog, changes)
  return { move: { providers, tokens, settings, proxies }, changes }
}

function providerRemainder(
  wanted: WantedProvider,
  catalog: Catalog,
  changes: string[],
): MovedProvider | null {
  const present = catalog.providers.find(({ name }) => name === wanted.name) ?? null
  const own = catalog.keys.filter(key => key.provider === wanted.name)
  const known = new Set(own.flatMap(({ secret, reference }) => [secret?.reveal(), reference]))
  const keys = wanted.keys.filter(
    ({ value, clear = value }) => !known.has(value.reveal()) && !known.has(clear.reveal()),
  )
  const { modelsKey: sought } = wanted
  const asking = sought && own.find(({ secret }) => secret?.reveal() === sought.reveal())
  const named = asking && !isNamed(asking, present) ? { models_key: asking.id } : {}
  const overrides = { ...different(wanted.overrides, present?.overrides ?? {}), ...named }
  const path = present?.path === wanted.path ? null : wanted.path
  const modelsKey = asking ? null : wanted.modelsKey
  const count = keys.length === 1 ? '1 key' : `${keys.length} keys`
  if (!present) {
    const disabled = wanted.enabled ? '' : ', disabled'
    changes.push(`add provider ${wanted.name} with ${count}${disabled}`)
  } else {
    if (keys.length > 0) changes.push(`add ${count} to provider ${wanted.name}`)
    for (const name of Object.keys(overrides) as (keyof ProviderSettings)[]) {
      changes.push(`change ${name} of provider ${wanted.name}`)
    }
    if (path !== null) changes.push(`give provider ${wanted.name} the path ${path}`)
    if (modelsKey !== null) changes.push(`change models_key of provider ${wanted.name}`)
  }
  const nothing = keys.length === 0 && Object.keys(overrides).length === 0
  if (present && nothing && path === null && modelsKey === null) return null
  const { name, kind, baseUrl, enabled } = wanted
  return {
    name,
    kind,
    baseUrl,
    path,
    enabled,
    overrides,
    keys: keys.map(({ value, tier }) => ({ value, ...(tier !== undefined && { tier }) })),
    modelsKey,
    present: present !== null,
  }
}

function isNamed({ id, label }: Key, provider: Provider | null): boolean {
  const named = provider?.overrides.models_key
  return named === id || named === label
}

function tokenRemainder(
  wanted: readonly WantedToken[],
  { tokens }: Catalog,
  changes: string[],
): NewToken[] {
  const names = new Set(tokens.map(({ name }) => name))
  const hashes = new Set(tokens.map(({ hash }) => hash))
  return wanted.flatMap(({ value, name: base }) => {
    const hash = createHash('sha256').update(value.reveal()).digest('hex')
    if (hashes.has(hash)) return []
    hashes.add(hash)
    let name = base
    for (let next = 2; names.has(name); next++) name = `${base}-${next}`
    names.add(name)
    changes.push(`add token ${name}`)
    return [{ name, value }]
  })
}

/** A proxy is known by its URL and its password. */
function proxyRemainder(
  wanted: readonly GivenProxyUrl[],
  { proxies }: Catalog,
  changes: string[],
): NewEgressProxy[] {
  const identity = (url: string, secret: Secret | null) => `${url} ${secret?.reveal() ?? ''}`
  const known = new Set(proxies.map(({ url, secret }) => identity(url, secret)))
  const names = new Set(proxies.map(({ name }) => name))
  return wanted.flatMap(({ url, password }) => {
    if (known.has(identity(url, password))) return []
    known.add(identity(url, password))
    let next = 1
    while (names.has(`proxy-${next}`)) next++
    const name = `proxy-${next}`
    names.add(name)
    changes.push(`add proxy ${name}, which providers are dialled through`)
    return [{ name, url, password }]
  })
}

function settingRemainder(
  wanted: Partial<Settings>,
  inForce: Settings,
  changes: string[],
): Partial<Settings> {
  const settings = different(wanted, inForce)
  for (const [name, value] of Object.entries(settings) as [SettingName, Settings[SettingName]][]) {
    const [before, after] = [inForce[name], value].map(each => formatSetting(name, each))
    changes.push(`set ${name} to ${after} (${before === '' ? 'nothing' : before} now)`)
  }
  return settings
}

function different<T extends object>(wanted: T, present: object): T {
  const entries = Object.entries(wanted).filter(
    ([name, value]) => !isDeepStrictEqual(value, (present as Record<string, unknown>)[name]),
  )
  return Object.fromEntries(entries) as T
}

import { isDeepStrictEqual } from 'node:util'
import { Secret } from '../base/secret.ts'
import type { Origin } from '../model/catalog.ts'
import type { SettingRow } from '../model/changes.ts'
import type { Declared, DeclaredKey, DeclaredProxy } from '../model/declared.ts'
import { DEFAULT_SETTINGS, type Settings } from '../model/settings.ts'
import type { Store } from '../model/store.ts'
import { declaredVault } from './declared-vault.ts'
import { listKeys, type OwnedKeyRow } from './key-rows.ts'
import type { StoreParts } from './parts.ts'
import { listProviders, providerOf } from './provider-rows.ts'
import { listProxies } from './proxy-rows.ts'
import { readRoutes } from './route-rows.ts'
import { readSettings } from './settings.ts'
import type { ProxyRow } from './tables.ts'
import { readTokens } from './tokens.ts'

/** What the store holds, as a configuration file would declare it. */
export function heldVerbs({ engine }: StoreParts): Pick<Store, 'held'> {
  return {
    held: origin =>
      engine.snapshot(async db => {
        const mine = (row: { readonly origin: Origin }) => origin === 'all' || row.origin === origin
        const keys = (await listKeys(db)).filter(mine)
        const rows = await listProviders(db)
        const proxies = (await listProxies(db)).filter(mine)
        const sealed = [...keys, ...proxies].some(row => row.sealed !== null)
        const vault = sealed ? await declaredVault(db) : null
        const routes = await readRoutes(db)
        return {
          settings: settingsOf(await readSettings(db), origin),
          // A key is declared below its provider, whoever owns that.
          providers: rows
            .map(row => ({
              row,
              keys: keys.filter(({ provider_id }) => provider_id === row.id).map(keyOf),
            }))
            .filter(({ row, keys }) => mine(row) || keys.length > 0)
            .map(({ row, keys }) => {
              const { name, kind, baseUrl, path, enabled, overrides } = providerOf(row)
              return { name, kind, baseUrl, path, enabled, overrides, keys }
            }),
          tokens: (await readTokens(db)).filter(mine).map(token => {
            const { name, hash, weak, providers, models, rpm, concurrency, expiresAt } = token
            return { name, value: { hash, weak }, providers, models, rpm, concurrency, expiresAt }
          }),
          routes: routes
            .map(({ model, targets }) => ({ model, targets: targets.filter(mine).map(targetOf) }))
            .filter(({ targets }) => targets.length > 0),
          proxies: proxies.map(proxyOf),
          ...(vault ? { vault } : {}),
        } satisfies Declared
      }),
  }
}

/** Those that are not the default: in force, or as this owner has them. */
function settingsOf(rows: readonly SettingRow[], origin: Origin | 'all'): Partial<Settings> {
  const values = rows.map(row => {
    if (origin === 'all' || row.origin === origin) return [row.name, row.value] as const
    return [row.name, origin === 'file' ? row.fileValue : undefined] as const
  })
  return Object.fromEntries(
    values.filter(
      ([name, value]) => value !== undefined && !isDeepStrictEqual(value, DEFAULT_SETTINGS[name]),
    ),
  )
}

function keyOf(row: OwnedKeyRow): DeclaredKey {
  const { id, label, weight, tier, rpm, concurrency, proxy, reference, sealed } = row
  const value =
    reference === null ? { id, sealed: sealed?.toString('base64') ?? '' } : new Secret(reference)
  return { value, label, weight, tier, rpm, concurrency, proxy, enabled: row.enabled === 1 }
}

function proxyOf({ id, name, url, enabled, reference, sealed }: ProxyRow): DeclaredProxy {
  const kept = sealed === null ? null : { id, sealed: sealed.toString('base64') }
  const password = reference === null ? kept : new Secret(reference)
  return { name, url, enabled: enabled === 1, password }
}

function targetOf<
  T extends { provider: string; model: string | null; weight: number; tier: number },
>({ provider, model, weight, tier }: T) {
  return { provider, model, weight, tier }
}

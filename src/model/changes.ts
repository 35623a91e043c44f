import type { Secret } from '../base/secret.ts'
import type { Key, Origin, ProviderKind } from './catalog.ts'
import type { NewEgressProxy } from './egress-proxy.ts'
import type { TargetPlace } from './route-fields.ts'
import type { ProviderSettings, SettingName, Settings } from './settings.ts'

export interface NewProvider {
  readonly name: string
  readonly kind: ProviderKind
  readonly baseUrl: string
  readonly path: string | null
  readonly overrides: Partial<ProviderSettings>
}

export interface ProviderChange {
  readonly baseUrl?: string
  readonly path?: string | null
  readonly kind?: ProviderKind
  readonly enabled?: boolean
  /** Set, or given back to the default by null. */
  readonly overrides?: { readonly [K in keyof ProviderSettings]?: ProviderSettings[K] | null }
}

/** What went with a provider that was removed. */
export interface RemovedProvider {
  readonly keys: number
  readonly targets: number
}

export interface NewKey {
  /** The clear value, or a reference (`env:NAME`, `file:/path`). */
  readonly value: Secret
  readonly label?: string
  readonly weight?: number
  readonly tier?: number
  readonly rpm?: number | null
  readonly concurrency?: number | null
  /** Names of proxies with commas, all, or none; null: as its provider is dialled. */
  readonly proxy?: string | null
  /** Where it was read, as `keys.csv:3`: begins the message that refuses it. */
  readonly place?: string
}

export interface KeyChange {
  readonly label?: string
  readonly weight?: number
  readonly tier?: number
  readonly rpm?: number | null
  readonly concurrency?: number | null
  readonly proxy?: string | null
  readonly enabled?: boolean
  /** A new secret for the same key. */
  readonly value?: Secret
}

export interface AddedKeys {
  readonly added: readonly Key[]
  /** How many were there already, in the input or in the store. */
  readonly duplicates: number
}

/** Keys that one provider is given. */
export interface KeyGroup {
  readonly provider: string
  readonly keys: readonly NewKey[]
}

/** What one provider was given. */
export interface ImportedKeys extends AddedKeys {
  readonly provider: string
}

export interface NewToken {
  readonly name: string
  /** Given where the token is brought along; made otherwise. */
  readonly value?: Secret
  readonly providers?: readonly string[] | null
  readonly models?: readonly string[] | null
  readonly rpm?: number | null
  readonly concurrency?: number | null
  readonly expiresAt?: number | null
}

export interface TokenChange {
  readonly name?: string
  readonly providers?: readonly string[] | null
  readonly models?: readonly string[] | null
  readonly rpm?: number | null
  readonly concurrency?: number | null
  readonly expiresAt?: number | null
}

/** What is not given is 1, or for a target that is there already, left as it is. */
export interface NewTarget extends TargetPlace {
  readonly weight?: number
  readonly tier?: number
}

/** A setting in force and where its value comes from. */
export interface SettingRow<K extends SettingName = SettingName> {
  readonly name: K
  readonly value: Settings[K]
  readonly origin: Origin | 'default'
  /** What the file says, where a command overrides it. */
  readonly fileValue?: Settings[K]
}

/** What is brought along from elsewhere and is not here yet; see {@link Store.moveIn}. */
export interface Move {
  readonly providers: readonly MovedProvider[]
  /** Each with its value. */
  readonly tokens: readonly NewToken[]
  readonly settings: Partial<Settings>
  readonly proxies?: readonly NewEgressProxy[]
}

export interface MovedProvider extends NewProvider {
  /** Of a new one; one that is there stays as its owner switched it. */
  readonly enabled: boolean
  readonly keys: readonly NewKey[]
  /** Among its keys, the one that its `models_key` shall name; null: none shall be named. */
  readonly modelsKey: Secret | null
  /** Whether it is there, with this base URL: then it is given keys, a path and settings. */
  readonly present: boolean
}

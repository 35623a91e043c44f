import type { Secret } from '../../base/secret.ts'
import type { ProviderKind } from '../catalog.ts'
import type { GivenProxyUrl } from '../egress-proxy.ts'
import type { ProviderSettings, Settings } from '../settings.ts'

/** What is brought along from elsewhere, whatever of it is here already. */
export interface Belongings {
  readonly providers: readonly WantedProvider[]
  readonly tokens: readonly WantedToken[]
  readonly settings: Partial<Settings>
  readonly proxies?: readonly GivenProxyUrl[]
}

export interface WantedProvider {
  /** Free here, or the name of a provider with this very base URL. */
  readonly name: string
  readonly kind: ProviderKind
  readonly baseUrl: string
  readonly path: string | null
  /** Of a provider that is here already this says nothing: only its owner switches it. */
  readonly enabled: boolean
  readonly overrides: Partial<ProviderSettings>
  readonly keys: readonly WantedKey[]
  /** The one among its keys that asks for the list of models. */
  readonly modelsKey: Secret | null
}

export interface WantedKey {
  /** The clear value, or a reference. */
  readonly value: Secret
  /** Used after those of lower tiers; 1 unless given. */
  readonly tier?: number
  /** What a reference stands for: where the key is here by its value, it is not wanted again. */
  readonly clear?: Secret
}

export interface WantedToken {
  readonly value: Secret
  /** `admin`; with a number behind it where another token is called so. */
  readonly name: string
}

/** One line of an import's report: a value of the source, and what becomes of it. */
export interface ImportLine {
  /** As the source calls it: `API_KEYS`, `PROVIDERS_CONFIG deepseek.timeout`. */
  readonly setting: string
  /** `database`, `.env`, `environment`; `default` where it was set nowhere. */
  readonly from: string
  /** What it is here, secrets masked; null where it is nothing. */
  readonly becomes: string | null
  /** `default`: it is what the source takes where nothing is said, so that nobody has decided it. */
  readonly outcome: 'imported' | 'default' | 'not carried over'
  /** What to know about it; empty where there is nothing. */
  readonly remark: string
}

/** What an import found: what to bring along, and what to say of it. */
export interface ImportPlan {
  readonly belongings: Belongings
  readonly lines: readonly ImportLine[]
}

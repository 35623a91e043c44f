import type { Secret } from '../base/secret.ts'
import type { DialectName } from './dialect.ts'
import type { EgressProxy } from './egress-proxy.ts'
import type { ProviderSettings, Settings } from './settings.ts'

/** Who a value belongs to: the configuration file, or a command (which wins). */
export type Origin = 'file' | 'command'

export const PROVIDER_KINDS = ['openai', 'anthropic', 'gemini', 'azure', 'custom'] as const
/** The API a provider speaks; it decides how the credential is carried and how answers are read. */
export type ProviderKind = (typeof PROVIDER_KINDS)[number]

/** The family of each kind: Azure's API is OpenAI's at other paths, a custom one has another key header. */
export const DIALECT_OF: Readonly<Record<ProviderKind, DialectName>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'gemini',
  azure: 'openai',
  custom: 'openai',
}

/** A configured vendor account: format, base URL, settings of its own. */
export interface Provider {
  readonly id: string
  /** Unique, `[a-z0-9][a-z0-9._-]{0,62}`, none of {@link RESERVED_SEGMENTS}. */
  readonly name: string
  /** A second path segment it is reached by; null where the name is the only one. */
  readonly path: string | null
  readonly kind: ProviderKind
  /** As the vendor prints it: scheme, host, maybe a path; no trailing slash, query or credentials. */
  readonly baseUrl: string
  readonly enabled: boolean
  /** Raised by enable, disable and a new base URL; what was learned under an older one is void. */
  readonly generation: number
  readonly overrides: Partial<ProviderSettings>
  readonly origin: Origin
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** A provider credential. */
export interface Key {
  /** Opaque, safe to show: `k_` and ten characters. */
  readonly id: string
  /** Name of its provider. */
  readonly provider: string
  readonly label: string
  readonly weight: number
  /** Lower tiers are used up before higher ones; 1 is the first. */
  readonly tier: number
  readonly enabled: boolean
  /** Raised by enable, disable, reset and a new secret; what was learned under an older one is void. */
  readonly generation: number
  readonly masked: string
  /** `env:NAME` or `file:/path` where the value is kept outside the store. */
  readonly reference: string | null
  /** Null where it could not be opened or resolved; then `fault` says why. */
  readonly secret: Secret | null
  readonly fault: { readonly state: 'sealed' | 'invalid'; readonly reason: string } | null
  /** Requests per minute; null: no limit. */
  readonly rpm: number | null
  /** Requests at once; null: no limit. */
  readonly concurrency: number | null
  /** As the setting `proxy` is written; null: as its provider is dialled. */
  readonly proxy: string | null
  readonly origin: Origin
  readonly createdAt: number
}

/** A caller's bearer secret: only its SHA-256 is kept. */
export interface Token {
  readonly id: string
  readonly name: string
  /** SHA-256 of the token, hex. */
  readonly hash: string
  readonly masked: string
  /** Shorter than 16 characters: accepted on loopback only. */
  readonly weak: boolean
  /** Providers it may use, by name; null: all. */
  readonly providers: readonly string[] | null
  /** Globs of models it may use; null: all. */
  readonly models: readonly string[] | null
  readonly rpm: number | null
  readonly concurrency: number | null
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null
  readonly origin: Origin
  readonly createdAt: number
}

/** One place where the requests of a route may go. */
export interface Target {
  /** Opaque: `r_` and ten characters. */
  readonly id: string
  /** Name of its provider. */
  readonly provider: string
  /** The model asked for there; null: the one the client asked for. */
  readonly model: string | null
  /** Its share of the requests, among the targets of its tier. */
  readonly weight: number
  /** Lower tiers are used up before higher ones; 1 is the first. */
  readonly tier: number
  readonly origin: Origin
  readonly createdAt: number
}

/** A model name that clients ask for, or a glob of such names, and the targets behind it. */
export interface Route {
  readonly model: string
  /** In the order in which they were added; at least one. */
  readonly targets: readonly Target[]
}

export type KeyCondition = 'active' | 'cooling' | 'exhausted' | 'invalid' | 'sealed' | 'disabled'

/** A time limit on a key, or on one model of it. */
export interface Mark {
  readonly kind: 'cooling' | 'exhausted'
  /** Milliseconds left when it was saved. */
  readonly remaining: number
  readonly reason: string
}

/** What was learned about a key, as it is kept across restarts. Times are remaining ms at `savedAt`. */
export interface KeyMemory {
  readonly keyId: string
  readonly generation: number
  /** Consecutive authentication faults. */
  readonly failures: number
  readonly invalid: { readonly reason: string; readonly since: number } | null
  readonly exhausted: Mark | null
  /** By model. */
  readonly cooling: Readonly<Record<string, Mark>>
  /** Wall time, milliseconds since the epoch. */
  readonly savedAt: number
}

/** A breaker that is not closed. */
export interface Opening {
  /** Milliseconds until a probe may pass; 0: one may now. */
  readonly remaining: number
  /** How often it opened without a recovery in between. */
  readonly openings: number
}

/** What was said last of one breaker, as it is kept across restarts and told to others. */
export interface BreakerWord {
  /** When it opened or closed, wall ms. */
  readonly at: number
  /** As of then; null: it closed. */
  readonly opening: Opening | null
}

/** What was learned about a provider. */
export interface ProviderMemory {
  readonly providerId: string
  readonly generation: number
  /** By model, `*` for all of them; nothing is said of those not named. */
  readonly breakers: Readonly<Record<string, BreakerWord>>
}

/** All that gateways learned. */
export interface Lessons {
  readonly memories: readonly KeyMemory[]
  readonly outages: readonly ProviderMemory[]
}

/** Everything a gateway needs to serve, as one consistent read of the store. */
export interface Catalog extends Lessons {
  readonly revision: number
  readonly settings: Settings
  readonly providers: readonly Provider[]
  readonly keys: readonly Key[]
  readonly tokens: readonly Token[]
  /** In the order in which they were added. */
  readonly routes: readonly Route[]
  /** In the order in which they were added. */
  readonly proxies: readonly EgressProxy[]
  /** `NO_PROXY` of whoever read the store: hosts that are dialled directly. */
  readonly direct: readonly string[]
}

/** First path segments that mean something else; no provider may be called so. */
export const RESERVED_SEGMENTS: ReadonlySet<string> = new Set(
  `v1 v1beta hf api admin livez readyz health metrics chat completions embeddings models responses
   messages images audio files batches engines`.split(/\s+/),
)

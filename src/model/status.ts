import type { KeyCondition, Origin, ProviderKind } from './catalog.ts'
import type { ProxyStatus } from './proxy-status.ts'

/** What is known about one key now. Times are wall ms. */
export interface KeyStatus {
  readonly id: string
  readonly provider: string
  readonly label: string
  readonly masked: string
  readonly state: KeyCondition
  /** Why it is not active; empty when it is. */
  readonly reason: string
  /** ISO 8601; null where no time is known. */
  readonly until: string | null
  /** Consecutive authentication faults. */
  readonly failures: number
  readonly weight: number
  readonly tier: number
  readonly rpm: number | null
  readonly concurrency: number | null
  /** What it is dialled through; null: as its provider is. */
  readonly proxy: string | null
  readonly reference: string | null
  readonly origin: Origin
  readonly created: string
}

/** The shape of `keys list --json`. */
export interface KeyRow extends KeyStatus {
  /**
   * The proxy that it is dialled through now; `none`: directly; null: no proxy of its is usable, or no
   * gateway runs that could tell.
   */
  readonly via: string | null
}

export interface ProviderStatus {
  readonly name: string
  readonly kind: ProviderKind
  readonly base_url: string
  readonly path: string | null
  readonly enabled: boolean
  readonly default: boolean
  readonly origin: Origin
  readonly keys: Readonly<Record<KeyCondition, number>>
  /** Models whose breaker is not closed: name → state. */
  readonly breakers: Readonly<Record<string, 'open' | 'half-open'>>
}

export interface WorkerStatus {
  readonly pid: number
  readonly revision: number
  readonly in_flight: number
  /** Since it started. */
  readonly requests: number
  readonly errors: number
}

/** Sums over a time. */
export interface Traffic {
  readonly requests: number
  /** Ended with a status of 400 or above, or broke off. */
  readonly errors: number
  /** Prompt and completion. */
  readonly tokens: number
}

/** How the store does, as a daemon meets it. */
export interface StoreHealth {
  readonly ok: boolean
  /** What is wrong, for people. */
  readonly error: string | null
}

/** A daemon on the same store. */
export interface NodeStatus {
  /** `host:pid`. */
  readonly id: string
  readonly url: string
  readonly version: string
  readonly workers: number
  readonly revision: number
  readonly started: string
  readonly seen: string
  /** The one that answers. */
  readonly self: boolean
}

/** The shape of `status --json`. With no daemon only `running`, `version`, `store`, `revision`, `providers` are known. */
export interface DaemonStatus {
  readonly running: boolean
  readonly version: string
  readonly store: string
  /** In force in the daemon; without one, the store's. */
  readonly revision: number
  /** The store's newest, where it differs, and why it is not in force. */
  readonly pending: { readonly revision: number; readonly error: string } | null
  readonly providers: readonly ProviderStatus[]
  readonly proxies: readonly ProxyStatus[]
  /** What `NO_PROXY` names for the daemon; null without one. */
  readonly no_proxy: readonly string[] | null
  readonly pid: number | null
  readonly url: string | null
  /** Of an HTTPS listener. */
  readonly certificate: { readonly expires: string } | null
  readonly started: string | null
  readonly config_file: string | null
  readonly draining: boolean
  readonly workers: readonly WorkerStatus[]
  /** All daemons on this store, this one among them. */
  readonly nodes: readonly NodeStatus[]
  readonly last_minute: Traffic | null
  readonly last_hour: Traffic | null
  readonly records: {
    readonly written: number
    readonly waiting: number
    readonly dropped: number
  } | null
  readonly store_health: StoreHealth | null
}

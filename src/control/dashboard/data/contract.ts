import type { AuditEntry } from '../../../model/audit.ts'
import type { KeyCondition, ProviderKind } from '../../../model/catalog.ts'
import type { Explanation } from '../../../model/explanation.ts'
import type { DaemonStatus, KeyStatus, NodeStatus, ProviderStatus } from '../../../model/status.ts'
import type {
  ExchangeShape,
  FailureShape,
  ProviderShape,
  RequestShape,
  SettingShape,
  TargetShape,
  TestShape,
  TokenShape,
} from './shapes.ts'

export type {
  DaemonStatus,
  Explanation,
  KeyCondition,
  KeyStatus,
  NodeStatus,
  ProviderKind,
  ProviderStatus,
}

export interface AuditShape extends Omit<AuditEntry, 'time'> {
  /** ISO 8601. */
  readonly time: string
}

/** Who is logged in; `passwordSet` is false before `balance admin password`. */
export interface SessionState {
  readonly session: { readonly id: string } | null
  readonly passwordSet: boolean
  readonly version: string
}

export const RANGES = ['1h', '24h', '7d'] as const
export type Range = (typeof RANGES)[number]

export interface OverviewStep {
  /** ISO 8601, its beginning. */
  readonly time: string
  readonly requests: number
  readonly errors: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
  /** Medians in ms; null where nothing was measured. */
  readonly ttft_ms: number | null
  readonly ms: number | null
}

export interface WorstKey {
  readonly key: string
  readonly label: string
  readonly provider: string
  readonly masked: string
  readonly state: KeyCondition
  readonly rate_limited: number
  readonly refused: number
  readonly quota: number
  readonly other: number
}

export interface Overview {
  readonly range: Range
  readonly step_ms: number
  readonly series: readonly OverviewStep[]
  readonly totals: {
    readonly requests: number
    readonly errors: number
    readonly prompt_tokens: number
    readonly completion_tokens: number
  }
  readonly keys: Readonly<Record<KeyCondition, number>>
  readonly worst_keys: readonly WorstKey[]
  /** Their failures are counted from then on. */
  readonly worst_since: string
  readonly providers: readonly ProviderStatus[]
  readonly workers: DaemonStatus['workers']
  readonly nodes: readonly NodeStatus[]
}

export interface Preset {
  readonly name: string
  readonly kind: ProviderKind
  readonly base_url: string
  readonly needs_key: boolean
}

export type KeySort = 'label' | 'state' | 'failures' | 'created'
export type Order = 'asc' | 'desc'

export interface KeyQuery {
  readonly provider?: string
  readonly state?: KeyCondition
  readonly q?: string
  readonly sort?: KeySort
  readonly order?: Order
  readonly limit: number
  readonly offset: number
}

export interface KeyPage {
  readonly total: number
  readonly by_state: Readonly<Record<KeyCondition, number>>
  readonly rows: readonly KeyStatus[]
}

export interface UsageSums {
  readonly requests: number
  readonly errors: number
  readonly attempts: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
}

export interface KeyDetail extends KeyStatus {
  /** Models; none named: all of them, or it is not. */
  readonly rate_limited_for: readonly string[]
  readonly usage: { readonly h24: UsageSums; readonly d7: UsageSums }
}

/** What requests and errors can be narrowed by; all given ones must hold. */
export interface RecordFilter {
  readonly provider?: string
  readonly key?: string
  readonly token?: string
  readonly model?: string
  readonly status?: string
  readonly path?: string
  readonly requestId?: string
  readonly since?: number
  readonly until?: number
}

export interface RecordQuery extends RecordFilter {
  readonly limit: number
  readonly before?: number
}

export interface BrowserSession {
  readonly id: string
  readonly created: string
  readonly seen: string
  readonly expires: string
  readonly peer: string
  readonly current: boolean
}

export interface NewTarget {
  readonly provider: string
  readonly model?: string | null
  readonly weight?: number
  readonly tier?: number
}

export interface TokenFields {
  readonly name?: string
  readonly providers?: readonly string[] | null
  readonly models?: readonly string[] | null
  readonly rpm?: number | null
  readonly concurrency?: number | null
  readonly expires?: string | null
}

type Nothing = Readonly<Record<never, never>>

/** `GET /admin/api/<operation>?<query>`. */
export interface Reads {
  status: { in: Nothing; out: DaemonStatus }
  overview: { in: { range: Range }; out: Overview }
  'providers.list': { in: Nothing; out: readonly ProviderStatus[] }
  'providers.show': { in: { name: string }; out: ProviderShape }
  'providers.models': { in: { name: string }; out: readonly string[] }
  'presets.list': { in: Nothing; out: readonly Preset[] }
  'keys.list': { in: KeyQuery; out: KeyPage }
  'keys.show': { in: { key: string }; out: KeyDetail }
  'tokens.list': { in: Nothing; out: readonly TokenShape[] }
  'routes.list': { in: Nothing; out: readonly TargetShape[] }
  explain: { in: { model: string; token?: string; path?: string }; out: Explanation }
  'settings.list': { in: Nothing; out: readonly SettingShape[] }
  'audit.list': {
    in: { subject?: string; limit: number; before?: number }
    out: readonly AuditShape[]
  }
  'requests.list': { in: RecordQuery; out: readonly ExchangeShape[] }
  'requests.show': {
    /** Its number, or its request id. */
    in: { id: string | number }
    out: RequestShape
  }
  'errors.list': { in: RecordQuery; out: readonly FailureShape[] }
  'sessions.list': { in: Nothing; out: readonly BrowserSession[] }
}

/** What every change answers besides its own. */
export interface InForce {
  readonly revision: number
  /** Why what was saved is not in force; null where it is. */
  readonly error: string | null
}

/** `POST /admin/api/<operation>`; each takes the `revision` that the page saw. */
export interface Changes {
  'providers.add': {
    in: {
      name: string
      kind?: ProviderKind
      base_url?: string
      path?: string
      settings?: Readonly<Record<string, string>>
    }
    out: Nothing
  }
  'providers.change': {
    in: {
      name: string
      path?: string | null
      kind?: ProviderKind
      base_url?: string
      enabled?: boolean
      settings?: Readonly<Record<string, string | null>>
    }
    out: Nothing
  }
  'providers.remove': { in: { name: string }; out: Nothing }
  'keys.add': {
    in: { provider: string; text: string; weight?: number; tier?: number }
    out: {
      added: readonly KeyStatus[]
      duplicates: number
      rejected: readonly { line: number; reason: string }[]
    }
  }
  'keys.change': {
    in: {
      key: string
      label?: string
      weight?: number
      tier?: number
      rpm?: number | null
      concurrency?: number | null
      secret?: string
    }
    out: Nothing
  }
  'keys.enable': { in: { keys: readonly string[] }; out: Nothing }
  'keys.disable': { in: { keys: readonly string[]; now?: boolean }; out: Nothing }
  'keys.reset': { in: { keys: readonly string[] }; out: Nothing }
  'keys.remove': { in: { keys: readonly string[] }; out: Nothing }
  'tokens.create': { in: TokenFields & { name: string }; out: TokenShape & { token: string } }
  'tokens.change': { in: TokenFields & { token: string }; out: Nothing }
  'tokens.revoke': { in: { token: string }; out: Nothing }
  'routes.add': { in: { model: string; to: readonly NewTarget[] }; out: Nothing }
  'routes.remove': {
    in: { model: string; to?: readonly Pick<NewTarget, 'provider' | 'model'>[] }
    out: Nothing
  }
  'settings.set': { in: { name: string; value: string }; out: Nothing }
  'settings.unset': { in: { name: string }; out: Nothing }
  'sessions.revoke': { in: { id: string }; out: Nothing }
  reload: {
    in: Nothing
    out: {
      taken: readonly string[]
      overridden: readonly string[]
      left: readonly string[]
    }
  }
}

/** `POST /admin/api/<operation>` that answers a row a line, as they come, or all at once. */
export interface RowsOf {
  'keys.test': { in: { keys: readonly string[] }; row: TestShape }
  'providers.test': { in: { name: string }; row: TestShape }
}

import type { Given, OPERATIONS, OperationName, Out } from '../../api.ts'

export type { KeyCondition, ProviderKind } from '../../../model/catalog.ts'
export type { Explanation } from '../../../model/explanation.ts'
export type {
  DaemonStatus,
  KeyRow,
  KeyStatus,
  NodeStatus,
  ProviderStatus,
} from '../../../model/status.ts'
export type { InForce } from '../../operation.ts'
export type { KeyOrder as KeySort, KeyPage } from '../../operations/keys.ts'
export type { RequestShape } from '../../operations/log.ts'
export type {
  Overview,
  Range,
  TrafficShape as OverviewStep,
  WorstKeyShape as WorstKey,
} from '../../operations/overview.ts'
export type { AuditShape } from '../../shapes/audit.ts'
export type { ExchangeShape, FailureShape } from '../../shapes/exchange.ts'
export type { KeyShape as KeyDetail, UsageShape as UsageSums } from '../../shapes/key.ts'
export type { PresetShape as Preset } from '../../shapes/preset.ts'
export type { ProviderShape } from '../../shapes/provider.ts'
export type { SettingShape } from '../../shapes/setting.ts'
export type { TargetShape } from '../../shapes/target.ts'
export type { TestShape } from '../../shapes/test.ts'
export type { TokenShape } from '../../shapes/token.ts'
export type { TryShape } from '../../shapes/try.ts'

/** Who is logged in; `passwordSet` is false before `balance admin password`. */
export interface SessionState {
  readonly session: { readonly id: string } | null
  readonly passwordSet: boolean
  readonly version: string
}

type Table = typeof OPERATIONS
type OfKind<Kind> = {
  [K in OperationName]: Table[K] extends { readonly kind: Kind; readonly door: unknown } ? K : never
}[OperationName]

/** `GET /admin/api/<operation>?<query>`. */
export type Reads = {
  readonly [K in OfKind<'read'>]: { readonly in: Given<K>; readonly out: Out<K> }
}

/** For the control socket alone. */
type Local = 'nudge' | 'stop' | 'abort' | 'flush' | 'dashboard.link'

/** `POST /admin/api/<operation>`; each takes the `revision` that the page saw. */
export type Changes = {
  readonly [K in Exclude<OfKind<'change'>, Local | 'providers.test'>]: {
    readonly in: Omit<Given<K>, 'revision'>
    readonly out: Out<K>
  }
}

export const RANGES = [
  '1h',
  '24h',
  '7d',
] as const satisfies readonly Reads['overview']['in']['range'][]

export type Order = NonNullable<Reads['keys.list']['in']['order']>
/** A page of keys is asked for with its place. */
export type KeyQuery = Reads['keys.list']['in'] & {
  readonly limit: number
  readonly offset: number
}
export type RecordQuery = Reads['requests.list']['in']
export type RecordFilter = Omit<RecordQuery, 'limit' | 'before'>
export type BrowserSession = Reads['sessions.list']['out'][number]
export type NewTarget = Changes['routes.add']['in']['to'][number]
export type TokenFields = Omit<Changes['tokens.change']['in'], 'token'>

/** `POST /admin/api/<operation>` that answers a row a line, as they come, or all at once. */
export interface RowsOf {
  readonly 'keys.test': { readonly in: Given<'keys.test'>; readonly row: Out<'keys.test'> }
  readonly 'providers.test': {
    readonly in: Given<'providers.test'>
    readonly row: Out<'providers.test'>[number]
  }
}

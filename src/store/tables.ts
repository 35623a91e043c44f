import type { Generated, Selectable } from 'kysely'
import type { Origin, ProviderKind } from '../model/catalog.ts'

/** Flags are 0 or 1, times are milliseconds since the epoch, `seq` is the order of adding. */
export interface Tables {
  readonly balance_migrations: MigrationTable
  readonly revision: RevisionTable
  readonly audit: AuditTable
  readonly vault: VaultTable
  readonly settings: SettingTable
  readonly providers: ProviderTable
  readonly provider_keys: KeyTable
  readonly memories: MemoryTable
  readonly outages: OutageTable
  readonly tokens: TokenTable
  readonly routes: RouteTable
  readonly proxies: ProxyTable
  readonly nodes: NodeTable
  readonly leases: LeaseTable
  readonly exchanges: ExchangeTable
  readonly failures: FailureTable
  readonly rollups: RollupTable
  readonly batches: BatchTable
  readonly imported_spans: ImportedSpanTable
  readonly objects: ObjectTable
  readonly admin_password: AdminPasswordTable
  readonly admin_sessions: AdminSessionTable
}

interface MigrationTable {
  /** `control` or `log`: two files of SQLite, one database of MySQL. */
  part: string
  number: number
  name: string
  applied_at: number
}

/** One row, whose lock is the write lock of the store. */
interface RevisionTable {
  id: number
  /** Of the newest change. */
  number: number
  /** Of what was learned last. */
  learned: number
}

interface AuditTable {
  id: Generated<number>
  revision: number
  time: number
  who: string
  command: string
  action: string
  subject: string
  /** JSON, without secrets. */
  before_value: string | null
  after_value: string | null
}

/** One row, there once something was sealed. */
interface VaultTable {
  id: number
  check_value: Buffer
  /** The data key, wrapped by the master key. */
  wrapped: Buffer
  /** Where the master key came from when it was first used, or took the place of another. */
  source: string
  created_at: number
}

interface SettingTable {
  name: string
  origin: Origin
  /** JSON. */
  value: string
}

interface ProviderTable {
  seq: Generated<number>
  id: string
  name: string
  path: string | null
  kind: ProviderKind
  base_url: string
  enabled: number
  generation: number
  /** JSON. */
  overrides: string
  origin: Origin
  created_at: number
}

interface KeyTable {
  seq: Generated<number>
  id: string
  provider_id: string
  label: string
  weight: number
  tier: number
  enabled: number
  generation: number
  masked: string
  /** Exactly one of `reference` and `sealed` is there. */
  reference: string | null
  sealed: Buffer | null
  /** Equal for equal values within a provider; 32 bytes. */
  fingerprint: Buffer
  rpm: number | null
  concurrency: number | null
  proxy: string | null
  origin: Origin
  created_at: number
}

interface MemoryTable {
  key_id: string
  generation: number
  /** What `revision.learned` was raised to when this was learned. */
  number: number
  /** JSON. */
  learned: string
  saved_at: number
  /** Who learned it; null where it was not said. */
  node: string | null
}

interface OutageTable {
  provider_id: string
  generation: number
  /** As of {@link MemoryTable}. */
  number: number
  /** JSON. */
  learned: string
}

interface TokenTable {
  seq: Generated<number>
  id: string
  name: string
  /** SHA-256, 32 bytes. */
  hash: Buffer
  masked: string
  weak: number
  /** JSON lists; null: all. */
  providers: string | null
  models: string | null
  rpm: number | null
  concurrency: number | null
  expires_at: number | null
  origin: Origin
  created_at: number
}

/** A target; the targets of one model are its route. */
interface RouteTable {
  seq: Generated<number>
  id: string
  model: string
  provider_id: string
  /** Empty: as asked. A null would be equal to no other null in the unique key. */
  target_model: string
  weight: number
  tier: number
  origin: Origin
  created_at: number
}

interface ProxyTable {
  seq: Generated<number>
  id: string
  name: string
  /** Without the password. */
  url: string
  enabled: number
  /** Of the password: one of them at most is there. */
  reference: string | null
  sealed: Buffer | null
  origin: Origin
  created_at: number
}

interface NodeTable {
  id: string
  url: string
  version: string
  workers: number
  revision: number
  started: number
  seen: number
}

interface LeaseTable {
  work: string
  node: string
  ends_at: number
}

interface ExchangeTable {
  id: Generated<number>
  time: number
  node: string
  request_id: string
  token: string | null
  provider: string | null
  key_id: string | null
  model: string | null
  model_served: string | null
  method: string
  path: string
  status: number
  outcome: string
  attempts: number
  stream: number
  bytes_in: number
  bytes_out: number
  first_byte_ms: number | null
  first_token_ms: number | null
  ms: number
  prompt_tokens: number | null
  cached_tokens: number | null
  completion_tokens: number | null
  reasoning_tokens: number | null
  error_code: string | null
}

interface FailureTable {
  id: Generated<number>
  exchange_id: number
  request_id: string
  time: number
  attempt: number
  provider: string
  key_id: string
  model: string | null
  status: number | null
  fault: string
  code: string
  excerpt: string
  ms: number
}

/** The sums of one hour and one name; each exchange counts once in each dimension. */
interface RollupTable {
  dimension: string
  /** Its beginning. */
  hour: number
  name: string
  requests: number
  errors: number
  attempts: number
  prompt_tokens: number
  cached_tokens: number
  completion_tokens: number
  reasoning_tokens: number
  ms: number
}

/** The batch that a node wrote last. */
interface BatchTable {
  node: string
  id: string
  time: number
}

/** The ids between which the rows of one imported batch are. */
interface ImportedSpanTable {
  /** Their table. */
  kind: 'exchanges' | 'failures'
  first_id: number
  last_id: number
  /** Time of the oldest of them, or earlier. */
  oldest: number
}

/** A vendor's resource, and whose key it lives with. */
interface ObjectTable {
  id: string
  provider_id: string
  key_id: string
  /** Empty: a caller's without a token. */
  token_id: string
  used_at: number
}

/** One row, where there is a password. */
interface AdminPasswordTable {
  id: number
  /** scrypt's, 32 bytes, and what it was made with. */
  hash: Buffer
  salt: Buffer
  cost: number
  block_size: number
  parallelization: number
  changed_at: number
}

interface AdminSessionTable {
  /** SHA-256 of the cookie's value, 32 bytes. */
  hash: Buffer
  id: string
  created_at: number
  seen_at: number
  expires_at: number
  peer: string
}

/** Rows as the code passes them on: only the database looks at the order of adding. */
export type ProviderRow = Omit<Selectable<ProviderTable>, 'seq'>
export type VaultRow = Selectable<VaultTable>
export type KeyRow = Omit<Selectable<KeyTable>, 'seq'>
export type TokenRow = Omit<Selectable<TokenTable>, 'seq'>
export type ProxyRow = Omit<Selectable<ProxyTable>, 'seq'>
export type RouteRow = Omit<Selectable<RouteTable>, 'seq'>
export type MemoryRow = Selectable<MemoryTable>
export type OutageRow = Selectable<OutageTable>
export type ExchangeRow = Selectable<ExchangeTable>
export type FailureRow = Selectable<FailureTable>
export type ImportedSpanRow = Selectable<ImportedSpanTable>
export type ObjectRow = Selectable<ObjectTable>
export type AdminSessionRow = Selectable<AdminSessionTable>
export type RollupRow = Selectable<RollupTable>

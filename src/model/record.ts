/** One exchange, written down whatever its end was. Times in ms; null where it did not come so far. */
export interface ExchangeRecord {
  /** Wall time of the request's arrival, milliseconds since the epoch. */
  readonly time: number
  readonly requestId: string
  /** Token name; null for an anonymous or refused caller. */
  readonly token: string | null
  readonly provider: string | null
  readonly keyId: string | null
  /** As the client named it, and as it was sent. */
  readonly model: string | null
  readonly modelServed: string | null
  readonly method: string
  readonly path: string
  /** What the client saw; 499 when it left first. */
  readonly status: number
  /** `ok`, or the fault or error code it ended with. */
  readonly outcome: string
  readonly attempts: number
  readonly stream: boolean
  readonly bytesIn: number
  readonly bytesOut: number
  /** Arrival to first relayed byte, to first meaningful event, to the end. */
  readonly firstByteMs: number | null
  readonly firstTokenMs: number | null
  readonly ms: number
  readonly promptTokens: number | null
  readonly cachedTokens: number | null
  readonly completionTokens: number | null
  readonly reasoningTokens: number | null
  readonly errorCode: string | null
  /** Attempts that failed, in order. */
  readonly failures: readonly AttemptRecord[]
}

/** One failed attempt of an exchange. */
export interface AttemptRecord {
  readonly time: number
  readonly attempt: number
  readonly provider: string
  readonly keyId: string
  readonly model: string | null
  /** The upstream's status; null where it gave none. */
  readonly status: number | null
  readonly fault: string
  readonly code: string
  /** Masked, at most 2 KB. */
  readonly excerpt: string
  readonly ms: number
}

/** A failed attempt of which it is not known to which exchange it belongs. */
export interface LooseFailure extends AttemptRecord {
  readonly requestId: string
}

/** A record as the store gives it back. */
export interface StoredExchange extends Omit<ExchangeRecord, 'failures'> {
  readonly id: number
  /** The daemon that served it, `host:pid`. */
  readonly node: string
  readonly keyLabel: string | null
}

export interface StoredFailure extends LooseFailure {
  readonly id: number
}

/** What `logs list` and `logs tail` can ask for; all given ones must hold. */
export interface RecordFilter {
  readonly provider?: string
  /** Key id. */
  readonly key?: string
  readonly token?: string
  readonly model?: string
  /** `429`, or a class: `5xx`, `error` (≥ 400). */
  readonly status?: string
  /** Prefix. */
  readonly path?: string
  readonly requestId?: string
  /** Wall times, milliseconds since the epoch. */
  readonly since?: number
  readonly until?: number
}

export interface RecordQuery extends RecordFilter {
  readonly limit: number
  /** Only records with a smaller id: the next page. */
  readonly before?: number
  /** Only records with a larger id, oldest first: for following. */
  readonly after?: number
  /** Only those that other nodes served. */
  readonly notNode?: string
}

/** What hourly sums can be asked by. */
export const STATS_GROUPS = ['provider', 'key', 'token', 'model', 'hour'] as const
export type StatsGroup = (typeof STATS_GROUPS)[number]

export interface StatsQuery {
  readonly by: StatsGroup
  /** Wall times, milliseconds since the epoch; whole hours are counted, the first one included. */
  readonly since: number
  readonly until: number
}

/** Sums over exchanges. */
export interface UsageSums {
  readonly requests: number
  /** Those that ended with a status of 400 or above, or broke off. */
  readonly errors: number
  readonly attempts: number
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
  readonly reasoningTokens: number
  /** Mean, ms. */
  readonly ms: number
}

/** Sums over all exchanges of a group. */
export interface StatsRow extends UsageSums {
  /** Provider, token or model name, key id, or the hour's beginning in ISO 8601; null where there was none. */
  readonly group: string | null
}

/** Steps that sums over time are kept in; minutes of the last two hours alone. */
export type TrafficStep = 'minute' | 'hour'

export interface TrafficQuery {
  readonly step: TrafficStep
  /** Wall times, milliseconds since the epoch; whole steps are counted, the first one included. */
  readonly since: number
  readonly until: number
}

/** Sums over one step. */
export interface TrafficRow extends UsageSums {
  /** Its beginning, wall ms. */
  readonly time: number
  /** Median time to the first token, ms, to a tenth of it; null where none came. */
  readonly firstTokenMs: number | null
}

/** Most failed attempts that are counted for one answer. */
export const MOST_FAULTS = 20_000

/** Failed attempts of one key. */
export interface KeyFaults {
  readonly keyId: string
  /** By fault: `rate` (429), `auth` (401, and 403 that name the key), `quota`, and all others. */
  readonly rate: number
  readonly auth: number
  readonly quota: number
  readonly other: number
}

export interface Faults {
  /** Time of the oldest that is counted, or what was asked for where all are, wall ms. */
  readonly since: number
  /** At most {@link MOST_FAULTED}. */
  readonly keys: readonly KeyFaults[]
}

/** Most keys of {@link Faults}. */
export const MOST_FAULTED = 1_000

/** Rows of another gateway's log. */
export interface ImportedBatch {
  readonly exchanges: readonly ExchangeRecord[]
  readonly failures: readonly LooseFailure[]
  /** How far it was before them, and is with them. */
  readonly after: ImportedHeads
  readonly heads: ImportedHeads
}

/** What became of such a batch. */
export interface ImportedLog {
  readonly written: boolean
  /** How far that log is now. */
  readonly heads: ImportedHeads
}

/** The highest ids of another gateway's log that were brought along; 0 where nothing was. */
export interface ImportedHeads {
  readonly requests: number
  readonly failures: number
}

/** How much of the log is kept. */
export interface Retention {
  /** ms. */
  readonly maxAge: number
  /** ms; of failed attempts. */
  readonly errorMaxAge: number
  /** Of all log tables together, as they lie on the disk. */
  readonly maxBytes: number
}

/** What one slice of pruning did. */
export interface Pruned {
  readonly exchanges: number
  readonly failures: number
  /** Size of the log tables afterwards. */
  readonly bytes: number
  /** There is more to do: call again. */
  readonly more: boolean
}

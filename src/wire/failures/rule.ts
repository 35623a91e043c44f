import type { ErrorCode } from '../../base/errors.ts'
import type { Fault, Reach, Retry } from '../../model/outcome.ts'

/** A code as JSON has it: vendors mean different things by `404` and `"404"`. */
export type Code = string | number

/**
 * One row of a failure table: what it asks of an answer, all of which must hold, and what it concludes.
 * Rows are tried in order. Only exact fields are compared; a message is never searched.
 */
export interface Rule {
  /** One status, or the first and the last of a range. */
  readonly status?: number | readonly [first: number, last: number]
  /** One of these is among the codes that the error gives (see `factsOf`). */
  readonly code?: readonly Code[]
  /** A `QuotaFailure` violation's `quotaId`. */
  readonly quotaId?: RegExp
  readonly member?: MemberTest
  /** A header that is there, lower-case. */
  readonly header?: string
  readonly fault: Fault
  /** `rejected` where it is not given: a complete refusal came. */
  readonly reach?: Reach
  /** What its fault usually asks for, where it is not given. */
  readonly retry?: Retry
  /**
   * Where it is not given, `upstream_credentials_exhausted` for `auth` and `quota`, which the caller
   * must not take for a word about its own token; else the upstream's own answer is relayed.
   */
  readonly error?: ErrorCode
}

/** A member of the error object. */
export interface MemberTest {
  /** Its path, with dots: `metadata.limit_source`. */
  readonly at: string
  /** What it may be; where this is not given, anything but null. */
  readonly is?: readonly Code[]
}

/** What is known of one vendor's failures, or of one dialect's. */
export interface FailureTable {
  readonly rules: readonly Rule[]
  /** The status that a code stands for where an answer's own says 200. */
  readonly statusOf: Readonly<Record<string, number>>
}

/** The tables as one; earlier rows come first. */
export function joined(...tables: readonly FailureTable[]): FailureTable {
  return {
    rules: tables.flatMap(table => table.rules),
    statusOf: Object.assign({}, ...tables.map(table => table.statusOf)),
  }
}

import { printable } from '../base/text.ts'
import type {
  AttemptRecord,
  ExchangeRecord,
  StoredExchange,
  StoredFailure,
} from '../model/record.ts'
import type { ExchangeRow, FailureRow } from './tables.ts'

/** One exchange and its failed attempts, as values in the order of the column lists below. */
export interface LogEntry {
  readonly exchange: readonly Value[]
  /** Without `exchange_id`, which the engine puts in front. */
  readonly failures: readonly (readonly Value[])[]
}

type Value = string | number | null

/** Longest excerpt of an upstream's answer, in bytes. */
const EXCERPT = 2_048

export const EXCHANGE_COLUMNS = [
  'time',
  'node',
  'request_id',
  'token',
  'provider',
  'key_id',
  'model',
  'model_served',
  'method',
  'path',
  'status',
  'outcome',
  'attempts',
  'stream',
  'bytes_in',
  'bytes_out',
  'first_byte_ms',
  'first_token_ms',
  'ms',
  'prompt_tokens',
  'cached_tokens',
  'completion_tokens',
  'reasoning_tokens',
  'error_code',
] as const satisfies readonly (keyof ExchangeRow)[]

export const FAILURE_COLUMNS = [
  'exchange_id',
  'request_id',
  'time',
  'attempt',
  'provider',
  'key_id',
  'model',
  'status',
  'fault',
  'code',
  'excerpt',
  'ms',
] as const satisfies readonly (keyof FailureRow)[]

/**
 * What a client or an upstream can choose is cut and made printable here, on its way in.
 * @param node cut already: it is the same for all of a batch
 */
export function logEntry(record: ExchangeRecord, node: string): LogEntry {
  const requestId = cut(record.requestId)
  return {
    exchange: [
      record.time,
      node,
      requestId,
      cutOrNull(record.token),
      cutOrNull(record.provider),
      cutOrNull(record.keyId),
      cutOrNull(record.model),
      cutOrNull(record.modelServed),
      cut(record.method),
      cut(record.path),
      record.status,
      cut(record.outcome),
      record.attempts,
      record.stream ? 1 : 0,
      record.bytesIn,
      record.bytesOut,
      record.firstByteMs,
      record.firstTokenMs,
      record.ms,
      record.promptTokens,
      record.cachedTokens,
      record.completionTokens,
      record.reasoningTokens,
      cutOrNull(record.errorCode),
    ],
    failures: record.failures.map(failure => failureValues(failure, requestId)),
  }
}

export function storedExchange(row: ExchangeRow, keyLabel: string | null): StoredExchange {
  return {
    id: row.id,
    time: row.time,
    node: row.node,
    requestId: row.request_id,
    token: row.token,
    provider: row.provider,
    keyId: row.key_id,
    keyLabel,
    model: row.model,
    modelServed: row.model_served,
    method: row.method,
    path: row.path,
    status: row.status,
    outcome: row.outcome,
    attempts: row.attempts,
    stream: row.stream === 1,
    bytesIn: row.bytes_in,
    bytesOut: row.bytes_out,
    firstByteMs: row.first_byte_ms,
    firstTokenMs: row.first_token_ms,
    ms: row.ms,
    promptTokens: row.prompt_tokens,
    cachedTokens: row.cached_tokens,
    completionTokens: row.completion_tokens,
    reasoningTokens: row.reasoning_tokens,
    errorCode: row.error_code,
  }
}

export function storedFailure(row: FailureRow): StoredFailure {
  return {
    id: row.id,
    requestId: row.request_id,
    time: row.time,
    attempt: row.attempt,
    provider: row.provider,
    keyId: row.key_id,
    model: row.model,
    status: row.status,
    fault: row.fault,
    code: row.code,
    excerpt: row.excerpt,
    ms: row.ms,
  }
}

/** As it is stored, so that a filter finds what was cut. */
export function cut(text: string): string {
  return printable(text)
}

function cutOrNull(text: string | null): string | null {
  return text === null ? null : cut(text)
}

export function failureValues(failure: AttemptRecord, requestId: string): Value[] {
  return [
    requestId,
    failure.time,
    failure.attempt,
    cut(failure.provider),
    cut(failure.keyId),
    cutOrNull(failure.model),
    failure.status,
    cut(failure.fault),
    cut(failure.code),
    printable(failure.excerpt, EXCERPT),
    failure.ms,
  ]
}

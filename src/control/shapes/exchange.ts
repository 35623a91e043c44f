import type { ExchangeRecord, StoredExchange, StoredFailure } from '../../model/record.ts'

/** An exchange from the store, or one that has just ended and has no number yet. */
export type AnyExchange = Omit<ExchangeRecord, 'failures'> &
  Partial<Pick<StoredExchange, 'id' | 'keyLabel' | 'node'>>

/**
 * One exchange as `logs list`, `logs show` and `logs tail` print it with `--json`. Names are kept
 * for scripts: they may be joined by new ones and never change their meaning.
 * `time` is ISO 8601 in UTC, durations are milliseconds since the request came in, `key` is the id
 * of the key that was used last; what did not come so far is null. `node` is the daemon that served it. `id`,
 * `key_label` and `node` are null for what a daemon tells `logs tail` before it is stored.
 */
export function exchangeShape(exchange: AnyExchange) {
  return {
    id: exchange.id ?? null,
    time: new Date(exchange.time).toISOString(),
    request_id: exchange.requestId,
    token: exchange.token,
    provider: exchange.provider,
    key: exchange.keyId,
    key_label: exchange.keyLabel ?? null,
    model: exchange.model,
    model_served: exchange.modelServed,
    method: exchange.method,
    path: exchange.path,
    status: exchange.status,
    outcome: exchange.outcome,
    attempts: exchange.attempts,
    ms: exchange.ms,
    ttft_ms: exchange.firstTokenMs,
    first_byte_ms: exchange.firstByteMs,
    prompt_tokens: exchange.promptTokens,
    cached_tokens: exchange.cachedTokens,
    completion_tokens: exchange.completionTokens,
    reasoning_tokens: exchange.reasoningTokens,
    bytes_in: exchange.bytesIn,
    bytes_out: exchange.bytesOut,
    stream: exchange.stream,
    error_code: exchange.errorCode,
    node: exchange.node ?? null,
  }
}

export type ExchangeShape = ReturnType<typeof exchangeShape>

/**
 * One failed attempt as `logs errors --json` prints it, and `logs show --json` under `failures`.
 * `status` is the upstream's, null where it gave none; secrets in `excerpt` were masked when it was
 * written down.
 */
export function failureShape(failure: StoredFailure) {
  return {
    id: failure.id,
    time: new Date(failure.time).toISOString(),
    request_id: failure.requestId,
    attempt: failure.attempt,
    provider: failure.provider,
    key: failure.keyId,
    model: failure.model,
    status: failure.status,
    fault: failure.fault,
    code: failure.code,
    ms: failure.ms,
    excerpt: failure.excerpt,
  }
}

export type FailureShape = ReturnType<typeof failureShape>

import type { ErrorCode } from '../base/errors.ts'

/**
 * What an attempt taught, by whose fault it was.
 * - `none`: it worked
 * - `auth`: the key was refused (401, a 403 whose code names the key)
 * - `quota`: the key's money or quota is used up (402, quota 429)
 * - `rate`: the key is rate limited (429), for this model
 * - `model`: the key may not use, or does not find, this model
 * - `provider`: the provider failed (connect, TLS, 5xx, HTML with 200, stalls)
 * - `proxy`: the proxy made no connection; nothing was sent, and nobody else is charged
 * - `client`: the request itself is wrong (400, 404, 413, 422, …)
 * - `local`: this host failed (descriptors, DNS client)
 * - `stale`: a kept connection had been closed when it was used again; nobody is charged
 * - `gone`: the client left; nobody is charged
 */
export type Fault =
  | 'none'
  | 'auth'
  | 'quota'
  | 'rate'
  | 'model'
  | 'provider'
  | 'proxy'
  | 'client'
  | 'local'
  | 'stale'
  | 'gone'

/**
 * Where another attempt may follow, as long as nothing was relayed and budgets last.
 * - `no`: nowhere; this answer stands
 * - `key`: another key of the provider; where none is left, another target of the route
 * - `any`: another target where the route has one, else the same provider once more
 * - `target`: another target only: nothing that this provider could say would be different
 * - `same`: the same provider once more, after a moment (409)
 * - `fresh`: the same key once more, on a connection of its own
 * - `proxy`: the same key once more, through another proxy; where there is none, another target
 */
export type Retry = 'no' | 'key' | 'any' | 'target' | 'same' | 'fresh' | 'proxy'

/** Who pays for a fault: the key (cools, runs out, becomes invalid), the provider (its breaker), or nobody. */
export type Charged = 'key' | 'provider' | 'nobody'

/** Whether the upstream can have acted on the request: it never got it, it refused it, or nobody knows. */
export type Reach = 'not-sent' | 'rejected' | 'ambiguous'

export interface Outcome {
  readonly fault: Fault
  readonly reach: Reach
  readonly retry: Retry
  /** Our error code should this be the last attempt; null when the upstream's own answer is relayed. */
  readonly code: ErrorCode | null
  /** The upstream's own error code or type, or the transport's, for the record. */
  readonly detail: string
  /** For people; secrets are masked where it is written down. */
  readonly message: string
  /** Milliseconds until the upstream said to come back; null where it said nothing. */
  readonly retryAfter: number | null
}

/** Where to try again where no row of a table says otherwise. */
export function usualRetry(fault: Fault): Retry {
  if (fault === 'provider') return 'any'
  return chargedTo(fault) === 'key' ? 'key' : 'no'
}

export function chargedTo(fault: Fault): Charged {
  if (fault === 'provider') return 'provider'
  return fault === 'rate' || isPermanent(fault) ? 'key' : 'nobody'
}

/** Faults whose attempts are bounded by `max_retries`: they may pass by themselves. */
export function isTransient(fault: Fault): boolean {
  return fault === 'rate' || fault === 'provider'
}

/** Faults that are the key's for good: not counted against `max_retries`, each key is tried once. */
export function isPermanent(fault: Fault): boolean {
  return fault === 'auth' || fault === 'quota' || fault === 'model'
}

export const WORKED: Outcome = Object.freeze({
  fault: 'none',
  reach: 'ambiguous',
  retry: 'no',
  code: null,
  detail: '',
  message: '',
  retryAfter: null,
})

export const CLIENT_GONE: Outcome = Object.freeze({
  fault: 'gone',
  reach: 'ambiguous',
  retry: 'no',
  code: 'client_closed',
  detail: 'client_closed',
  message: 'The client left before the answer was complete.',
  retryAfter: null,
})

/** A claim was given back without being used. */
export const UNUSED: Outcome = Object.freeze({
  fault: 'gone',
  reach: 'not-sent',
  retry: 'no',
  code: null,
  detail: '',
  message: '',
  retryAfter: null,
})

/** What came with a success is no answer, and whether the upstream acted nobody knows. */
export function brokenAnswer(detail: string, message: string): Outcome {
  return {
    fault: 'provider',
    reach: 'ambiguous',
    retry: 'any',
    code: 'upstream_error',
    detail,
    message,
    retryAfter: null,
  }
}

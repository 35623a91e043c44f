import type { ErrorCode } from '../base/errors.ts'
import { type Outcome, type Reach, type Retry, usualRetry } from '../model/outcome.ts'
import { ProxyFault } from './proxy-fault.ts'

/** Why the gateway itself gave an attempt up. */
export class AttemptTimeout extends Error {
  readonly code: 'upstream_timeout' | 'first_token_timeout'

  constructor(code: AttemptTimeout['code'], message: string) {
    super(message)
    this.code = code
  }
}

interface Row {
  readonly fault: Outcome['fault']
  readonly reach: Reach
  readonly retry?: Retry
  readonly code: ErrorCode
  readonly message: string
}

const UNREACHABLE: Row = {
  fault: 'provider',
  reach: 'not-sent',
  code: 'upstream_unreachable',
  message: 'No connection to the upstream could be made.',
}
const NO_SUCH_HOST: Row = {
  ...UNREACHABLE,
  // The name is wrong, or gone: it is so at a second look too.
  retry: 'target',
}
const UNTRUSTED: Row = {
  fault: 'provider',
  reach: 'not-sent',
  // Whatever stands between us and this provider stands there at a second look too.
  retry: 'target',
  code: 'upstream_tls',
  message: "The upstream's certificate is not to be trusted.",
}
const HERE: Row = {
  fault: 'local',
  reach: 'not-sent',
  code: 'local_fault',
  message: 'This host could not make the connection.',
}
const BROKE_OFF: Row = {
  fault: 'provider',
  reach: 'ambiguous',
  code: 'upstream_unreachable',
  message: 'The connection to the upstream broke before an answer came.',
}
const MALFORMED: Row = {
  fault: 'provider',
  reach: 'ambiguous',
  // What stands there is no such API.
  retry: 'target',
  code: 'upstream_error',
  message: 'The upstream sent what is not a valid HTTP answer.',
}
const SLOW: Row = {
  fault: 'provider',
  reach: 'not-sent',
  code: 'upstream_timeout',
  message: 'The connection to the upstream took too long.',
}

/** By error code as Node 20 and undici 7 raise them; parser errors have none and go by name. */
const TRANSPORT: Readonly<Record<string, Row>> = {
  ECONNREFUSED: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENOTFOUND: NO_SUCH_HOST,
  EADDRNOTAVAIL: HERE,
  // Another provider's addresses may be known still.
  EAI_AGAIN: { ...HERE, retry: 'target' },
  EMFILE: HERE,
  ENFILE: HERE,
  ENOBUFS: HERE,
  UND_ERR_CONNECT_TIMEOUT: SLOW,
  ETIMEDOUT: SLOW,
  CERT_HAS_EXPIRED: UNTRUSTED,
  CERT_NOT_YET_VALID: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  ERR_SSL_WRONG_VERSION_NUMBER: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  ECONNRESET: BROKE_OFF,
  EPIPE: BROKE_OFF,
  UND_ERR_SOCKET: BROKE_OFF,
  UND_ERR_HEADERS_OVERFLOW: MALFORMED,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: MALFORMED,
  HTTPParserError: MALFORMED,
}

/** Errors of undici's that the request itself caused: it was never written to a socket. */
const BAD_REQUEST = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'])

/** Whether the connection broke before any byte of an answer, by the error that undici gave. */
export function diedUnanswered(error: Error): boolean {
  return TRANSPORT[codeOf(error)] === BROKE_OFF
}

/** A kept connection was closed by the other side just when it was used again. */
export const STALE: Outcome = Object.freeze({
  fault: 'stale',
  reach: 'ambiguous',
  retry: 'fresh',
  code: 'upstream_unreachable',
  detail: 'stale_connection',
  message: 'The kept connection to the upstream had been closed.',
  retryAfter: null,
})

/**
 * What a failed dispatch taught; no byte of an answer had come.
 * @param sent false: the request was not put on a connection yet, TLS included
 */
export function transportOutcome(error: Error, sent = true): Outcome {
  if (error instanceof AttemptTimeout) return timeoutOutcome(error, sent)
  if (error instanceof ProxyFault) return proxyOutcome(error)
  const code = codeOf(error)
  if (BAD_REQUEST.has(code)) {
    return {
      fault: 'client',
      reach: 'not-sent',
      retry: 'no',
      code: 'invalid_request',
      detail: code,
      message: 'The request cannot be sent as it is.',
      retryAfter: null,
    }
  }
  const row = rowOf(error, sent)
  return { ...row, retry: row.retry ?? usualRetry(row.fault), detail: code, retryAfter: null }
}

/** Nobody is charged but the proxy: its key and provider were not reached. */
function proxyOutcome({ code, message }: ProxyFault): Outcome {
  return {
    fault: 'proxy',
    reach: 'not-sent',
    retry: 'proxy',
    code: 'proxy_unavailable',
    detail: code,
    message,
    retryAfter: null,
  }
}

/** What several proxies say, or the only one there is: none of them can reach the upstream. */
export function beyondOutcome({ code, message }: ProxyFault): Outcome {
  return { ...UNREACHABLE, retry: 'any', detail: code, message, retryAfter: null }
}

function timeoutOutcome({ code, message }: AttemptTimeout, sent: boolean): Outcome {
  return {
    fault: 'provider',
    reach: sent ? 'ambiguous' : 'not-sent',
    retry: 'any',
    code,
    detail: code,
    message,
    retryAfter: null,
  }
}

function rowOf(error: Error, sent: boolean): Row {
  const row = TRANSPORT[codeOf(error)] ?? BROKE_OFF
  // A connection that breaks while it is being made is a refusal.
  return row === BROKE_OFF && !sent ? UNREACHABLE : row
}

/** What the transport calls it. */
export function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  if (typeof code === 'string') return code
  // Several addresses were tried (RFC 8305): the first reason stands for all.
  if (error instanceof AggregateError && error.errors[0] instanceof Error)
    return codeOf(error.errors[0])
  return error.name
}

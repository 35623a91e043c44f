/** Whose doing an error is. It decides who is told and who is charged. */
export type ErrorSource = 'client' | 'operator' | 'upstream' | 'gateway' | 'local'

interface Entry {
  /** HTTP status of the answer; 0 for errors that only the command line shows. */
  readonly status: number
  readonly source: ErrorSource
  /** Whether the same request may succeed later without a change by the caller. */
  readonly retry: boolean
  /** Exit code of a command that ends with this error. */
  readonly exit: number
  readonly meaning: string
}

function http(status: number, source: ErrorSource, retry: boolean, meaning: string): Entry {
  return { status, source, retry, exit: 1, meaning }
}

function command(exit: number, source: ErrorSource, meaning: string): Entry {
  return { status: 0, source, retry: false, exit, meaning }
}

/**
 * Every error this program can show, to clients (status > 0) and to operators (exit codes:
 * 1 failed, 2 usage, 3 not found, 4 not permitted, 69 daemon not reachable, 78 configuration).
 * The README's tables are held equal to this one by a test. A code is never given a new meaning.
 */
export const CATALOGUE = {
  invalid_path: http(
    400,
    'client',
    false,
    'the path holds what no endpoint has (`\\`, encoded slashes or dots, dot segments, control bytes) or is not a path',
  ),
  invalid_request: http(400, 'client', false, 'the request itself is malformed'),
  invalid_body: http(
    400,
    'client',
    false,
    'the body is not one JSON object, is cut short, or names `model` or `stream` twice; or it is a form that leaves its `model` in doubt',
  ),
  ambiguous_credentials: http(400, 'client', false, 'two different valid tokens were presented'),
  invalid_token: http(401, 'client', false, 'no valid client token was presented'),
  no_session: http(401, 'client', false, 'nobody is logged in to the dashboard, or not any more'),
  invalid_password: http(401, 'client', false, "this is not the dashboard's password"),
  model_not_allowed: http(
    403,
    'client',
    false,
    'the token or the settings do not allow this model',
  ),
  provider_not_allowed: http(403, 'client', false, 'the token does not allow this provider'),
  list_not_allowed: http(
    403,
    'client',
    false,
    'with `isolate_objects`: the answer could show, or the body name, objects of other tokens unseen',
  ),
  origin_not_allowed: http(403, 'client', false, 'a browser sent this from another site'),
  tls_required: http(403, 'client', false, 'from another host the dashboard needs TLS'),
  provider_not_found: http(
    404,
    'client',
    false,
    'the path names no provider, or none is configured',
  ),
  dialect_not_configured: http(
    404,
    'client',
    false,
    'no provider speaks the API this path belongs to',
  ),
  object_not_found: http(
    404,
    'client',
    false,
    'with `isolate_objects`: this token made no such file, batch, …',
  ),
  not_found: http(404, 'client', false, 'nothing is served at this path'),
  method_not_allowed: http(405, 'client', false, 'this method is not served'),
  request_timeout: http(408, 'client', true, 'the request did not arrive in time'),
  origin_locked: http(
    409,
    'operator',
    false,
    "another base URL would send the provider's keys elsewhere: only the host's own command line may do that",
  ),
  request_too_large: http(
    413,
    'client',
    false,
    'the body is larger than `max_body` or `max_upload`, or than the dashboard takes',
  ),
  unsupported_encoding: http(415, 'client', false, 'the request body is compressed'),
  unsupported_media_type: http(415, 'client', false, 'the dashboard takes JSON only'),
  expectation_failed: http(417, 'client', false, 'the request expects what is not known here'),
  websocket_unsupported: http(
    426,
    'client',
    false,
    'a WebSocket was asked for, and only HTTP is served; most clients then go on without one',
  ),
  headers_too_large: http(431, 'client', false, 'too many or too large request headers'),
  rate_limit_exceeded: http(429, 'client', true, "the caller's own token limit is reached"),
  too_many_logins: http(429, 'client', true, 'too many passwords were tried at the dashboard'),
  client_closed: http(
    499,
    'client',
    false,
    'the client left before the answer was complete (in records only)',
  ),
  internal_error: http(500, 'gateway', false, 'a defect in the gateway; the log has the details'),
  unsupported_transfer_coding: http(
    501,
    'client',
    false,
    'the request has a transfer coding other than `chunked`',
  ),
  upstream_error: http(
    502,
    'upstream',
    true,
    'the upstream answered with something that is no answer',
  ),
  upstream_unreachable: http(
    502,
    'upstream',
    true,
    'no connection to the upstream could be made, or it broke before an answer',
  ),
  upstream_tls: http(502, 'upstream', false, "the upstream's certificate is not to be trusted"),
  upstream_credentials_exhausted: http(
    502,
    'upstream',
    false,
    "every key that could be tried was refused; the caller's own token is fine",
  ),
  upstream_stream_interrupted: http(
    502,
    'upstream',
    true,
    'the stream broke off after it had begun (sent as an error event)',
  ),
  proxy_unavailable: http(
    503,
    'operator',
    true,
    'no proxy that this provider is dialled through works; it is never dialled directly instead',
  ),
  no_key_available: http(
    503,
    'upstream',
    true,
    'no key is usable now; Retry-After says when the first returns',
  ),
  overloaded: http(503, 'gateway', true, 'the gateway is at its limits, or shutting down'),
  local_fault: http(503, 'local', true, 'this host failed: descriptors, DNS client'),
  upstream_timeout: http(504, 'upstream', true, 'the upstream did not answer in time'),
  first_token_timeout: http(
    504,
    'upstream',
    true,
    'the upstream answered but sent nothing meaningful in time',
  ),
  unsupported_version: http(505, 'client', false, 'the request is neither HTTP/1.1 nor HTTP/1.0'),

  failed: command(1, 'operator', 'the command could not do what was asked'),
  address_in_use: command(1, 'operator', 'another process listens on the address'),
  already_running: command(1, 'operator', 'another daemon serves this store on this host'),
  name_taken: command(1, 'operator', 'something of this name exists'),
  in_use: command(1, 'operator', 'something else still names what was to be removed'),
  stale_plan: command(1, 'operator', 'the store has changed since the plan was made'),
  store_unavailable: command(1, 'local', 'the store cannot be reached, is locked, or is full'),
  usage: command(2, 'operator', 'the command line is wrong'),
  invalid_value: command(2, 'operator', 'a value is not what its option or setting takes'),
  no_such: command(3, 'operator', 'there is no such provider, key, token, route or record'),
  not_permitted: command(4, 'operator', 'the operation is not allowed here'),
  daemon_unreachable: command(69, 'operator', 'no daemon answers for this store'),
  config_invalid: command(
    78,
    'operator',
    'the configuration file, a flag or the environment is wrong',
  ),
  config_unsafe: command(
    78,
    'operator',
    'the configuration file or the store could be written by others',
  ),
  no_token: command(78, 'operator', 'listening off loopback needs a client token first'),
  master_key_missing: command(78, 'operator', 'the master key that sealed this store is not found'),
  master_key_wrong: command(
    78,
    'operator',
    'the master key found is not the one that sealed this store',
  ),
  store_invalid: command(78, 'operator', 'the store is no database, or not one of ours'),
  restore_unfinished: command(78, 'operator', 'a restore was cut short and left half of it'),
  store_too_new: command(78, 'operator', 'the store was written by a newer version'),
} as const satisfies Record<string, Entry>

export type ErrorCode = keyof typeof CATALOGUE

export interface ErrorOptions {
  readonly cause?: unknown
  /** What to do next, as a sentence or a command to type; shown after the message. */
  readonly hint?: string
  /** Milliseconds until a retry can succeed, where that is known. */
  readonly retryAfter?: number
  /** Of `method_not_allowed`: the methods that are, with commas (RFC 9110 §10.2.1). */
  readonly allow?: string
}

/** The one error of this program: a code of {@link CATALOGUE}, a message for people, a next step. */
export class BalanceError extends Error {
  override readonly name = 'BalanceError'
  readonly code: ErrorCode
  readonly status: number
  readonly source: ErrorSource
  readonly retry: boolean
  readonly exit: number
  readonly hint: string | null
  readonly retryAfter: number | null
  readonly allow: string | null

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const entry = CATALOGUE[code]
    this.code = code
    this.status = entry.status
    this.source = entry.source
    this.retry = entry.retry
    this.exit = entry.exit
    this.hint = options.hint ?? null
    this.retryAfter = options.retryAfter ?? null
    this.allow = options.allow ?? null
  }
}

/** Anything thrown, as a BalanceError: what is not one already is a defect and shows nothing of itself. */
export function asBalanceError(error: unknown): BalanceError {
  if (error instanceof BalanceError) return error
  return new BalanceError('internal_error', 'An internal error occurred.', { cause: error })
}

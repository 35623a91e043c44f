import type { IncomingMessage } from 'node:http'
import { BalanceError } from '../base/errors.ts'

/** Beyond this a header could hide among the others; RFC 6585 §5. */
export const MOST_HEADERS = 100

/**
 * Methods that an API has. Others reach no upstream: what they do there is not known here, TRACE would show a
 * caller what others have put before its request, and CONNECT make a tunnel of the gateway (RFC 9110 §9.3).
 */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
const SERVED: ReadonlySet<string> = new Set(METHODS)
/** With a body, some servers take it for the next request (RFC 9110 §9.3). */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE'])
/** A name or an address, and a port; container networks have names with underscores. */
const HOST = /^[\w.\-:[\]]+$/

/**
 * What is wrong with a request's head, where others on its way could read it another way than we do:
 * how long it is, whom it is for, or that there is a second one in it (RFC 9112 §3.2, §6.1, §6.3).
 * Node's own parser has refused what is no HTTP at all. Null: nothing.
 */
export function faultOf(request: IncomingMessage): BalanceError | null {
  const { httpVersion, method = '', headers, rawHeaders } = request
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return UNKNOWN_VERSION
  if (rawHeaders.length > 2 * MOST_HEADERS) return TOO_MANY
  if (!SERVED.has(method)) return UNKNOWN_METHOD
  const coding = headers['transfer-encoding']
  if (coding !== undefined) {
    if (httpVersion === '1.0') return CHUNKED_IN_1_0
    if (coding.toLowerCase() !== 'chunked') return UNKNOWN_CODING
  }
  const length = headers['content-length']
  if (
    BODILESS.has(method) &&
    (coding !== undefined || (length !== undefined && Number(length) > 0))
  )
    return BODY_WITHOUT_MEANING
  return hostFault(rawHeaders, httpVersion)
}

/** Node's `headers` hides a second one. */
function hostFault(raw: readonly string[], version: string): BalanceError | null {
  let host: string | null = null
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue
    if (host !== null) return TWO_HOSTS
    host = raw[at + 1] as string
  }
  if (host === null) return version === '1.1' ? NO_HOST : null
  return HOST.test(host) ? null : BAD_HOST
}

/** What Node's parser objects to, by its code (https://github.com/nodejs/llhttp, `HPE_…`). */
export function parserFault(error: NodeJS.ErrnoException): BalanceError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new BalanceError('headers_too_large', 'The request headers are too large.')
    case 'HPE_INVALID_VERSION':
    case 'HPE_PAUSED_H2_UPGRADE':
      return UNKNOWN_VERSION
    case 'HPE_INVALID_TRANSFER_ENCODING':
      // The same code, if a length is there as well.
      return error.message.includes('Content-Length') ? LENGTH_AND_CODING : UNKNOWN_CODING
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new BalanceError('request_timeout', 'The request did not arrive in time.')
    default:
      return bad('This is not a valid HTTP/1.1 request.')
  }
}

export const UNKNOWN_METHOD: BalanceError = new BalanceError(
  'method_not_allowed',
  `Served are ${METHODS.join(', ')}.`,
  { allow: METHODS.join(', ') },
)
export const UNKNOWN_EXPECTATION: BalanceError = new BalanceError(
  'expectation_failed',
  'Nothing but 100-continue can be expected.',
)
const UNKNOWN_VERSION = new BalanceError('unsupported_version', 'Served are HTTP/1.1 and 1.0.')
const UNKNOWN_CODING = new BalanceError(
  'unsupported_transfer_coding',
  'The only transfer coding understood is chunked.',
)
const TOO_MANY = new BalanceError('headers_too_large', `More than ${MOST_HEADERS} request headers.`)
const CHUNKED_IN_1_0 = bad('HTTP/1.0 has no transfer codings.')
const BODY_WITHOUT_MEANING = bad('A GET, HEAD or DELETE request has no body.')
const LENGTH_AND_CODING = bad('The request has both a length and a transfer coding.')
const TWO_HOSTS = bad('The request has two Host headers.')
const NO_HOST = bad('The request has no Host header.')
const BAD_HOST = bad('The Host header is not a name or an address.')

function bad(message: string): BalanceError {
  return new BalanceError('invalid_request', message)
}

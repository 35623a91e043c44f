import type { BalanceError } from '../base/errors.ts'
import type { Dialect } from '../model/dialect.ts'
import { classifyAnswer, classifyError, type FailureTable } from './classify.ts'
import { type AnswerReader, holds, JsonTap, StreamTap } from './tap.ts'
import { type Json, member, parseJson, readGeminiUsage } from './usage.ts'

const EXHAUSTED = 'upstream_credentials_exhausted'

/**
 * Reasons of https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto that
 * name the key itself.
 */
const KEY_REASONS = [
  'API_KEY_INVALID',
  'API_KEY_EXPIRED',
  'API_KEY_SERVICE_BLOCKED',
  'API_KEY_HTTP_REFERRER_BLOCKED',
  'API_KEY_IP_ADDRESS_BLOCKED',
  'API_KEY_ANDROID_APP_BLOCKED',
  'API_KEY_IOS_APP_BLOCKED',
  'CONSUMER_INVALID',
  'CONSUMER_SUSPENDED',
  'SERVICE_DISABLED',
]

/** https://ai.google.dev/gemini-api/docs/troubleshooting, https://google.aip.dev/193 */
const FAILURES: FailureTable = {
  rules: [
    { status: [400, 403], code: KEY_REASONS, fault: 'auth', error: EXHAUSTED },
    { status: [400, 429], code: ['BILLING_DISABLED'], fault: 'quota', error: EXHAUSTED },
    { status: 429, quotaId: /PerDay/, fault: 'quota', error: EXHAUSTED },
    // "Your API key doesn't have the required permissions."
    { status: 403, code: ['PERMISSION_DENIED'], fault: 'model' },
  ],
  // https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
  statusOf: {
    INVALID_ARGUMENT: 400,
    FAILED_PRECONDITION: 400,
    OUT_OF_RANGE: 400,
    UNAUTHENTICATED: 401,
    PERMISSION_DENIED: 403,
    NOT_FOUND: 404,
    ABORTED: 409,
    ALREADY_EXISTS: 409,
    RESOURCE_EXHAUSTED: 429,
    CANCELLED: 499,
    INTERNAL: 500,
    UNKNOWN: 500,
    DATA_LOSS: 500,
    UNIMPLEMENTED: 501,
    UNAVAILABLE: 503,
    DEADLINE_EXCEEDED: 504,
  },
}

const STATUSES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

const ANSWER: AnswerReader = {
  usage: 'usageMetadata',
  readUsage: readGeminiUsage,
  failureOf: error => (member(error, 'code') === undefined ? null : failureOf(error)),
}

/** The Gemini API, `v1beta`. */
export const gemini: Dialect = {
  name: 'gemini',
  classify: (status, headers, body, wall) => classifyAnswer(FAILURES, status, headers, body, wall),
  errorBody,
  // Ends a line and an event that the upstream left half sent.
  errorEvent: error => `\n\ndata: ${errorBody(error)}\n\n`,
  streamTap: () => new StreamTap(readEvent),
  jsonTap: () => new JsonTap(ANSWER),
}

/** https://google.aip.dev/193#http11json-representation; a code has no place in it but the status. */
function errorBody(error: BalanceError): string {
  const message = error.hint === null ? error.message : `${error.message} ${error.hint}`
  const status = STATUSES[error.status] ?? 'INVALID_ARGUMENT'
  return JSON.stringify({ error: { code: error.status, message, status } })
}

function failureOf(error: Json) {
  return classifyError(FAILURES, error)
}

/** Members for which an event is looked into once the answer has begun. */
const TELLING = ['"usageMetadata"', '"finishReason"', '"error"'].map(name => Buffer.from(name))

/** https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent */
function readEvent(tap: StreamTap, _name: string, data: Buffer): void {
  if (tap.meaningful && !holds(data, TELLING)) return
  const event = parseJson(data)
  const error = member(event, 'error')
  if (error !== undefined && error !== null) {
    tap.failure ??= failureOf(error)
    return
  }
  readGeminiUsage(member(event, 'usageMetadata'), tap.usage)
  if (isLast(event)) tap.terminated = true
  if (!tap.meaningful)
    tap.meaningful = tap.terminated || event === undefined || saysSomething(event)
}

/** There is no terminator: a reason to finish, or to refuse the prompt, is the last thing said. */
function isLast(event: Json): boolean {
  const reasons = candidatesOf(event).map(candidate => member(candidate, 'finishReason'))
  reasons.push(member(member(event, 'promptFeedback'), 'blockReason'))
  return reasons.some(reason => typeof reason === 'string' && reason !== '')
}

function saysSomething(event: Json): boolean {
  return candidatesOf(event).some(candidate => {
    const parts = member(member(candidate, 'content'), 'parts')
    return Array.isArray(parts) && parts.some(part => member(part, 'text') !== '')
  })
}

function candidatesOf(event: Json): Json[] {
  const candidates = member(event, 'candidates')
  return Array.isArray(candidates) ? candidates : []
}

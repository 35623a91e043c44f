import type { ErrorCode } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import type { Headers } from '../model/dialect.ts'
import {
  type Fault,
  type Outcome,
  type Reach,
  type Retry,
  usualRetry,
  WORKED,
} from '../model/outcome.ts'
import { type Json, member, parseJson } from './usage.ts'
import { readWhen } from './when.ts'

/**
 * One row of a failure table: what it asks of an answer, all of which must hold, and what it concludes.
 * Rows are tried in order. Only exact fields are compared; a message is never searched.
 */
export interface Rule {
  /** One status, or the first and the last of a range. */
  readonly status?: number | readonly [first: number, last: number]
  /** `error.code`, `error.type`, `error.status` or a `details[].reason`: one of these is one of them. */
  readonly code?: readonly string[]
  /** A `QuotaFailure` violation's `quotaId`. */
  readonly quotaId?: RegExp
  readonly fault: Fault
  /** `rejected` where it is not given: a complete refusal came. */
  readonly reach?: Reach
  /** What its fault usually asks for, where it is not given. */
  readonly retry?: Retry
  /** The upstream's own answer is relayed where it is not given. */
  readonly error?: ErrorCode
}

/** What one dialect knows of failures. */
export interface FailureTable {
  /** Tried before {@link COMMON_RULES}. */
  readonly rules: readonly Rule[]
  /** The status that a code stands for where an answer's own says 200. */
  readonly statusOf: Readonly<Record<string, number>>
}

const EXHAUSTED = 'upstream_credentials_exhausted'

/** By status alone, for every dialect; the row order matters. */
export const COMMON_RULES: readonly Rule[] = [
  { status: 401, fault: 'auth', error: EXHAUSTED },
  { status: 402, fault: 'quota', error: EXHAUSTED },
  { status: 408, fault: 'provider', reach: 'ambiguous' },
  { status: 409, fault: 'provider' },
  { status: 424, fault: 'provider', reach: 'ambiguous' },
  { status: 429, fault: 'rate' },
  { status: 498, fault: 'provider' },
  { status: 499, fault: 'provider', reach: 'ambiguous' },
  { status: [400, 499], fault: 'client' },
  { status: [300, 399], fault: 'provider', error: 'upstream_error' },
  // An edge in between answered; what it stands before may be at work still.
  { status: 502, fault: 'provider', reach: 'ambiguous' },
  { status: 504, fault: 'provider', reach: 'ambiguous' },
  { status: [520, 526], fault: 'provider', reach: 'ambiguous' },
  { status: 530, fault: 'provider', reach: 'ambiguous' },
  { status: [500, 599], fault: 'provider' },
]

const UNKNOWN: Rule = { fault: 'provider', reach: 'ambiguous', error: 'upstream_error' }

/** A body is seen up to here; one that was cut can't be told from one that came broken. */
const SEEN = 65_536
/** Characters of an upstream's message that are kept. */
const LONGEST_MESSAGE = 512

/** A refused answer, or one with a success status that is no answer; as `Dialect.classify` has it. */
export function classifyAnswer(
  table: FailureTable,
  status: number,
  headers: Headers,
  body: Buffer,
  wall: number,
): Outcome {
  const document = parseJson(body)
  const error = errorIn(document, status)
  if (status >= 300) return judge(table, factsOf(error, status), headers, wall)
  if (error !== undefined) return classifyError(table, error, headers, wall)
  return noAnswer(headers, body, document)
}

/** An error object that came with a success status: in a stream's event, or as a whole answer. */
export function classifyError(
  table: FailureTable,
  error: Json,
  headers: Headers = {},
  wall = 0,
): Outcome {
  const facts = factsOf(error, 0)
  const numeric = facts.codes.map(Number).find(code => code >= 300 && code <= 599)
  const named = facts.codes.find(code => Object.hasOwn(table.statusOf, code))
  const status = numeric ?? (named === undefined ? 500 : (table.statusOf[named] as number))
  const outcome = judge(table, { ...facts, status }, headers, wall)
  if (outcome.code !== null) return outcome
  // Its own status is 200: relaying that would call it a success.
  return { ...outcome, code: outcome.fault === 'client' ? 'invalid_request' : 'upstream_error' }
}

/** What rules are asked about. */
interface Facts {
  readonly status: number
  /** Most telling first. */
  readonly codes: readonly string[]
  readonly quotaIds: readonly string[]
  readonly retryDelay: string | null
  readonly message: string
}

function judge(table: FailureTable, facts: Facts, headers: Headers, wall: number): Outcome {
  const rule =
    table.rules.find(row => matches(row, facts)) ??
    COMMON_RULES.find(row => matches(row, facts)) ??
    UNKNOWN
  const daily = rule.quotaId !== undefined
  // A daily limit comes with the delay of the limit per minute, which is not the one in force.
  const hints = daily ? { retryDelay: null, message: '' } : facts
  return {
    fault: rule.fault,
    reach: rule.reach ?? 'rejected',
    retry: rule.retry ?? usualRetry(rule.fault),
    code: rule.error ?? null,
    detail: printable(detailOf(facts)),
    message: printable(facts.message, LONGEST_MESSAGE) || `The upstream answered ${facts.status}.`,
    retryAfter: readWhen(headers, hints, wall, rule.fault === 'quota'),
  }
}

/** A word tells more than a number. */
function detailOf({ codes, status }: Facts): string {
  return codes.find(code => !/^\d+$/.test(code)) ?? codes[0] ?? `http_${status}`
}

function matches(rule: Rule, facts: Facts): boolean {
  const { status, code, quotaId } = rule
  if (typeof status === 'number' && status !== facts.status) return false
  if (typeof status === 'object' && (facts.status < status[0] || facts.status > status[1])) {
    return false
  }
  if (code && !facts.codes.some(given => code.includes(given))) return false
  return !quotaId || facts.quotaIds.some(id => quotaId.test(id))
}

/** The error object of a document, in every shape that vendors give it; undefined where there is none. */
function errorIn(document: Json, status: number): Json {
  // Gemini's OpenAI-compatible endpoint, and its streams without SSE, wrap it in an array.
  const root = Array.isArray(document) ? document[0] : document
  const error = member(root, 'error')
  if (isError(error)) return error
  const flat = member(root, 'object') === 'error' || status >= 300
  return flat && typeof member(root, 'message') === 'string' ? root : undefined
}

/** Vendors answer `"error": null` and `{"code":null,…}` to say that there is none. */
function isError(value: Json): boolean {
  if (typeof value === 'string') return value !== ''
  return ['message', 'code', 'type', 'status'].some(name => {
    const field = member(value, name)
    return typeof field === 'number' || (typeof field === 'string' && field !== '')
  })
}

function factsOf(error: Json, status: number): Facts {
  const details = list(member(error, 'details'))
  const reasons = details.map(detail => member(detail, 'reason'))
  const fields = ['code', 'type', 'status'].map(name => member(error, name))
  const violations = details.flatMap(detail => list(member(detail, 'violations')))
  const delays = details.map(detail => member(detail, 'retryDelay'))
  return {
    status,
    codes: [...reasons, ...fields].filter(isCode).map(String),
    quotaIds: violations.map(each => member(each, 'quotaId')).filter(isText),
    retryDelay: delays.find(isText) ?? null,
    message: [member(error, 'message'), error].find(isText) ?? '',
  }
}

function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function isText(value: Json): value is string {
  return typeof value === 'string'
}

function isCode(value: Json): value is string | number {
  return typeof value === 'number' || (typeof value === 'string' && value !== '')
}

/** A success without an error in it: nothing, a web page, broken JSON, or an answer after all. */
function noAnswer(headers: Headers, body: Buffer, document: Json): Outcome {
  if (body.length === 0) return broken('empty_body', 'The upstream answered with an empty body.')
  const type = (headers['content-type'] ?? '').toLowerCase()
  const page = type.startsWith('text/html') || (!type.startsWith('text/plain') && opensTag(body))
  if (page) {
    return { ...broken('html', 'The upstream answered with a web page.'), reach: 'rejected' }
  }
  const json = /^application\/([\w.-]+\+)?json\b/.test(type)
  if (json && document === undefined && body.length < SEEN) {
    return broken('invalid_json', "The upstream's JSON is broken or cut short.")
  }
  return WORKED
}

function broken(detail: string, message: string): Outcome {
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

function opensTag(body: Buffer): boolean {
  return /^(?:\xef\xbb\xbf)?\s*</.test(body.toString('latin1', 0, 256))
}

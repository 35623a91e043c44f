import type { Headers } from '../../model/dialect.ts'
import { type Json, member } from '../usage.ts'
import type { BodyHints } from '../when.ts'
import type { Code, MemberTest, Rule } from './rule.ts'

/** What rules are asked about, and what the body says of when to come back. */
export interface Facts extends BodyHints {
  readonly status: number
  /** Most telling first. */
  readonly codes: readonly Code[]
  readonly quotaIds: readonly string[]
  readonly error: Json
}

/** The error object of a document, in every shape that vendors give it; undefined where there is none. */
export function errorIn(document: Json, status: number): Json {
  // Gemini's OpenAI-compatible endpoint, and its streams without SSE, wrap it in an array.
  const root = Array.isArray(document) ? document[0] : document
  const error = member(root, 'error')
  // xAI: {"code":"…","error":"…"}
  if (isText(error) && error !== '') return root
  if (isError(error)) return error
  const flat = member(root, 'object') === 'error' || status >= 300
  return flat && isText(member(root, 'message')) ? root : undefined
}

/** Vendors answer `"error": null` and `{"code":null,…}` to say that there is none. */
function isError(value: Json): boolean {
  return ['message', 'code', 'type', 'status'].some(name => isCode(member(value, name)))
}

/**
 * The codes are, in this order: a `details[].reason` (google.rpc.ErrorInfo), `details.error_code`
 * (Anthropic), `code`, `type`, `status`, `metadata.error_type` and `error_type` (OpenRouter),
 * `innererror.code` (Azure).
 */
export function factsOf(error: Json, status: number): Facts {
  const details = list(member(error, 'details'))
  const violations = details.flatMap(detail => list(member(detail, 'violations')))
  const codes = [
    ...details.map(detail => member(detail, 'reason')),
    ...CODES.map(path => memberAt(error, path)),
  ]
  const seconds = memberAt(error, 'metadata.retry_after_seconds')
  const resets = memberAt(error, 'metadata.resets_at')
  return {
    status,
    codes: codes.filter(isCode),
    quotaIds: violations.map(each => member(each, 'quotaId')).filter(isText),
    error,
    headers: headersIn(memberAt(error, 'metadata.headers')),
    seconds: isCode(seconds) ? String(seconds) : null,
    retryDelay: details.map(detail => member(detail, 'retryDelay')).find(isText) ?? null,
    resetsAt: isCode(resets) ? String(resets) : null,
    message: [member(error, 'message'), member(error, 'error'), error].find(isText) ?? '',
  }
}

const CODES = [
  'details.error_code',
  'code',
  'type',
  'status',
  'metadata.error_type',
  'error_type',
  'innererror.code',
]

export function matches(rule: Rule, facts: Facts, headers: Headers): boolean {
  const { status, code, quotaId, header } = rule
  if (typeof status === 'number' && status !== facts.status) return false
  if (typeof status === 'object' && (facts.status < status[0] || facts.status > status[1])) {
    return false
  }
  if (code && !facts.codes.some(given => code.includes(given))) return false
  if (quotaId && !facts.quotaIds.some(id => quotaId.test(id))) return false
  if (header !== undefined && headers[header] === undefined) return false
  return rule.member === undefined || holds(facts.error, rule.member)
}

function holds(error: Json, { at, is }: MemberTest): boolean {
  const value = memberAt(error, at)
  if (is === undefined) return value !== undefined && value !== null
  return isCode(value) && is.includes(value)
}

function memberAt(value: Json, path: string): Json {
  return path.split('.').reduce(member, value)
}

/** Headers that an answer quotes in its body, by their lower-case names. */
function headersIn(quoted: Json): Headers {
  if (typeof quoted !== 'object' || quoted === null) return {}
  const pairs = Object.entries(quoted).filter(([, value]) => isCode(value))
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), String(value)]))
}

function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function isText(value: Json): value is string {
  return typeof value === 'string'
}

function isCode(value: Json): value is Code {
  return typeof value === 'number' || (typeof value === 'string' && value !== '')
}

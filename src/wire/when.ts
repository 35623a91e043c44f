import type { Headers } from '../model/dialect.ts'

/** What a refused body says about when to come back; see {@link readWhen}. */
export interface BodyHints {
  /** Headers that the body quotes (OpenRouter's `metadata.headers`), by their lower-case names. */
  readonly headers: Headers
  /** OpenRouter's `metadata.retry_after_seconds`. */
  readonly seconds: string | null
  /** `google.rpc.RetryInfo.retryDelay`, a protobuf duration such as `37.826s`. */
  readonly retryDelay: string | null
  /** OpenRouter's `metadata.resets_at` of a budget: a time. */
  readonly resetsAt: string | null
  readonly message: string
}

export const SILENT: BodyHints = {
  headers: {},
  seconds: null,
  retryDelay: null,
  resetsAt: null,
  message: '',
}

const HOUR = 3_600_000
/** No quota is for longer than a month; what says so is not to be believed. */
const LONGEST_QUOTA = 31 * 24 * HOUR

const NUMBER = /^\d+(\.\d+)?$/
const GO_UNITS: Record<string, number> = {
  h: HOUR,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
}
const GO_DURATION = /^(\d+(\.\d+)?(ms|us|µs|ns|h|m|s))+$/
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/
/** RFC 9110 §5.6.7: IMF-fixdate, and the obsolete form of RFC 850. */
const HTTP_DATE =
  /^[A-Z][a-z]+, \d\d(?: [A-Z][a-z]{2} \d{4}|-[A-Z][a-z]{2}-\d\d) \d\d:\d\d:\d\d GMT$/
/** The other obsolete form, of C's asctime: UTC, though it does not say so. */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/
/** OpenAI: "Please try again in 6m0s."; Gemini: "Please retry in 37.82626638s." */
const IN_MESSAGE = /\b(?:try again|retry) in ((?:\d+(?:\.\d+)?(?:ms|h|m|s))+)\b/

/** Rate limit headers in pairs: what is left of a dimension, and when it is full again. */
const DIMENSIONS: readonly (readonly [remaining: string, reset: string])[] = [
  ['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
  ['x-ratelimit-remaining', 'x-ratelimit-reset'],
  ['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-requests-reset'],
  ['anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-reset'],
  ['anthropic-ratelimit-input-tokens-remaining', 'anthropic-ratelimit-input-tokens-reset'],
  ['anthropic-ratelimit-output-tokens-remaining', 'anthropic-ratelimit-output-tokens-reset'],
]

/**
 * Milliseconds until the upstream said to come back; null where it said nothing believable.
 *
 * In this order: `retry-after-ms`, `x-ms-retry-after-ms`, `retry-after` (RFC 9110 §10.2.3), the same
 * as the body quotes it, RetryInfo, a budget's reset, a duration in the message, the reset of the
 * dimensions that are used up (of a rate; the answer's headers before quoted ones). A time is taken
 * against the answer's own `date`, so that neither clock need be right; one that has passed is 0. More
 * than an hour is believed of a quota only.
 * @param wall milliseconds since the epoch, for answers without a `date`
 */
export function readWhen(
  headers: Headers,
  hints: BodyHints,
  wall: number,
  quota: boolean,
): number | null {
  const now = httpDate(headers.date) ?? wall
  const longest = quota ? LONGEST_QUOTA : HOUR
  const candidates = [
    plainNumber(headers['retry-after-ms'], 1),
    plainNumber(headers['x-ms-retry-after-ms'], 1),
    retryAfter(headers['retry-after'], now),
    retryAfter(hints.headers['retry-after'], now),
    plainNumber(hints.seconds, 1_000),
    goDuration(hints.retryDelay),
    resetTime(hints.resetsAt, now),
    goDuration(IN_MESSAGE.exec(hints.message)?.[1]),
    // How fast one may go says nothing of when money comes back.
    quota ? null : exhaustedReset(headers, now),
    quota ? null : exhaustedReset(hints.headers, now),
  ]
  const ms = candidates.find(candidate => candidate !== null && candidate <= longest) ?? null
  return ms === null ? null : Math.ceil(ms)
}

/** A number first: `Date.parse` takes "120" for a year. */
function retryAfter(value: string | undefined, now: number): number | null {
  const seconds = plainNumber(value, 1_000)
  if (seconds !== null) return seconds
  const date = httpDate(value)
  return date === null ? null : Math.max(0, date - now)
}

function plainNumber(value: string | null | undefined, unit: number): number | null {
  const text = value?.trim() ?? ''
  return NUMBER.test(text) ? Number(text) * unit : null
}

function httpDate(value: string | undefined): number | null {
  const text = value?.trim() ?? ''
  const dated = HTTP_DATE.test(text) ? text : ASCTIME.test(text) ? `${text} GMT` : ''
  const ms = Date.parse(dated)
  return Number.isNaN(ms) ? null : ms
}

/** `6m0s`, `1m30.951s`, `17ms` (Go's time.Duration), and with them protobuf's `37.8s`. */
function goDuration(value: string | null | undefined): number | null {
  const text = value?.trim() ?? ''
  if (!GO_DURATION.test(text)) return null
  let ms = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(\D+)/gy)) {
    ms += Number(amount) * (GO_UNITS[unit as string] as number)
  }
  return ms
}

/** The latest reset among the dimensions of which nothing is left. */
function exhaustedReset(headers: Headers, now: number): number | null {
  let latest: number | null = null
  for (const [remaining, reset] of DIMENSIONS) {
    if (plainNumber(headers[remaining], 1) !== 0) continue
    const ms = resetTime(headers[reset], now)
    if (ms !== null && (latest === null || ms > latest)) latest = ms
  }
  return latest
}

/** Numbers from here on are no seconds to wait but a time, in s or ms since the epoch. */
const EPOCH_SECONDS = 1e9
const EPOCH_MS = 1e12

function resetTime(value: string | null | undefined, now: number): number | null {
  const text = value?.trim() ?? ''
  const number = plainNumber(text, 1)
  if (number === null && !RFC_3339.test(text)) return goDuration(text)
  if (number !== null && number < EPOCH_SECONDS) return number * 1_000
  const time = number === null ? Date.parse(text) : number < EPOCH_MS ? number * 1_000 : number
  return Number.isNaN(time) ? null : Math.max(0, time - now)
}

import type { FailedRow } from '../row.ts'
import type { Speech } from '../speech.ts'
import { answers, begins, finishes, last, part, resets, sends, stalls } from '../steps.ts'
import type { Script } from '../upstream.ts'
import { anthropic, dialectsOf, gemini, openai, PAGE, saidBy, type Words } from './said.ts'

const JSON_TYPE = 'application/json'
const EVENTS = 'text/event-stream'
const BROKEN = [502, 'upstream_error'] as const
const UNREACHABLE = [502, 'upstream_unreachable'] as const
const BACKOFF = [50, 1_000] as const

/** A success by its status, and no answer. */
const EMPTY: readonly FailedRow[] = [
  row('204', '204, for something that was to be generated', {
    script: () => [sends('HTTP/1.1 204 No Content\r\n\r\n')],
    status: 204,
    code: () => 'empty_body',
  }),
  row('no-length', '200 with Content-Length: 0', {
    script: () => answers(200, JSON_TYPE, ''),
    code: () => 'empty_body',
  }),
  row('no-chunk', '200 whose chunks hold nothing', {
    script: () => [begins(200, JSON_TYPE), last],
    code: () => 'empty_body',
  }),
  row('no-event', '200 with a stream of no event', {
    script: () => [begins(200, EVENTS), last],
    code: () => 'empty_body',
    stream: true,
  }),
]

/** A page of a captive portal, a proxy or an outage. */
const PAGES: readonly FailedRow[] = [
  row('html', '200 with a web page', {
    script: () => answers(200, 'text/html; charset=utf-8', PAGE.body),
    code: () => 'html',
    way: 'again',
  }),
  row('html-untyped', '200 with a web page, and no Content-Type', {
    script: () => answers(200, null, `\n ${PAGE.body}`),
    code: () => 'html',
    way: 'again',
  }),
  row('html-as-json', '200 with a web page that is called JSON', {
    script: () => answers(200, JSON_TYPE, PAGE.body),
    code: () => 'truncated_answer',
  }),
]

/** OpenRouter and others answer 200 before they know. */
const ERRORS: readonly FailedRow[] = [
  said('error-rate', 'a rate limit', {
    fault: 'rate',
    way: 'rated',
    rest: BACKOFF,
    words: {
      openai: openai(429, 'rate_limit_error'),
      anthropic: anthropic('rate_limit_error'),
      gemini: gemini(429, 'RESOURCE_EXHAUSTED'),
    },
  }),
  said('error-key', 'a refused key', {
    fault: 'auth',
    way: 'eachKey',
    answer: [502, 'upstream_credentials_exhausted'],
    words: {
      openai: openai(401, 'authentication_error'),
      anthropic: anthropic('authentication_error'),
      gemini: gemini(401, 'UNAUTHENTICATED'),
    },
  }),
  said('error-provider', 'an overload', {
    fault: 'provider',
    way: 'again',
    words: {
      openai: openai('server_is_overloaded', 'service_unavailable_error'),
      anthropic: anthropic('overloaded_error'),
      gemini: gemini(503, 'UNAVAILABLE'),
    },
  }),
  said('error-request', 'a wrong request', {
    fault: 'client',
    way: 'never',
    answer: [400, 'invalid_request'],
    words: {
      openai: openai(400, 'invalid_request_error'),
      anthropic: anthropic('invalid_request_error'),
      gemini: gemini(400, 'INVALID_ARGUMENT'),
    },
  }),
]

/** A document that breaks off; never is half of it relayed as 200. */
const CUT: readonly FailedRow[] = [
  row('json-cut', '200 with JSON that is cut short, in whole chunks', {
    script: speech => [begins(200, JSON_TYPE), part(half(speech)), last],
    code: () => 'truncated_answer',
  }),
  row('json-short', '200 with less JSON than its Content-Length says, then closes', {
    script: speech => [short(speech), finishes],
    code: () => 'UND_ERR_SOCKET',
    answer: UNREACHABLE,
  }),
  row('json-reset', '200, then resets inside the JSON', {
    script: speech => [begins(200, JSON_TYPE), part(half(speech)), stalls, resets],
    during: 0,
    code: () => 'ECONNRESET',
    answer: UNREACHABLE,
  }),
  row('json-stall', '200, then silence inside the JSON for `idle_timeout`', {
    script: speech => [begins(200, JSON_TYPE), part(half(speech)), stalls],
    during: 120_000,
    code: () => 'upstream_timeout',
    answer: [504, 'upstream_timeout'],
    settings: { first_byte_timeout: 3_600_000 },
  }),
]

/** A stream that ends before it says anything: its beginning is held back. */
const UNBEGUN: readonly FailedRow[] = [
  row('stream-error', 'a stream whose first word is an error', {
    script: speech => stream(speech, part(speech.overloaded), last),
    code: ({ overloadedCode }) => overloadedCode,
    way: 'again',
    stream: true,
  }),
  row('stream-error-open', 'the same, and keeps its connection open', {
    script: speech => stream(speech, part(speech.overloaded), stalls),
    during: 0,
    code: ({ overloadedCode }) => overloadedCode,
    way: 'again',
    stream: true,
  }),
  row('stream-unsaid', 'a stream that ends before it said anything', {
    script: speech => stream(speech, last),
    code: () => 'truncated_answer',
    stream: true,
  }),
  row('stream-reset', 'a stream that is reset before it said anything', {
    script: speech => stream(speech, stalls, resets),
    during: 0,
    code: () => 'ECONNRESET',
    answer: UNREACHABLE,
    stream: true,
  }),
  row('no-token', 'a stream that says nothing for `first_token_timeout`', {
    script: speech => stream(speech, stalls),
    during: 5_000,
    settings: { first_token_timeout: 5_000, commit_hold: 60_000 },
    code: () => 'first_token_timeout',
    answer: [504, 'first_token_timeout'],
    stream: true,
  }),
]

export const ANSWER: readonly FailedRow[] = [...EMPTY, ...PAGES, ...ERRORS, ...CUT, ...UNBEGUN]

function row(
  id: string,
  upstream: string,
  rest: Pick<FailedRow, 'script' | 'code'> & Partial<FailedRow>,
): FailedRow {
  const base = { fault: 'provider', status: 200, way: 'once' } as const
  return { ...base, answer: BROKEN, id, upstream, ...rest }
}

function said(
  id: string,
  meaning: string,
  { words, ...rest }: Pick<FailedRow, 'fault' | 'way'> & Partial<FailedRow> & { words: Words },
): FailedRow {
  return row(id, `200 with an error in it: ${meaning}`, {
    ...rest,
    dialects: dialectsOf(words),
    script: speech => answers(200, JSON_TYPE, saidBy(words, speech).body),
    code: speech => saidBy(words, speech).code,
  })
}

function half({ document }: Speech): string {
  return document.slice(0, document.length / 2)
}

function short({ document }: Speech): Script[number] {
  const length = Buffer.byteLength(document)
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${JSON_TYPE}\r\ncontent-length: ${length}\r\n\r\n`
  return sends(head + document.slice(0, document.length / 2))
}

/** A stream's prologue, and what follows it. */
function stream({ events, prologue }: Speech, ...steps: Script): Script {
  return [begins(200, EVENTS), part(events.slice(0, prologue).join('')), ...steps]
}

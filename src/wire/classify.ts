import { printable } from '../base/text.ts'
import type { Headers } from '../model/dialect.ts'
import { brokenAnswer, type Fault, type Outcome, usualRetry, WORKED } from '../model/outcome.ts'
import { errorIn, type Facts, factsOf, matches } from './failures/facts.ts'
import type { FailureTable, Rule } from './failures/rule.ts'
import { kindOf } from './first-bytes.ts'
import { type Json, parseJson } from './usage.ts'
import { readWhen, SILENT } from './when.ts'

/** For what no table has a row for: no status of HTTP's. */
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

function judge(table: FailureTable, facts: Facts, headers: Headers, wall: number): Outcome {
  const rule = table.rules.find(row => matches(row, facts, headers)) ?? UNKNOWN
  const { fault } = rule
  // A daily limit comes with the delay of the limit per minute, which is not the one in force.
  const hints = rule.quotaId === undefined ? facts : SILENT
  return {
    fault,
    reach: rule.reach ?? 'rejected',
    retry: rule.retry ?? usualRetry(fault),
    code: rule.error ?? (namesKey(fault) ? 'upstream_credentials_exhausted' : null),
    detail: printable(detailOf(facts)),
    message: printable(facts.message, LONGEST_MESSAGE) || `The upstream answered ${facts.status}.`,
    retryAfter: readWhen(headers, hints, wall, fault === 'quota'),
  }
}

/** What is said of the gateway's key the caller would take for a word about its own token. */
function namesKey(fault: Fault): boolean {
  return fault === 'auth' || fault === 'quota'
}

/** A word tells more than a number. */
function detailOf({ codes, status }: Facts): string {
  const word = codes.find(code => !/^\d+$/.test(String(code)))
  return String(word ?? codes[0] ?? `http_${status}`)
}

/** A success without an error in it: nothing, a web page, broken JSON, or an answer after all. */
function noAnswer(headers: Headers, body: Buffer, document: Json): Outcome {
  if (body.length === 0)
    return brokenAnswer('empty_body', 'The upstream answered with an empty body.')
  const type = (headers['content-type'] ?? '').toLowerCase()
  const page =
    type.startsWith('text/html') || (!type.startsWith('text/plain') && kindOf(body) === 'page')
  if (page) {
    return { ...brokenAnswer('html', 'The upstream answered with a web page.'), reach: 'rejected' }
  }
  const json = /^application\/([\w.-]+\+)?json\b/.test(type)
  if (json && document === undefined && body.length < SEEN) {
    return brokenAnswer('invalid_json', "The upstream's JSON is broken or cut short.")
  }
  return WORKED
}

import type { BalanceError } from '../base/errors.ts'
import type { Dialect } from '../model/dialect.ts'
import { classifyAnswer, classifyError } from './classify.ts'
import { ANTHROPIC } from './failures/anthropic.ts'
import { type AnswerReader, holds, JsonTap, StreamTap } from './tap.ts'
import { type Json, member, parseJson, readAnthropicUsage } from './usage.ts'

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

const ANSWER: AnswerReader = {
  usage: 'usage',
  readUsage: readAnthropicUsage,
  failureOf: error => (member(error, 'type') === undefined ? null : failureOf(error)),
}

/** The Messages API. */
export const anthropic: Dialect = {
  name: 'anthropic',
  classify: (status, headers, body, wall) => classifyAnswer(ANTHROPIC, status, headers, body, wall),
  errorBody,
  // Ends a line and an event that the upstream left half sent.
  errorEvent: (error, requestId) => `\n\nevent: error\ndata: ${errorBody(error, requestId)}\n\n`,
  streamTap: () => new StreamTap(readEvent),
  jsonTap: () => new JsonTap(ANSWER),
}

/** https://docs.claude.com/en/api/errors; what has no type of its own is a bad request or an API error. */
function errorBody(error: BalanceError, requestId: string): string {
  const type = TYPES[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'api_error')
  const message = error.hint === null ? error.message : `${error.message} ${error.hint}`
  return JSON.stringify({ type: 'error', error: { type, message }, request_id: requestId })
}

function failureOf(error: Json) {
  return classifyError(ANTHROPIC, error)
}

const TELLING = [Buffer.from('"usage"')]

/** Once the answer has begun, the events that are looked into whatever they hold. */
const TOLD_BY_NAME: ReadonlySet<string> = new Set(['message_stop', 'error', ''])

/** https://docs.claude.com/en/docs/build-with-claude/streaming */
function readEvent(tap: StreamTap, name: string, data: Buffer): void {
  if (tap.meaningful && !TOLD_BY_NAME.has(name) && !holds(data, TELLING)) return
  const event = parseJson(data)
  const type = name || member(event, 'type')
  if (type === 'message_stop') {
    tap.terminated = true
    tap.over = true
    return
  }
  if (type === 'error') {
    tap.failure ??= failureOf(member(event, 'error'))
    return
  }
  readAnthropicUsage(member(event, 'usage') ?? member(member(event, 'message'), 'usage'), tap.usage)
  if (!tap.meaningful) tap.meaningful = isMeaningful(type, event)
}

function isMeaningful(type: Json, event: Json): boolean {
  if (type === 'ping' || type === 'message_start') return false
  if (type !== 'content_block_start') return true
  const block = member(event, 'content_block')
  return (member(block, 'text') ?? member(block, 'thinking')) !== ''
}

import type { BalanceError } from '../base/errors.ts'
import type { Dialect, Headers } from '../model/dialect.ts'
import { classifyAnswer, classifyError } from './classify.ts'
import { ElementTap } from './element-tap.ts'
import { GEMINI } from './failures/gemini.ts'
import { type AnswerReader, holds, JsonTap, type Reading, StreamTap } from './tap.ts'
import { type Json, member, parseJson, readGeminiUsage } from './usage.ts'

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

/** What every stream of Gemini's is, whichever way its events come. */
const COMMON = {
  name: 'gemini' as const,
  classify: (status: number, headers: Headers, body: Buffer, wall: number) =>
    classifyAnswer(GEMINI, status, headers, body, wall),
  errorBody,
  jsonTap: () => new JsonTap(ANSWER),
}

/**
 * A stream that was not asked for with `alt=sse` is a JSON array
 * (https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent). Google tells an error
 * as its last element; inside an element that was left half sent no more can be told.
 */
const array: Dialect = {
  ...COMMON,
  errorEvent: error => `,\n${errorBody(error)}]`,
  streamTap: () => new ElementTap((reading, data) => readEvent(reading, '', data)),
}

/** The Gemini API, `v1beta`. */
export const gemini: Dialect = {
  ...COMMON,
  array,
  // Ends a line and an event that the upstream left half sent.
  errorEvent: error => `\n\ndata: ${errorBody(error)}\n\n`,
  streamTap: () => new StreamTap(readEvent),
}

/** https://google.aip.dev/193#http11json-representation; a code has no place in it but the status. */
function errorBody(error: BalanceError): string {
  const message = error.hint === null ? error.message : `${error.message} ${error.hint}`
  const status = STATUSES[error.status] ?? 'INVALID_ARGUMENT'
  return JSON.stringify({ error: { code: error.status, message, status } })
}

function failureOf(error: Json) {
  return classifyError(GEMINI, error)
}

/** Members for which an event is looked into once the answer has begun. */
const TELLING = ['"usageMetadata"', '"finishReason"', '"error"'].map(name => Buffer.from(name))

/** https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent */
function readEvent(tap: Reading, _name: string, data: Buffer): void {
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

import type { BalanceError } from '../base/errors.ts'
import type { Dialect } from '../model/dialect.ts'
import { QUOTE } from './bytes.ts'
import { classifyAnswer, classifyError } from './classify.ts'
import { OPENAI } from './failures/openai.ts'
import { type AnswerReader, holds, JsonTap, StreamTap } from './tap.ts'
import { type Json, member, parseJson, readOpenaiUsage } from './usage.ts'

const ANSWER: AnswerReader = {
  usage: 'usage',
  readUsage: readOpenaiUsage,
  failureOf: error => (isEmpty(error) ? null : failureOf(error)),
}

/** Chat completions, completions, embeddings and whatever else streams or answers in their manner. */
export const openai: Dialect = {
  name: 'openai',
  classify: (status, headers, body, wall) => classifyAnswer(OPENAI, status, headers, body, wall),
  errorBody: error => JSON.stringify({ error: errorObject(error) }),
  // Ends a line and an event that the upstream left half sent.
  errorEvent: error => `\n\ndata: ${JSON.stringify({ error: errorObject(error) })}\n\n`,
  streamTap: () => new StreamTap(readEvent),
  jsonTap: () => new JsonTap(ANSWER),
}

/**
 * The Responses API: as {@link openai}, but an error in the stream is an `error` event
 * (https://platform.openai.com/docs/api-reference/responses-streaming/error). Its `error` member is
 * what the official clients raise on; without it they would hand the event on as one of many.
 */
export const responses: Dialect = {
  ...openai,
  errorEvent: error => {
    const object = errorObject(error)
    const data = { ...object, type: 'error', error: object }
    return `\n\nevent: error\ndata: ${JSON.stringify(data)}\n\n`
  },
}

/** https://platform.openai.com/docs/guides/error-codes; `type` by status, our own code as the code. */
function errorObject(error: BalanceError) {
  return {
    message: error.hint === null ? error.message : `${error.message} ${error.hint}`,
    type: errorType(error.status),
    param: null,
    code: error.code,
  }
}

function errorType(status: number): string {
  if (status === 429) return 'rate_limit_error'
  if (status === 503) return 'service_unavailable_error'
  return status < 500 ? 'invalid_request_error' : 'server_error'
}

const DONE = Buffer.from('[DONE]')
/** Members for which an event is looked into once the answer has begun. */
const TELLING = [Buffer.from('"usage"'), Buffer.from('"error"')]
/** What OpenAI's typed events begin with. */
const TYPED = Buffer.from('{"type":"')
const LONGEST_TYPE = 64

/** Events of the Responses API that say nothing yet. */
const PROLOGUE: ReadonlySet<Json> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.output_item.added',
])
/** Events that end a stream: of responses, and of speech, transcripts and images. */
const END: ReadonlySet<Json> = new Set([
  'response.completed',
  'response.failed',
  'response.incomplete',
  'speech.audio.done',
  'transcript.text.done',
  'image_generation.completed',
  'image_edit.completed',
])

function readEvent(tap: StreamTap, name: string, data: Buffer): void {
  if (data[0] === DONE[0] && data.subarray(0, DONE.length).equals(DONE)) {
    tap.terminated = true
    tap.over = true
    return
  }
  const ends = name === 'error' || END.has(name) || END.has(typeAhead(data))
  if (tap.meaningful && !ends && !holds(data, TELLING)) return
  readObject(tap, name, parseJson(data))
}

/** The `type` where it comes first, as it does in what OpenAI sends; else empty. */
function typeAhead(data: Buffer): string {
  if (data[2] !== TYPED[2] || !data.subarray(0, TYPED.length).equals(TYPED)) return ''
  const quote = data.subarray(0, LONGEST_TYPE).indexOf(QUOTE, TYPED.length)
  return quote === -1 ? '' : data.toString('latin1', TYPED.length, quote)
}

function readObject(tap: StreamTap, name: string, event: Json): void {
  const type = member(event, 'type') ?? name
  const response = member(event, 'response')
  const error =
    type === 'error'
      ? (member(event, 'error') ?? event)
      : (member(event, 'error') ?? member(response, 'error'))
  if (END.has(type)) tap.terminated = true
  if (type === 'error' || type === 'response.failed' || !isEmpty(error)) {
    tap.failure ??= failureOf(error)
    return
  }
  const usage = member(event, 'usage') ?? member(response, 'usage')
  readOpenaiUsage(usage ?? member(member(event, 'x_groq'), 'usage'), tap.usage)
  if (!tap.meaningful) tap.meaningful = isMeaningful(event, type)
}

function failureOf(error: Json) {
  return classifyError(OPENAI, error)
}

/** Anything but the prologue of a response, or a chunk whose choices hold nothing yet. */
function isMeaningful(event: Json, type: Json): boolean {
  if (PROLOGUE.has(type)) return false
  const choices = member(event, 'choices')
  if (!Array.isArray(choices)) return true
  return choices.some(choiceSays) || !isEmpty(member(event, 'usage'))
}

function choiceSays(choice: Json): boolean {
  if (!isEmpty(member(choice, 'finish_reason')) || !isEmpty(member(choice, 'text'))) return true
  const delta = Object.entries(member(choice, 'delta') ?? {})
  return delta.some(([name, value]) => name !== 'role' && !isEmpty(value))
}

/** Null, "", [], {} and objects of nothing but these. */
function isEmpty(value: Json): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.values(value).every(isEmpty)
}

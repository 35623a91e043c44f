import { expect } from 'vitest'
import type { ProviderKind } from '../../../src/model/catalog.ts'
import { CHAT, GEMINI, MESSAGES, RESPONSES } from '../../wire/streams.ts'
import { answers, begins, last, part } from './steps.ts'
import type { Script } from './upstream.ts'

export const MODEL = 'mock-large'

export type Dialect = 'chat' | 'responses' | 'messages' | 'gemini'

/** One of the APIs that clients speak: how it asks, how it is answered, and how it tells errors. */
export interface Speech {
  readonly name: Dialect
  readonly kind: ProviderKind
  path(stream: boolean): string
  body(stream: boolean): string
  /** A good answer that does not stream. */
  readonly document: string
  /** One that does; the last event is its terminator. */
  readonly events: readonly string[]
  /** How many of the events say nothing yet. */
  readonly prologue: number
  /** What no stream may hold that was not sent. */
  readonly terminator: string
  /** An error event of the upstream's, about its own overload. */
  readonly overloaded: string
  /** What names it. */
  readonly overloadedCode: string
  /** Asserts that this is an error of ours with this code, as this API tells errors. */
  expectError(body: string, status: number, code: string): void
  /** The same for the error event that breaks a stream off. */
  expectEvent(event: string, status: number, code: string): void
}

function json(value: unknown): string {
  return JSON.stringify(value)
}

const TEXT = expect.any(String)

function openaiError(status: number, code: string) {
  const type =
    status === 503
      ? 'service_unavailable_error'
      : status < 500
        ? 'invalid_request_error'
        : 'server_error'
  return { message: TEXT, type, param: null, code }
}

const ANTHROPIC: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  502: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}
const GOOGLE: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

function messagesError(body: string, status: number) {
  const error = { type: ANTHROPIC[status], message: TEXT }
  expect(JSON.parse(body)).toEqual({ type: 'error', error, request_id: TEXT })
}

function geminiError(body: string, status: number) {
  expect(JSON.parse(body)).toEqual({
    error: { code: status, message: TEXT, status: GOOGLE[status] },
  })
}

/** The data of an event that ends what the upstream may have left half sent. */
function dataOf(event: string, name = ''): string {
  const head = name === '' ? '\n\ndata: ' : `\n\nevent: ${name}\ndata: `
  expect(event.startsWith(head) && event.endsWith('\n\n')).toBe(true)
  const data = event.slice(head.length, -2)
  expect(data).not.toContain('\n')
  return data
}

const chat: Speech = {
  name: 'chat',
  kind: 'openai',
  path: () => '/v1/chat/completions',
  body: stream => json({ model: MODEL, stream, messages: [{ role: 'user', content: 'Hi' }] }),
  document: json({
    id: 'c',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Grüße' } }],
  }),
  events: CHAT,
  prologue: 1,
  terminator: '[DONE]',
  overloadedCode: 'server_is_overloaded',
  overloaded: `data: ${json({ error: { message: 'Overloaded', type: 'server_error', code: 'server_is_overloaded' } })}\n\n`,
  expectError: (body, status, code) => {
    expect(JSON.parse(body)).toEqual({ error: openaiError(status, code) })
  },
  expectEvent: (event, status, code) => {
    expect(JSON.parse(dataOf(event))).toEqual({ error: openaiError(status, code) })
  },
}

const responses: Speech = {
  ...chat,
  name: 'responses',
  path: () => '/v1/responses',
  body: stream => json({ model: MODEL, stream, input: 'Hi' }),
  document: json({
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    error: null,
    output: [],
  }),
  events: RESPONSES,
  prologue: 3,
  terminator: 'response.completed',
  overloaded: `event: error\ndata: ${json({ type: 'error', code: 'server_is_overloaded', message: 'Overloaded' })}\n\n`,
  expectEvent: (event, status, code) => {
    const error = openaiError(status, code)
    expect(JSON.parse(dataOf(event, 'error'))).toEqual({ ...error, type: 'error', error })
  },
}

const messages: Speech = {
  name: 'messages',
  kind: 'anthropic',
  path: () => '/v1/messages',
  body: stream =>
    json({ model: MODEL, stream, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }),
  document: json({ id: 'msg_1', type: 'message', content: [{ type: 'text', text: 'Grüße' }] }),
  events: MESSAGES,
  prologue: 3,
  terminator: 'message_stop',
  overloadedCode: 'overloaded_error',
  overloaded: `event: error\ndata: ${json({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })}\n\n`,
  expectError: messagesError,
  expectEvent: (event, status) => messagesError(dataOf(event, 'error'), status),
}

const gemini: Speech = {
  name: 'gemini',
  kind: 'gemini',
  path: stream =>
    `/v1beta/models/${MODEL}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: () => json({ contents: [{ parts: [{ text: 'Hi' }] }] }),
  document: json({
    candidates: [{ content: { parts: [{ text: 'Grüße' }] }, finishReason: 'STOP' }],
  }),
  events: GEMINI,
  prologue: 1,
  terminator: 'finishReason',
  overloadedCode: 'UNAVAILABLE',
  overloaded: `data: ${json({ error: { code: 503, message: 'Overloaded', status: 'UNAVAILABLE' } })}\n\n`,
  expectError: geminiError,
  expectEvent: (event, status) => geminiError(dataOf(event), status),
}

export const SPEECHES: readonly Speech[] = [chat, responses, messages, gemini]

/** An endpoint whose requests would act twice; its errors are told as OpenAI tells them. */
export const BATCHES: Speech = { ...chat, path: () => '/v1/batches' }

/** What a working upstream answers, as one text. */
export function goodText({ document, events }: Speech, stream: boolean): string {
  return stream ? events.join('') : document
}

/** A working upstream. */
export function good(speech: Speech, stream: boolean): Script {
  const text = goodText(speech, stream)
  return stream
    ? [begins(200, 'text/event-stream'), part(text), last]
    : answers(200, 'application/json', text)
}

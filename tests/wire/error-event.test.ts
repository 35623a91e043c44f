import { APIError } from 'openai'
import { Stream } from 'openai/streaming'
import { describe, expect, it } from 'vitest'
import { BalanceError } from '../../src/base/errors.ts'
import { anthropic } from '../../src/wire/anthropic.ts'
import { gemini } from '../../src/wire/gemini.ts'
import { openai, responses } from '../../src/wire/openai.ts'
import { EventScan } from '../../src/wire/sse.ts'
import { CHAT, GEMINI, MESSAGES, RESPONSES } from './streams.ts'

const BROKEN = new BalanceError('upstream_stream_interrupted', 'The upstream broke off.', {
  hint: 'Ask again.',
})
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** What the official client makes of these bytes: what it handed on, and what it raised. */
async function client(text: string): Promise<{ items: unknown[]; raised: unknown }> {
  const stream = Stream.fromSSEResponse(new Response(text), new AbortController(), {
    logger: quiet,
    logLevel: 'off',
  } as never)
  const items: unknown[] = []
  try {
    for await (const item of stream) items.push(item)
  } catch (error) {
    return { items, raised: error }
  }
  return { items, raised: null }
}

function lastEvent(text: string) {
  const scan = new EventScan()
  scan.push(Buffer.from(text))
  let last = { name: '', data: '' }
  while (scan.next()) last = { name: scan.name, data: scan.data.toString() }
  return { name: last.name, data: JSON.parse(last.data) }
}

describe('an error event', () => {
  it.each([
    ['chat', openai, CHAT],
    ['responses', responses, RESPONSES],
  ] as const)(
    'makes the official client raise, wherever a %s stream broke off',
    async (_, dialect, stream) => {
      const whole = stream.join('')
      const { items: all } = await client(whole)
      const end = whole.includes('data: [DONE]') ? whole.indexOf('data: [DONE]') : whole.length - 1
      for (let length = 0; length < end; length += 3) {
        const { items, raised } = await client(
          whole.slice(0, length) + dialect.errorEvent(BROKEN, 'r'),
        )
        expect(raised, whole.slice(0, length)).toBeInstanceOf(Error)
        expect(items).toEqual(all.slice(0, items.length))
      }
    },
  )

  it.each([
    ['chat', openai, CHAT.slice(0, 2)],
    ['responses', responses, RESPONSES.slice(0, 4)],
    ['chat with CRLF', openai, CHAT.slice(0, 2).map(event => event.replaceAll('\n', '\r\n'))],
    ['nothing yet', openai, []],
  ] as const)('reaches the official client with its code: %s', async (_, dialect, events) => {
    const { items, raised } = await client(events.join('') + dialect.errorEvent(BROKEN, 'r'))
    expect(items).toHaveLength(events.length)
    expect(raised).toBeInstanceOf(APIError)
    expect(raised).toMatchObject({
      code: 'upstream_stream_interrupted',
      type: 'server_error',
      message: 'The upstream broke off. Ask again.',
    })
  })

  it('is not raised once the upstream has said that it is done', async () => {
    const { raised } = await client(CHAT.join('') + openai.errorEvent(BROKEN, 'r'))
    expect(raised).toBeNull()
  })

  it.each([
    ['chat', openai, CHAT],
    ['responses', responses, RESPONSES],
    ['messages', anthropic, MESSAGES],
    ['Gemini', gemini, GEMINI],
  ] as const)('is an event of its own, wherever a %s stream broke off', (_, dialect, stream) => {
    const whole = stream.join('')
    for (let length = 0; length < whole.length; length++) {
      const { data } = lastEvent(whole.slice(0, length) + dialect.errorEvent(BROKEN, 'r'))
      expect(data.error.message).toBe('The upstream broke off. Ask again.')
    }
  })

  it('is named where its clients go by names', () => {
    const { name, data } = lastEvent(anthropic.errorEvent(BROKEN, 'req_1'))
    expect(name).toBe('error')
    expect(data).toEqual({
      type: 'error',
      error: { type: 'api_error', message: 'The upstream broke off. Ask again.' },
      request_id: 'req_1',
    })
    expect(lastEvent(responses.errorEvent(BROKEN, 'r'))).toMatchObject({
      name: 'error',
      data: { type: 'error', code: 'upstream_stream_interrupted', param: null },
    })
    expect(lastEvent(openai.errorEvent(BROKEN, 'r')).name).toBe('')
  })
})

describe('an error body', () => {
  it.each([
    ['invalid_body', 'invalid_request_error', 'invalid_request_error', 'INVALID_ARGUMENT'],
    ['invalid_token', 'invalid_request_error', 'authentication_error', 'UNAUTHENTICATED'],
    ['model_not_allowed', 'invalid_request_error', 'permission_error', 'PERMISSION_DENIED'],
    ['provider_not_found', 'invalid_request_error', 'not_found_error', 'NOT_FOUND'],
    ['request_too_large', 'invalid_request_error', 'request_too_large', 'INVALID_ARGUMENT'],
    ['rate_limit_exceeded', 'rate_limit_error', 'rate_limit_error', 'RESOURCE_EXHAUSTED'],
    ['internal_error', 'server_error', 'api_error', 'INTERNAL'],
    ['upstream_error', 'server_error', 'api_error', 'UNAVAILABLE'],
    ['no_key_available', 'service_unavailable_error', 'overloaded_error', 'UNAVAILABLE'],
    ['upstream_timeout', 'server_error', 'timeout_error', 'DEADLINE_EXCEEDED'],
  ] as const)('%s has the shape of its family', (code, openaiType, anthropicType, geminiStatus) => {
    const error = new BalanceError(code, 'Why.')
    expect(JSON.parse(openai.errorBody(error, 'r'))).toEqual({
      error: { message: 'Why.', type: openaiType, param: null, code },
    })
    expect(JSON.parse(anthropic.errorBody(error, 'r'))).toEqual({
      type: 'error',
      error: { type: anthropicType, message: 'Why.' },
      request_id: 'r',
    })
    expect(JSON.parse(gemini.errorBody(error, 'r'))).toEqual({
      error: { code: error.status, message: 'Why.', status: geminiStatus },
    })
  })
})

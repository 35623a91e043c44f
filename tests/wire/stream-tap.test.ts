import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Dialect, Tap } from '../../src/model/dialect.ts'
import { noUsage } from '../../src/model/usage.ts'
import { anthropic } from '../../src/wire/anthropic.ts'
import { gemini } from '../../src/wire/gemini.ts'
import { openai, responses } from '../../src/wire/openai.ts'
import { LONGEST_EVENT } from '../../src/wire/sse.ts'
import { cut, cuts, singleBytes } from './chunks.ts'
import { CHAT, GEMINI, MESSAGES, RESPONSES } from './streams.ts'

function tapped(dialect: Dialect, chunks: readonly (string | Buffer)[], ended = false): Tap {
  const tap = dialect.streamTap()
  for (const chunk of chunks) tap.push(Buffer.from(chunk))
  if (ended) tap.end()
  return tap
}

function chatDelta(delta: unknown, rest = {}): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }], ...rest })}\n\n`
}

const FAMILIES = [
  {
    name: 'chat completions',
    dialect: openai,
    stream: CHAT,
    prologue: 1,
    usage: { prompt: 10, cached: 4, completion: 20, reasoning: 5 },
  },
  {
    name: 'responses',
    dialect: responses,
    stream: RESPONSES,
    prologue: 3,
    usage: { prompt: 7, cached: 1, completion: 3, reasoning: 2 },
  },
  {
    name: 'messages',
    dialect: anthropic,
    stream: MESSAGES,
    prologue: 3,
    usage: { prompt: 1_125, cached: 1_000, completion: 15, reasoning: null },
  },
  {
    name: 'Gemini',
    dialect: gemini,
    stream: GEMINI,
    prologue: 1,
    usage: { prompt: 10, cached: 3, completion: 45, reasoning: 40 },
  },
] as const

describe.each(FAMILIES)('the tap of $name', ({ dialect, stream, prologue, usage }) => {
  it('says "meaningful" with the first event after the prologue', () => {
    expect(tapped(dialect, stream.slice(0, prologue)).meaningful).toBe(false)
    expect(tapped(dialect, stream.slice(0, prologue + 1)).meaningful).toBe(true)
  })

  it('says "terminated" with the last event, and not before', () => {
    expect(tapped(dialect, stream.slice(0, -1), true).terminated).toBe(false)
    expect(tapped(dialect, stream).terminated).toBe(true)
  })

  it('finds the usage, and no failure', () => {
    expect(tapped(dialect, stream).usage).toEqual(usage)
    expect(tapped(dialect, stream).failure).toBeNull()
  })

  it('sees the same however the bytes are cut', () => {
    const bytes = Buffer.from(stream.join(''))
    const whole = { meaningful: true, terminated: true, failure: null, usage }
    expect(tapped(dialect, singleBytes(bytes))).toMatchObject(whole)
    fc.assert(
      fc.property(cuts, at => {
        expect(tapped(dialect, cut(bytes, at))).toMatchObject(whole)
      }),
    )
  })

  it('needs no blank line after the last event', () => {
    expect(tapped(dialect, [stream.join('').trimEnd()], true).terminated).toBe(true)
  })

  it('does not say "terminated" for any part of the last event', () => {
    const whole = stream.join('').trimEnd()
    const last = stream.at(-1)?.trimEnd().length ?? 0
    for (let missing = 1; missing <= last; missing++) {
      expect(tapped(dialect, [whole.slice(0, -missing)], true).terminated, `${missing}`).toBe(false)
    }
  })
})

describe('what is meaningful in a chat stream', () => {
  it.each([
    ['a comment', ': OPENROUTER PROCESSING\n\n'],
    ['a role', chatDelta({ role: 'assistant' })],
    ['empty content', chatDelta({ role: 'assistant', content: '', tool_calls: null })],
    ['nothing', chatDelta({})],
    ['a filter result without a choice', 'data: {"choices":[],"prompt_filter_results":[{}]}\n\n'],
    ['an error', 'data: {"error":{"message":"no"}}\n\n'],
    ['the end', 'data: [DONE]\n\n'],
  ])('not %s', (_, event) => {
    expect(tapped(openai, [event]).meaningful).toBe(false)
  })

  it.each([
    ['content', chatDelta({ content: 'a' })],
    ['white space', chatDelta({ content: ' ' })],
    ['reasoning', chatDelta({ role: 'assistant', content: '', reasoning_content: 'hm' })],
    ['a tool call', chatDelta({ tool_calls: [{ index: 0, id: 'call_1' }] })],
    ['a refusal', chatDelta({ refusal: 'no' })],
    ['a reason to finish', 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'],
    ['text of a legacy completion', 'data: {"choices":[{"text":"a","finish_reason":null}]}\n\n'],
    ['the second of two choices', 'data: {"choices":[{"delta":{}},{"delta":{"content":"b"}}]}\n\n'],
    ['data that is no JSON', 'data: hello\n\n'],
    ['an event too large to look into', `data: ${'x'.repeat(LONGEST_EVENT)}\n\n`],
  ])('%s', (_, event) => {
    expect(tapped(openai, [event]).meaningful).toBe(true)
  })

  it('not a legacy completion without text', () => {
    const event = 'data: {"choices":[{"text":"","finish_reason":null}]}\n\n'
    expect(tapped(openai, [event]).meaningful).toBe(false)
  })
})

describe('what is meaningful in a Messages stream', () => {
  const start = (content_block: unknown) =>
    `event: content_block_start\ndata: ${JSON.stringify({ type: 'content_block_start', content_block })}\n\n`

  it('not a block that starts empty', () => {
    expect(tapped(anthropic, [start({ type: 'text', text: '' })]).meaningful).toBe(false)
    const thinking = start({ type: 'thinking', thinking: '', signature: '' })
    expect(tapped(anthropic, [thinking]).meaningful).toBe(false)
  })

  it('a tool call, and a block that starts with something', () => {
    const tool = start({ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} })
    expect(tapped(anthropic, [tool]).meaningful).toBe(true)
    expect(tapped(anthropic, [start({ type: 'text', text: 'a' })]).meaningful).toBe(true)
    const redacted = start({ type: 'redacted_thinking', data: 'x' })
    expect(tapped(anthropic, [redacted]).meaningful).toBe(true)
  })
})

describe('errors inside a stream', () => {
  it.each([
    [
      openai,
      'data: {"error":{"message":"m","type":"server_error","code":null}}',
      'provider',
      'server_error',
    ],
    [openai, 'data: {"error":"out of memory"}', 'provider', ''],
    [openai, 'data: {"error":{"code":429,"message":"m"}}', 'rate', '429'],
    [openai, 'data: {"error":{"code":"insufficient_quota"}}', 'quota', 'insufficient_quota'],
    [openai, 'data: {"error":{"code":"invalid_api_key"}}', 'auth', 'invalid_api_key'],
    [
      openai,
      'data: {"error":{"code":"context_length_exceeded"}}',
      'client',
      'context_length_exceeded',
    ],
    [
      openai,
      'data: {"id":"1","choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"m"}}',
      'provider',
      '502',
    ],
    [
      responses,
      'event: error\ndata: {"type":"error","code":"rate_limit_exceeded","message":"m"}',
      'rate',
      'rate_limit_exceeded',
    ],
    [
      responses,
      'event: response.failed\ndata: {"type":"response.failed","response":{"error":{"code":"server_error","message":"m"}}}',
      'provider',
      'server_error',
    ],
    [
      anthropic,
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"m"}}',
      'provider',
      'overloaded_error',
    ],
    [
      anthropic,
      'event: error\ndata: {"type":"error","error":{"type":"rate_limit_error","message":"m"}}',
      'rate',
      'rate_limit_error',
    ],
    [
      gemini,
      'data: {"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}',
      'provider',
      'UNAVAILABLE',
    ],
  ] as const)(
    '%#: are failures, before and after the first token',
    (dialect, event, fault, detail) => {
      const token = dialect === anthropic ? MESSAGES[3] : dialect === gemini ? GEMINI[1] : CHAT[1]
      const first = tapped(dialect, [`${event}\n\n`])
      expect(first).toMatchObject({ meaningful: false, failure: { fault } })
      const later = tapped(dialect, [token as string, `${event}\n\n`])
      expect(later).toMatchObject({ meaningful: true, failure: { fault } })
      if (detail) expect(first.failure?.detail).toBe(detail)
      expect(first.failure?.code).not.toBeNull()
    },
  )

  it('keeps the first', () => {
    const error = (code: string) => `data: {"error":{"code":"${code}"}}\n\n`
    const tap = tapped(openai, [error('server_error'), error('insufficient_quota')])
    expect(tap.failure?.detail).toBe('server_error')
  })

  it.each([
    'data: {"choices":[{"delta":{"content":"\\"error\\":{\\"code\\":1}"}}]}\n\n',
    'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"error"}],"error":null}\n\n',
    'data: {"type":"response.output_item.done","item":{"type":"mcp_call","error":"it failed"}}\n\n',
  ])('are not seen in %j', event => {
    expect(tapped(openai, [CHAT[1] as string, event]).failure).toBeNull()
  })
})

describe('ends of other streams', () => {
  it.each([
    ['event: response.incomplete\ndata: {"type":"response.incomplete","response":{}}\n\n'],
    ['data: {"response":{"usage":{}},"type":"response.completed"}\n\n'],
    ['data: {"type":"transcript.text.done","text":"a"}\n\n'],
    ['data: {"type":"speech.audio.done","usage":{"input_tokens":1}}\n\n'],
    ['event: image_generation.completed\ndata: {"type":"image_generation.completed"}\n\n'],
    ['data:[DONE]\n\n'],
  ])('%j', event => {
    expect(tapped(openai, [CHAT[1] as string, event]).terminated).toBe(true)
  })

  it('a prompt that Gemini blocks is an answer, and its end', () => {
    const event =
      'data: {"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}}\n\n'
    expect(tapped(gemini, [event])).toMatchObject({
      meaningful: true,
      terminated: true,
      usage: { ...noUsage(), prompt: 3 },
    })
  })

  it('tokens that are no counts are not taken for any', () => {
    const event = 'data: {"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":1.5}}\n\n'
    expect(tapped(openai, [event]).usage).toEqual(noUsage())
  })
})

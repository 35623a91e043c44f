import type { ProviderKind } from '../../src/model/catalog.ts'

/** A stream as its vendor documents it, with what asks for it. */
export interface Recording {
  readonly name: string
  readonly kind: ProviderKind
  /** Of the client's request; gateways and upstreams serve the same one. */
  readonly path: string
  readonly body: string
  readonly bytes: Buffer
  /** So many bytes say something a client waited for; fewer do not. */
  readonly meaningful: number
  /** So many bytes hold the stream's own last word; fewer do not. */
  readonly lastWord: number
  /** Of prompt and completion. */
  readonly tokens: readonly [number, number]
}

interface Events {
  readonly prologue: readonly string[]
  readonly said: readonly string[]
  readonly last: string
}

function recording(
  about: Omit<Recording, 'bytes' | 'meaningful' | 'lastWord'>,
  { prologue, said, last }: Events,
): Recording {
  const bytes = Buffer.from([...prologue, ...said, last].join(''))
  const heard = [...prologue, said[0]].join('')
  return {
    ...about,
    bytes,
    // A line may end with CR alone (WHATWG HTML §9.2.5): an LF after the last one tells nothing.
    meaningful: Buffer.byteLength(heard) - (heard.endsWith('\r\n') ? 1 : 0),
    lastWord: bytes.length - (last.length - last.trimEnd().length),
  }
}

function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

function named(value: { readonly type: string; readonly [member: string]: unknown }): string {
  return `event: ${value.type}\n${data(value)}`
}

function chunk(delta: unknown, finish_reason: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason }]
  return data({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices })
}

function toolCall(call: unknown): string {
  return chunk({ tool_calls: [{ index: 0, ...(call as object) }] })
}

const messages = [{ role: 'user', content: 'Hi' }]

/** https://platform.openai.com/docs/api-reference/chat-streaming; the comment is OpenRouter's. */
export const CHAT_RECORDING = recording(
  {
    name: 'chat',
    kind: 'openai',
    path: '/v1/chat/completions',
    body: JSON.stringify({
      model: 'm',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    }),
    tokens: [9, 6],
  },
  {
    prologue: [': OPENROUTER PROCESSING\n\n', chunk({ role: 'assistant', content: '' })],
    said: [
      chunk({ content: 'Grüße 你好 👋🏽' }),
      toolCall({ id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }),
      toolCall({ function: { arguments: '{"a":' } }),
      toolCall({ function: { arguments: '"[DONE]"}' } }),
      chunk({}, 'tool_calls'),
      data({
        id: 'c1',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'm',
        choices: [],
        usage: { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 },
      }),
    ],
    last: 'data: [DONE]\n\n',
  },
)

const response = { id: 'resp_1', object: 'response', status: 'in_progress', output: [] }
const item = { item_id: 'msg_1', output_index: 0, content_index: 0 }
const call = { id: 'fc_1', type: 'function_call', name: 'f', call_id: 'call_1' }

/** https://platform.openai.com/docs/api-reference/responses-streaming */
export const RESPONSES_RECORDING = recording(
  {
    name: 'responses',
    kind: 'openai',
    path: '/v1/responses',
    body: JSON.stringify({ model: 'm', input: 'Hi', stream: true }),
    tokens: [7, 3],
  },
  {
    prologue: [
      named({ type: 'response.created', response }),
      named({ type: 'response.in_progress', response }),
      named({
        type: 'response.output_item.added',
        output_index: 0,
        item: { id: 'msg_1', type: 'message', role: 'assistant', content: [] },
      }),
    ],
    said: [
      named({
        type: 'response.content_part.added',
        ...item,
        part: { type: 'output_text', text: '' },
      }),
      named({ type: 'response.output_text.delta', ...item, delta: 'Hé 👋🏽' }),
      named({
        type: 'response.output_item.added',
        output_index: 1,
        item: { ...call, arguments: '' },
      }),
      named({
        type: 'response.function_call_arguments.delta',
        item_id: 'fc_1',
        output_index: 1,
        delta: '{"a":1}',
      }),
    ],
    last: named({
      type: 'response.completed',
      response: {
        ...response,
        status: 'completed',
        usage: { input_tokens: 7, output_tokens: 3, total_tokens: 10 },
      },
    }),
  },
)

function delta(index: number, value: unknown): string {
  return named({ type: 'content_block_delta', index, delta: value })
}

/** https://docs.claude.com/en/docs/build-with-claude/streaming */
export const MESSAGES_RECORDING = recording(
  {
    name: 'messages',
    kind: 'anthropic',
    path: '/v1/messages',
    body: JSON.stringify({ model: 'm', max_tokens: 64, messages, stream: true }),
    tokens: [25, 15],
  },
  {
    prologue: [
      named({
        type: 'message_start',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 25, output_tokens: 1 },
        },
      }),
      named({
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'text', text: '' },
      }),
      'event: ping\ndata: {"type": "ping"}\n\n',
    ],
    said: [
      delta(0, { type: 'text_delta', text: 'Olá 👋🏽' }),
      named({ type: 'content_block_stop', index: 0 }),
      named({
        type: 'content_block_start',
        index: 1,
        content_block: { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} },
      }),
      delta(1, { type: 'input_json_delta', partial_json: '{"a":1}' }),
      named({ type: 'content_block_stop', index: 1 }),
      named({
        type: 'message_delta',
        delta: { stop_reason: 'tool_use', stop_sequence: null },
        usage: { output_tokens: 15 },
      }),
    ],
    last: named({ type: 'message_stop' }),
  },
)

/** The lines of Gemini's events end with CRLF. */
function generated(parts: unknown[], rest: object = {}, more: object = {}): string {
  const candidates = [{ content: { parts, role: 'model' }, index: 0, ...rest }]
  return `data: ${JSON.stringify({ candidates, ...more, modelVersion: 'm' })}\r\n\r\n`
}

/** https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent, `alt=sse` */
export const GEMINI_RECORDING = recording(
  {
    name: 'Gemini',
    kind: 'gemini',
    path: '/v1beta/models/m:streamGenerateContent?alt=sse',
    body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }),
    tokens: [8, 5],
  },
  {
    prologue: [generated([{ text: '' }], {}, { usageMetadata: { promptTokenCount: 8 } })],
    said: [
      generated([{ text: 'Zażółć 👋🏽' }]),
      generated([{ functionCall: { name: 'f', args: { a: '"finishReason":"STOP"' } } }]),
    ],
    last: generated(
      [{ text: '.' }],
      { finishReason: 'STOP' },
      { usageMetadata: { promptTokenCount: 8, candidatesTokenCount: 5, totalTokenCount: 13 } },
    ),
  },
)

export const RECORDINGS = [
  CHAT_RECORDING,
  RESPONSES_RECORDING,
  MESSAGES_RECORDING,
  GEMINI_RECORDING,
]

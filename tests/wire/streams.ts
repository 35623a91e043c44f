/** Streams as the vendors send them, shortened; each as its events, blank lines included. */

function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

function named(value: { readonly type: string; readonly [member: string]: unknown }): string {
  return `event: ${value.type}\n${data(value)}`
}

const chunk = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o' }

function choice(delta: unknown, finish_reason: string | null = null) {
  return { ...chunk, choices: [{ index: 0, delta, logprobs: null, finish_reason }], usage: null }
}

export const CHAT = [
  data(choice({ role: 'assistant', content: '', refusal: null })),
  data(choice({ content: 'Héllo' })),
  data(choice({ content: ' "usage":{"prompt_tokens":9} 😀' })),
  data(choice({}, 'stop')),
  data({
    ...chunk,
    choices: [],
    usage: {
      prompt_tokens: 10,
      completion_tokens: 20,
      total_tokens: 30,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 5 },
    },
  }),
  'data: [DONE]\n\n',
]

const response = {
  id: 'resp_1',
  object: 'response',
  status: 'in_progress',
  error: null,
  usage: null,
}

export const RESPONSES = [
  named({ type: 'response.created', response }),
  named({ type: 'response.in_progress', response }),
  named({
    type: 'response.output_item.added',
    output_index: 0,
    item: { type: 'message', content: [] },
  }),
  named({ type: 'response.output_text.delta', delta: 'Hi' }),
  named({
    type: 'response.completed',
    response: {
      ...response,
      status: 'completed',
      usage: {
        input_tokens: 7,
        input_tokens_details: { cached_tokens: 1 },
        output_tokens: 3,
        output_tokens_details: { reasoning_tokens: 2 },
        total_tokens: 10,
      },
    },
  }),
]

export const MESSAGES = [
  named({
    type: 'message_start',
    message: {
      id: 'msg_1',
      content: [],
      usage: {
        input_tokens: 25,
        cache_creation_input_tokens: 100,
        cache_read_input_tokens: 1_000,
        output_tokens: 1,
      },
    },
  }),
  named({
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'text', text: '' },
  }),
  'event: ping\ndata: {"type": "ping"}\n\n',
  named({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: 'Hello' },
  }),
  named({ type: 'content_block_stop', index: 0 }),
  named({
    type: 'message_delta',
    delta: { stop_reason: 'end_turn' },
    usage: { output_tokens: 15 },
  }),
  named({ type: 'message_stop' }),
]

function candidate(parts: unknown[], finishReason?: string) {
  return { candidates: [{ content: { role: 'model', parts }, finishReason, index: 0 }] }
}

export const GEMINI = [
  data({
    ...candidate([{ text: '' }]),
    usageMetadata: { promptTokenCount: 8, totalTokenCount: 8 },
  }),
  data({ ...candidate([{ text: 'Hello' }]), usageMetadata: { promptTokenCount: 8 } }),
  data({
    ...candidate([{ text: ' world' }], 'STOP'),
    usageMetadata: {
      promptTokenCount: 8,
      toolUsePromptTokenCount: 2,
      candidatesTokenCount: 5,
      thoughtsTokenCount: 40,
      cachedContentTokenCount: 3,
      totalTokenCount: 55,
    },
  }),
]

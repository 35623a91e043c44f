import type { Answer, Ask } from './answer.ts'
import { passage, piece } from './text.ts'

/** `POST /v1/responses`: https://platform.openai.com/docs/api-reference/responses */
export function responses(ask: Ask): Answer {
  return {
    json: () => JSON.stringify(finished(ask)),
    events: ask.body.stream === true ? () => events(ask) : null,
    errorEvent: error => event({ type: 'error', sequence_number: 0, error }),
  }
}

/**
 * The official order of events, numbered from 0; there is no `[DONE]`.
 * https://platform.openai.com/docs/api-reference/responses-streaming
 */
function* events(ask: Ask): Iterable<string> {
  let number = 0
  const next = (type: string, rest: object) => event({ type, sequence_number: number++, ...rest })
  const item = { item_id: itemId(ask), output_index: 0, content_index: 0 }
  const begun = response(ask, 'in_progress', [])

  yield next('response.created', { response: begun })
  yield next('response.in_progress', { response: begun })
  yield next('response.output_item.added', {
    output_index: 0,
    item: message(ask, 'in_progress', []),
  })
  yield next('response.content_part.added', { ...item, part: part('') })
  for (let index = 0; index < ask.completionTokens; index++) {
    yield next('response.output_text.delta', { ...item, delta: piece(index), logprobs: [] })
  }
  const text = passage(ask.completionTokens)
  yield next('response.output_text.done', { ...item, text, logprobs: [] })
  yield next('response.content_part.done', { ...item, part: part(text) })
  const whole = finished(ask)
  yield next('response.output_item.done', { output_index: 0, item: whole.output[0] })
  yield next(ask.limited ? 'response.incomplete' : 'response.completed', { response: whole })
}

function event(value: { readonly type: string; readonly [name: string]: unknown }): string {
  return `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`
}

function finished(ask: Ask) {
  const status = ask.limited ? 'incomplete' : 'completed'
  return response(ask, status, [message(ask, status, [part(passage(ask.completionTokens))])])
}

function response(ask: Ask, status: string, output: readonly object[]) {
  const ended = output.length > 0
  return {
    id: `resp_${ask.id}`,
    object: 'response',
    created_at: ask.created,
    status,
    background: false,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    max_output_tokens: ask.body.max_output_tokens ?? null,
    model: ask.model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: ended ? usage(ask) : null,
    user: null,
    metadata: {},
  }
}

function message(ask: Ask, status: string, content: readonly object[]) {
  return { id: itemId(ask), type: 'message', status, role: 'assistant', content }
}

function part(text: string) {
  return { type: 'output_text', annotations: [], logprobs: [], text }
}

function usage(ask: Ask) {
  return {
    input_tokens: ask.promptTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: ask.completionTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: ask.promptTokens + ask.completionTokens,
  }
}

function itemId(ask: Ask): string {
  return `msg_${ask.id}`
}

import { type Answer, type Ask, DONE, dataEvent, errorEvent } from './answer.ts'
import { passage, piece } from './text.ts'

const FINGERPRINT = 'fp_mock000001'

/** `POST /v1/chat/completions`: https://platform.openai.com/docs/api-reference/chat */
export function chat(ask: Ask): Answer {
  return {
    json: () =>
      JSON.stringify({
        ...head(ask, 'chatcmpl', 'chat.completion'),
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content: passage(ask.completionTokens),
              refusal: null,
              annotations: [],
            },
            logprobs: null,
            finish_reason: finish(ask),
          },
        ],
        usage: usage(ask),
        service_tier: 'default',
        system_fingerprint: FINGERPRINT,
      }),
    events: ask.body.stream === true ? () => chatEvents(ask) : null,
    errorEvent,
  }
}

/** `POST /v1/completions`: https://platform.openai.com/docs/api-reference/completions */
export function completion(ask: Ask): Answer {
  return {
    json: () =>
      JSON.stringify({
        ...head(ask, 'cmpl', 'text_completion'),
        system_fingerprint: FINGERPRINT,
        choices: [
          {
            text: passage(ask.completionTokens),
            index: 0,
            logprobs: null,
            finish_reason: finish(ask),
          },
        ],
        usage: usage(ask),
      }),
    events: ask.body.stream === true ? () => completionEvents(ask) : null,
    errorEvent,
  }
}

function* chatEvents(ask: Ask): Iterable<string> {
  yield* events(ask, head(ask, 'chatcmpl', 'chat.completion.chunk'), {
    first: { delta: { role: 'assistant', content: '', refusal: null } },
    token: text => ({ delta: { content: text } }),
    last: { delta: {} },
  })
}

function* completionEvents(ask: Ask): Iterable<string> {
  yield* events(ask, head(ask, 'cmpl', 'text_completion'), {
    first: null,
    token: text => ({ text }),
    last: { text: '' },
  })
}

interface Shape {
  readonly first: object | null
  readonly token: (text: string) => object
  readonly last: object
}

/** One event a token. With `include_usage` every event has a `usage`, null but in an extra last one. */
function* events(ask: Ask, common: object, shape: Shape): Iterable<string> {
  const counted = includesUsage(ask)
  const chunk = (choice: object, reason: string | null) =>
    dataEvent({
      ...common,
      system_fingerprint: FINGERPRINT,
      choices: [{ index: 0, ...choice, logprobs: null, finish_reason: reason }],
      ...(counted ? { usage: null } : {}),
    })
  if (shape.first) yield chunk(shape.first, null)
  for (let index = 0; index < ask.completionTokens; index++) {
    yield chunk(shape.token(piece(index)), null)
  }
  yield chunk(shape.last, finish(ask))
  if (counted) {
    yield dataEvent({
      ...common,
      system_fingerprint: FINGERPRINT,
      choices: [],
      usage: usage(ask),
    })
  }
  yield DONE
}

function head(ask: Ask, prefix: string, object: string) {
  return { id: `${prefix}-${ask.id}`, object, created: ask.created, model: ask.model }
}

function finish(ask: Ask): string {
  return ask.limited ? 'length' : 'stop'
}

function includesUsage(ask: Ask): boolean {
  const options = ask.body.stream_options
  return typeof options === 'object' && options !== null && 'include_usage' in options
    ? options.include_usage === true
    : false
}

function usage(ask: Ask) {
  return {
    prompt_tokens: ask.promptTokens,
    completion_tokens: ask.completionTokens,
    total_tokens: ask.promptTokens + ask.completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  }
}

/** A request as it goes over the wire, and the answer that belongs to it. */
export interface Traffic {
  readonly name: 'json' | 'stream'
  readonly requestBody: string
  /** The upstream's answer; more than one piece is a paced stream. */
  readonly pieces: readonly string[]
  readonly answerBytes: number
}

export const EVENTS_A_STREAM = 40
/** Between two events of a stream: slow enough that each is read by itself. */
export const EVENT_PACE_MS = 5

/** What the upstream tells a streamed request by. */
export const STREAM_MARK = '"stream":true'

/** A chat of 1 KB either way, as official clients and vendors write it. */
export const JSON_TRAFFIC = traffic('json', chatRequest(false), [chatAnswer()])

export const STREAM_TRAFFIC = traffic('stream', chatRequest(true), chatEvents())

export function trafficNamed(name: Traffic['name']): Traffic {
  return name === 'json' ? JSON_TRAFFIC : STREAM_TRAFFIC
}

function traffic(name: Traffic['name'], requestBody: string, pieces: readonly string[]): Traffic {
  const answerBytes = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0)
  return { name, requestBody, pieces, answerBytes }
}

function chatRequest(stream: boolean): string {
  const content = 'Tell me about load balancers. '.repeat(30)
  return `{"model":"bench-1",${stream ? `${STREAM_MARK},` : ''}"messages":[{"role":"system","content":"You are brief."},{"role":"user","content":"${content}"}]}`
}

function chatAnswer(): string {
  return JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'bench-1',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'They spread requests. '.repeat(32) },
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 190, completion_tokens: 160, total_tokens: 350 },
  })
}

function chatEvents(): string[] {
  const events = Array.from({ length: EVENTS_A_STREAM - 1 }, (_, i) =>
    chatEvent(i === 0 ? { role: 'assistant', content: '' } : { content: ' token' }, null),
  )
  const usage = { prompt_tokens: 190, completion_tokens: 38, total_tokens: 228 }
  return [...events, `${chatEvent({}, 'stop', usage)}data: [DONE]\n\n`]
}

function chatEvent(delta: object, finish: string | null, usage?: object): string {
  const data = {
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'bench-1',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...(usage && { usage }),
  }
  return `data: ${JSON.stringify(data)}\n\n`
}

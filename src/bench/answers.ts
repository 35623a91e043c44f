/** What the upstream is to answer: a request asks for it by a mark in its body, the fixed JSON answer without one. */
export interface Answer {
  /**
   * `events`: events of a chat as vendors send them, the first at the next turn of the upstream's clock
   * and without a word; `prompt`: each with a word, the first at once; `held`: the same, until the
   * upstream is told to let go; `bytes`: one event, one byte after the other.
   */
  readonly kind: (typeof KINDS)[number]
  /** Pieces of the answer; `bytes` takes what it needs, `held` has a first, a next and a last one. */
  readonly count: number
  /** Between two pieces, ms: a multiple of {@link TURN_MS}. */
  readonly pace: number
}

const KINDS = ['events', 'prompt', 'held', 'bytes'] as const

/** The upstream's clock: slow enough that each piece is read by itself. */
export const TURN_MS = 5

/** However a gateway writes the body anew, this text stays whole. */
export const MARK = 'bench-answer-'
const MARKED = /bench-answer-([a-z]{1,10})-(\d{1,6})-(\d{1,6})/

export function markOf({ kind, count, pace }: Answer): string {
  return `${MARK}${kind}-${count}-${pace}`
}

/** What a request asks for; null where nothing is said. */
export function answerIn(text: string): Answer | null {
  const [, word, count, pace] = MARKED.exec(text) ?? []
  const kind = KINDS.find(known => known === word)
  return kind === undefined ? null : { kind, count: Number(count), pace: Number(pace) }
}

/** The answer's body, in the pieces that it goes out in; one piece without `answer`. */
export function piecesOf(answer: Answer | null): readonly string[] {
  if (answer === null) return [JSON_ANSWER]
  if (answer.kind === 'bytes') return [...BYTES]
  const events = Array.from({ length: answer.count - 1 }, (_, i) =>
    event(i === 0 ? opening(answer) : { content: ' token' }, null),
  )
  const usage = { prompt_tokens: 190, completion_tokens: 38, total_tokens: 228 }
  return [...events, `${event({}, 'stop', usage)}${DONE}`]
}

/** A gateway may hold an event without words back until there are some: that is no time of its own. */
function opening({ kind }: Answer): object {
  return { role: 'assistant', content: kind === 'events' ? '' : 'A' }
}

/** A chat of 1 KB, as vendors write it. */
const JSON_ANSWER = JSON.stringify({
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

const DONE = 'data: [DONE]\n\n'
const BYTES = `data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n${DONE}`

function event(delta: object, finish: string | null, usage?: object): string {
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

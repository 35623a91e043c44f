import type { IncomingHttpHeaders } from 'node:http'
import { CHAT_RECORDING, RECORDINGS, type Recording } from '../../support/recordings.ts'
import { type Dice, oneIn, pick } from './dice.ts'
import type { Question } from './near-side.ts'

/** What an upstream is about to answer. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  /** The whole answer to what was asked. */
  readonly good: boolean
}

const EVENTS = { 'content-type': 'text/event-stream' }
const JSON_TYPE = { 'content-type': 'application/json' }

const WHOLE = Buffer.from(
  JSON.stringify({
    id: 'c1',
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content: 'Grüße' }, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 6 },
  }),
)
const LARGE = Buffer.from(JSON.stringify({ data: 'x'.repeat(1_100_000), usage: null }))
const COMMENTS = Buffer.from(`${': waiting\n\n'.repeat(6_000)}`)
const REFUSALS: readonly (readonly [status: number, code: string])[] = [
  [429, 'rate_limit_exceeded'],
  [429, 'rate_limit_exceeded'],
  [500, 'server_error'],
  [502, 'server_error'],
  [503, 'overloaded_error'],
  [401, 'invalid_api_key'],
  [400, 'invalid_request_error'],
  [402, 'insufficient_quota'],
  [404, 'model_not_found'],
  [403, 'permission_error'],
  [409, 'conflict_error'],
  [529, 'overloaded_error'],
]

function errorOf(code: string): string {
  return JSON.stringify({ type: 'error', error: { type: code, code, message: 'No.' } })
}

/** The stream that is the answer to what is asked at this path; null: it is no stream. */
export function recordingFor({ path }: Question): Recording | null {
  return RECORDINGS.find(each => each.path === path) ?? null
}

/** An answer as upstreams give it on good days and on bad ones. */
export function answerTo(question: Question, dice: Dice): Answer {
  const kind = dice.below(20)
  if (kind < 8) return good(question)
  if (kind < 12) return refusal(dice)
  if (kind < 15) return spoilt(recordingFor(question) ?? CHAT_RECORDING, dice)
  return odd(question, dice)
}

function good(question: Question): Answer {
  const recording = recordingFor(question)
  return recording === null
    ? { status: 200, headers: JSON_TYPE, bytes: WHOLE, good: true }
    : { status: 200, headers: EVENTS, bytes: recording.bytes, good: true }
}

function refusal(dice: Dice): Answer {
  const [status, code] = pick(dice, REFUSALS)
  const again = pick(dice, [{}, {}, { 'retry-after': '1' }, { 'retry-after-ms': '70' }])
  const headers = { ...JSON_TYPE, ...again }
  return { status, headers, bytes: Buffer.from(errorOf(code)), good: false }
}

/** A stream with something in it that does not belong there. */
function spoilt({ bytes }: Recording, dice: Dice): Answer {
  const at = dice.below(bytes.length + 1)
  const error = errorOf(pick(dice, REFUSALS)[1])
  const foreign = pick(dice, [
    Buffer.from(`\n\nevent: error\ndata: ${error}\n\n`),
    Buffer.from(`\n\ndata: ${error}\n\n`),
    Buffer.from(': comment\r\n\r\n\r\n'),
    Buffer.from([0xff, 0, 0x0a, 0x0d, 0xc3]),
    Buffer.from('data: {"half":\n\n'),
    Buffer.from('\n\ndata:\ndata: x\n\n'),
  ])
  const parts = [bytes.subarray(0, at), foreign, bytes.subarray(dice.below(2) * bytes.length)]
  const headers = oneIn(dice, 4) ? { ...EVENTS, 'content-length': '40' } : EVENTS
  return { status: 200, headers, bytes: Buffer.concat(parts), good: false }
}

function odd(question: Question, dice: Dice): Answer {
  const { bytes } = good(question)
  const answer = (status: number, headers: IncomingHttpHeaders, body = bytes): Answer => {
    return { status, headers, bytes: body, good: false }
  }
  const choices = [
    () => answer(200, {}),
    () => answer(200, { 'content-type': 'text/plain' }),
    () => answer(200, JSON_TYPE, WHOLE.subarray(0, dice.below(WHOLE.length))),
    () => answer(200, JSON_TYPE, Buffer.from(errorOf('server_error'))),
    () => answer(200, EVENTS, Buffer.alloc(0)),
    () => answer(200, JSON_TYPE, Buffer.alloc(0)),
    () => answer(200, { 'content-type': 'text/html' }, Buffer.from('<html>Sign in</html>')),
    () => answer(200, {}, Buffer.from('<!doctype html>')),
    () => answer(204, {}, Buffer.alloc(0)),
    () => answer(302, { location: 'https://example.org' }, Buffer.alloc(0)),
    () => answer(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }),
    () => answer(200, EVENTS, bytes.subarray(0, dice.below(bytes.length))),
    () => answer(500, { 'content-type': 'text/html' }, Buffer.from('<html>Bad gateway</html>')),
    () => answer(200, JSON_TYPE, oneIn(dice, 20) ? LARGE : WHOLE),
    () => answer(200, EVENTS, oneIn(dice, 8) ? Buffer.concat([COMMENTS, bytes]) : bytes),
  ]
  return pick(dice, choices)()
}

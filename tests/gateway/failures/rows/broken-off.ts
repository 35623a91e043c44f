import type { BegunRow } from '../row.ts'
import { begins, finishes, last, part, resets, stalls } from '../steps.ts'
import { beginning, begun, broken, EVENTS, WHOLE } from './begun.ts'

const INTERRUPTED = [502, 'upstream_stream_interrupted'] as const

/** It is the terminator of a stream as much as `response.completed`. */
const FAILED = `event: response.failed\ndata: ${JSON.stringify({
  type: 'response.failed',
  response: { id: 'resp_1', status: 'failed', error: { code: 'server_error', message: 'No.' } },
})}\n\n`

/** A stream that had begun and breaks off. */
export const BROKEN_OFF: readonly BegunRow[] = [
  {
    ...broken('error-event', 'an error event inside the stream, then ends'),
    script: speech => begun(speech, part(speech.overloaded), last),
    relayed: speech => beginning(speech) + speech.overloaded,
    client: 'what came, the error event as it is; the connection is destroyed',
    errorCode: 'upstream_error',
    code: ({ overloadedCode }) => overloadedCode,
  },
  {
    ...broken(
      'error-event-open',
      'an error event inside the stream, and keeps its connection open',
    ),
    script: speech => begun(speech, part(speech.overloaded), stalls),
    relayed: speech => beginning(speech) + speech.overloaded,
    client: 'what came, the error event as it is; the connection is destroyed',
    errorCode: 'upstream_error',
    code: ({ overloadedCode }) => overloadedCode,
    hangsUp: true,
    during: 0,
  },
  {
    ...broken('error-event-more', 'an error event inside the stream, and goes on'),
    script: speech =>
      begun(speech, part(speech.overloaded), part(speech.events.at(-1) ?? ''), last),
    relayed: speech => beginning(speech) + speech.overloaded,
    client: 'what came, the error event as it is; the connection is destroyed',
    errorCode: 'upstream_error',
    code: ({ overloadedCode }) => overloadedCode,
  },
  {
    ...broken('failed-event', 'ends the stream with an event that says the response failed'),
    dialects: ['responses'],
    script: speech => begun(speech, part(FAILED), last),
    relayed: speech => beginning(speech) + FAILED,
    end: 'complete',
    client: WHOLE,
    errorCode: 'upstream_error',
    code: () => 'server_error',
  },
  {
    ...broken('stream-close', 'closes the connection inside the stream'),
    script: speech => begun(speech, stalls, finishes),
    event: INTERRUPTED,
    during: 0,
  },
  {
    ...broken('stream-break', 'resets the connection inside the stream'),
    script: speech => begun(speech, stalls, resets),
    event: INTERRUPTED,
    during: 0,
  },
  {
    ...broken('stream-half-event', 'resets the connection inside an event'),
    script: speech => begun(speech, part('data: {"half'), stalls, resets),
    relayed: speech => `${beginning(speech)}data: {"half`,
    event: INTERRUPTED,
    during: 0,
  },
  {
    ...broken('stream-eof', 'ends the stream in order, without its terminator'),
    script: speech => begun(speech, last),
    event: INTERRUPTED,
  },
  {
    ...broken('stream-stall', 'says nothing inside the stream for `idle_timeout`'),
    script: speech => begun(speech, stalls),
    event: [504, 'upstream_timeout'],
    during: 120_000,
    errorCode: 'upstream_timeout',
    code: () => 'upstream_timeout',
    hangsUp: true,
  },
  {
    ...broken('stream-late', 'said nothing yet when `commit_hold` was over, then resets'),
    script: ({ events, prologue }) => [
      begins(200, EVENTS),
      part(events.slice(0, prologue).join('')),
      stalls,
      resets,
    ],
    relayed: ({ events, prologue }) => events.slice(0, prologue).join(''),
    event: INTERRUPTED,
    during: 3_000,
  },
]

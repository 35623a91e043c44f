import type { Exchange } from './exchange.ts'
import { REFUSALS } from './refusal.ts'

/** What may follow a behaviour's name after a colon, and what it is without. Durations in ms. */
export interface Argument {
  readonly kind: 'duration' | 'count' | 'share'
  readonly fallback: number
}

export interface Behaviour {
  /** One line for `balance mock --help`. */
  readonly doc: string
  readonly takes: Argument | null
  readonly play: (exchange: Exchange, argument: number) => void
}

/** Everything the simulated provider can do to a request, by name. */
export const BEHAVIOURS = {
  ok: plain('answers properly', p => p.answer()),
  slow: after('waits before the first byte (1s)', 1_000, (p, ms) => p.later(ms, () => p.answer())),
  flaky: {
    doc: 'answers 500 for this share of requests (0.5), else properly',
    takes: { kind: 'share', fallback: 0.5 },
    play: (p, share) => (p.chance() < share ? p.refuse(REFUSALS['500']) : p.answer()),
  },

  '400': plain('the request is wrong', p => p.refuse(REFUSALS['400'])),
  '401': plain('the key is revoked', p => p.refuse(REFUSALS['401'])),
  '402': plain('the money is used up', p => p.refuse(REFUSALS['402'])),
  '403': plain('the account is deactivated', p => p.refuse(REFUSALS['403'])),
  '403-model': plain('the key may not use this model', p => p.refuse(REFUSALS['403-model'])),
  '404': plain('there is no such model', p => p.refuse(REFUSALS['404'])),
  '429': after('rate limited; with a time it is sent as retry-after', 0, (p, ms) =>
    p.refuse(REFUSALS['429'], ms),
  ),
  '429-quota': plain('the quota is used up', p => p.refuse(REFUSALS['429-quota'])),
  '500': plain('the provider failed', p => p.refuse(REFUSALS['500'])),
  '503': plain('the provider is overloaded', p => p.refuse(REFUSALS['503'])),
  '529': plain("overloaded, in Anthropic's words", p => p.refuse(REFUSALS['529'])),

  hang: plain('never answers', () => {}),
  die: plain('closes the connection without an answer', p => p.die()),
  reset: plain('resets the connection (RST) without an answer', p => p.reset()),
  'hang-after': cut('goes silent after N events of a stream, or N × 64 bytes of JSON', (p, n) =>
    p.answer({ events: n, ending: 'hang' }),
  ),
  'die-after': cut('breaks the connection after N events (or N × 64 bytes)', (p, n) =>
    p.answer({ events: n, ending: 'die' }),
  ),
  'die-at': cut('breaks the connection after N bytes of the answer', (p, n) =>
    p.answer({ bytes: n, ending: 'die' }),
  ),
  'eof-after': cut('ends as if complete after N events (or N × 64 bytes)', (p, n) =>
    p.answer({ events: n, ending: 'end' }),
  ),
  'error-event': cut(
    'puts an error into the stream after N events; a 200 with an error else',
    (p, n) => p.answerWithError(n),
  ),

  'html-200': plain('200 with a web page', p => p.html()),
  'empty-200': plain('200 with nothing', p => p.whole(200, 'application/json', '')),
  'truncated-json': plain('200 with the first half of the JSON', p => p.halfJson()),
  'json-for-stream': plain('200 with JSON where a stream was asked for', p => p.answerAsJson()),
} as const satisfies Record<string, Behaviour>

export type BehaviourName = keyof typeof BEHAVIOURS

function plain(doc: string, play: (exchange: Exchange) => void): Behaviour {
  return { doc, takes: null, play }
}

function after(doc: string, fallback: number, play: Behaviour['play']): Behaviour {
  return { doc, takes: { kind: 'duration', fallback }, play }
}

function cut(doc: string, play: Behaviour['play']): Behaviour {
  return { doc, takes: { kind: 'count', fallback: 3 }, play }
}

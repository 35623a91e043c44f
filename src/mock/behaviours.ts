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
  ok: plain('answers properly', it => it.answer()),
  slow: after('waits before the first byte (1s)', 1_000, (it, ms) =>
    it.later(ms, () => it.answer()),
  ),
  flaky: {
    doc: 'answers 500 for this share of requests (0.5), else properly',
    takes: { kind: 'share', fallback: 0.5 },
    play: (it, share) => (it.chance() < share ? it.refuse(REFUSALS['500']) : it.answer()),
  },

  '400': plain('the request is wrong', it => it.refuse(REFUSALS['400'])),
  '401': plain('the key is revoked', it => it.refuse(REFUSALS['401'])),
  '402': plain('the money is used up', it => it.refuse(REFUSALS['402'])),
  '403': plain('the account is deactivated', it => it.refuse(REFUSALS['403'])),
  '403-model': plain('the key may not use this model', it => it.refuse(REFUSALS['403-model'])),
  '404': plain('there is no such model', it => it.refuse(REFUSALS['404'])),
  '429': after('rate limited; with a time it is sent as retry-after', 0, (it, ms) =>
    it.refuse(REFUSALS['429'], ms),
  ),
  '429-quota': plain('the quota is used up', it => it.refuse(REFUSALS['429-quota'])),
  '500': plain('the provider failed', it => it.refuse(REFUSALS['500'])),
  '503': plain('the provider is overloaded', it => it.refuse(REFUSALS['503'])),
  '529': plain("overloaded, in Anthropic's words", it => it.refuse(REFUSALS['529'])),

  hang: plain('never answers', () => {}),
  die: plain('closes the connection without an answer', it => it.die()),
  reset: plain('resets the connection (RST) without an answer', it => it.reset()),
  'hang-after': cut('goes silent after N events of a stream, or N × 64 bytes of JSON', (it, n) =>
    it.answer({ events: n, ending: 'hang' }),
  ),
  'die-after': cut('breaks the connection after N events (or N × 64 bytes)', (it, n) =>
    it.answer({ events: n, ending: 'die' }),
  ),
  'die-at': cut('breaks the connection after N bytes of the answer', (it, n) =>
    it.answer({ bytes: n, ending: 'die' }),
  ),
  'eof-after': cut('ends as if complete after N events (or N × 64 bytes)', (it, n) =>
    it.answer({ events: n, ending: 'end' }),
  ),
  'error-event': cut(
    'puts an error into the stream after N events; a 200 with an error else',
    (it, n) => it.answerWithError(n),
  ),

  'html-200': plain('200 with a web page', it => it.html()),
  'empty-200': plain('200 with nothing', it => it.whole(200, 'application/json', '')),
  'truncated-json': plain('200 with the first half of the JSON', it => it.halfJson()),
  'json-for-stream': plain('200 with JSON where a stream was asked for', it => it.answerAsJson()),
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

import type { ReusedRow } from '../row.ts'
import { good } from '../speech.ts'
import { finishes, resets, stalls } from '../steps.ts'

/** Connections that are kept for the next request, and closed by the other side. */
export const REUSE: readonly ReusedRow[] = [
  {
    ...row('idle-close', 'closed the kept connection before the next request'),
    scripts: (speech, stream) => [good(speech, stream)],
    idle: true,
    faults: [],
    connections: 2,
  },
  {
    ...row('stale-close', 'closes the kept connection just when the next request is on it'),
    scripts: (speech, stream) => [[finishes], good(speech, stream)],
    faults: ['stale'],
    connections: 2,
  },
  {
    ...row('stale-reset', 'resets the kept connection just when the next request is on it'),
    scripts: (speech, stream) => [[resets], good(speech, stream)],
    faults: ['stale'],
    connections: 2,
  },
  {
    ...row('stale-late', 'resets the kept connection a while after the next request came'),
    scripts: (speech, stream) => [[stalls, resets], good(speech, stream)],
    during: 300,
    faults: ['stale'],
    connections: 2,
  },
  {
    ...row('stale-twice', 'does that, and closes the fresh connection too'),
    scripts: (speech, stream) => [[finishes], [finishes], good(speech, stream)],
    faults: ['stale', 'provider'],
    connections: 3,
  },
  {
    ...row('stale-always', 'does that again and again'),
    scripts: () => [[resets]],
    faults: ['stale', 'provider', 'provider'],
    connections: 3,
    answer: [502, 'upstream_unreachable'],
    charged: 2,
  },
]

function row(id: string, upstream: string) {
  return { id, upstream, answer: null, charged: 0 } as const
}

import type { Speech } from '../speech.ts'
import { begins, part } from '../steps.ts'
import type { Script, Step } from '../upstream.ts'

export const EVENTS = 'text/event-stream'
export const HALF = 'what came, then an error event; the connection is destroyed'
export const WHOLE = 'the same bytes'

/** A row of an answer that had begun and breaks off, by the provider's fault. */
export function broken(id: string, upstream: string) {
  return {
    id,
    upstream,
    stream: true,
    relayed: beginning,
    end: 'cut',
    outcome: 'provider',
    errorCode: 'upstream_stream_interrupted',
    code: () => 'truncated',
    charged: 1,
    client: HALF,
  } as const
}

/** A row of an answer that is one, whatever is unusual about it. */
export function whole(id: string, upstream: string) {
  return {
    id,
    upstream,
    end: 'complete',
    outcome: 'ok',
    errorCode: null,
    code: () => null,
    charged: 0,
    client: WHOLE,
  } as const
}

/** A stream up to its first meaningful event. */
export function beginning({ events, prologue }: Speech): string {
  return events.slice(0, prologue + 1).join('')
}

export function begun(speech: Speech, ...steps: readonly Step[]): Script {
  return [begins(200, EVENTS), part(beginning(speech)), ...steps]
}

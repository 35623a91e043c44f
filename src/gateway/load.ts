import type { ServerResponse } from 'node:http'
import type { Strain } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import { dialectNamed } from '../wire/dialects.ts'

/**
 * Later than this an event is served only where there is more to do than can be done, ms. A refusal costs an
 * eighth of an answer, so it is no way to answer more as long as those that wait are few.
 */
const LATE = 1_000
const CALM = 500
/** Of a processor; where we have less, others on this host are the cause, and we can't help it. */
const BUSY = 0.7
/** So many requests at once are always served: it is not by their number that they are late. */
const FEWEST = 512
const SHRINK = 0.7
const GROW = 1.3

/**
 * How many requests this process takes on at once. Where events are served late twice in a row though it
 * has a processor, it takes fewer, and more again once they are not: so those that it has are answered
 * while somebody still waits for them. What is in flight goes on.
 */
export class Load {
  /** Beyond these in flight a new request is refused. */
  limit = Number.POSITIVE_INFINITY
  /** Requests refused so since the start. */
  shed = 0
  #late = 0

  /**
   * @param most in flight that the settings allow
   * @returns whether it began to refuse requests, or has ceased to; null: neither
   */
  judge({ delay, busy }: Strain, inFlight: number, most: number): 'began' | 'ceased' | null {
    const before = this.limit
    if (delay > LATE && busy >= BUSY) {
      if (++this.#late >= 2)
        this.limit = Math.max(FEWEST, Math.floor(SHRINK * Math.min(this.limit, inFlight)))
    } else {
      this.#late = 0
      if (delay < CALM) this.limit *= GROW
      if (this.limit >= most) this.limit = Number.POSITIVE_INFINITY
    }
    if (before === this.limit) return null
    if (before === Number.POSITIVE_INFINITY) return 'began'
    return this.limit === Number.POSITIVE_INFINITY ? 'ceased' : null
  }

  /** Refuses a request before anything is done for it. It is no exchange: to write it down would be work. */
  refuse(response: ServerResponse): void {
    this.shed++
    response.writeHead(503, HEAD)
    response.end(response.req.method === 'HEAD' ? undefined : BODY)
  }
}

const BODY = dialectNamed('openai').errorBody(
  new BalanceError('overloaded', 'The gateway has more to do than it can.'),
  '',
)
const HEAD = [
  ...['content-type', 'application/json', 'content-length', String(Buffer.byteLength(BODY))],
  ...['retry-after', '1', 'retry-after-ms', '1000'],
]

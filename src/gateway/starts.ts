import type { Clock } from '../base/clock.ts'
import type { Exchange } from './exchange.ts'

/**
 * So many requests begin in one turn of the event loop. What is under way has its turns between them: the fewer
 * are half done, the less memory is gone through for each. And of new connections one is accepted in each turn
 * (libuv since 1.45, https://github.com/libuv/libuv/pull/3696), so that long turns keep new callers out.
 */
export const IN_ONE_TURN = 16
/** Whoever has waited longer for its turn is refused: there is more to do than can be done, ms. */
const LONGEST_WAIT_MS = 1_000
/** Of a longer turn the rest is time in which the host did not let this process run, and no overload, ms. */
const LONGEST_TURN_MS = 50

/** Lets requests begin in the order in which they came: nearly always at once. */
export class Starts {
  readonly #clock: Clock
  readonly #begin: (exchange: Exchange, late: boolean) => void
  /** Those that wait, from `#next` on. */
  #waiting: Exchange[] = []
  #next = 0
  /** In this turn. */
  #begun = 0
  #scheduled = false
  #scheduledAt = 0
  /** The last time that the process did not run: when that was over, monotonic ms, and for how long, ms. */
  #haltedUntil = 0
  #halted = 0

  /** @param begin is told whether the request has waited too long to be served; it must not throw */
  constructor(clock: Clock, begin: (exchange: Exchange, late: boolean) => void) {
    this.#clock = clock
    this.#begin = begin
  }

  /** Those that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length - this.#next
  }

  add(exchange: Exchange): void {
    this.#schedule()
    if (this.#begun < IN_ONE_TURN && this.waiting === 0) {
      this.#begun++
      this.#begin(exchange, false)
    } else this.#waiting.push(exchange)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#scheduledAt = this.#clock.now()
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    this.#scheduled = false
    this.#begun = Math.min(this.waiting, IN_ONE_TURN)
    if (this.#begun === 0) return
    const now = this.#clock.now()
    this.#noteHalt(now)
    this.#schedule()
    for (let n = 0; n < this.#begun; n++) {
      const exchange = this.#waiting[this.#next++] as Exchange
      this.#begin(exchange, this.#isLate(exchange, now))
    }
    this.#forget()
  }

  #noteHalt(now: number): void {
    const halted = now - this.#scheduledAt - LONGEST_TURN_MS
    if (halted <= 0) return
    this.#haltedUntil = now
    this.#halted = halted
  }

  #isLate({ startedAt }: Exchange, now: number): boolean {
    const halted = startedAt < this.#haltedUntil ? this.#halted : 0
    return now - startedAt - halted > LONGEST_WAIT_MS
  }

  #forget(): void {
    if (this.#next <= this.#waiting.length / 2) return
    this.#waiting = this.#waiting.slice(this.#next)
    this.#next = 0
  }
}

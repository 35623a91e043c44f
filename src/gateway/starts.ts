import type { Clock } from '../base/clock.ts'
import { Turns } from '../base/turns.ts'
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
  readonly #turns = new Turns<Exchange>(IN_ONE_TURN, exchange => this.#goOn(exchange))
  /** When this process was last seen to run, monotonic ms. */
  #ranAt = 0
  /** The last time that it did not: when that was over, monotonic ms, and for how long, ms. */
  #haltedUntil = 0
  #halted = 0

  /** @param begin is told whether the request has waited too long to be served; it must not throw */
  constructor(clock: Clock, begin: (exchange: Exchange, late: boolean) => void) {
    this.#clock = clock
    this.#begin = begin
  }

  /** Those that wait for their turn. */
  get waiting(): number {
    return this.#turns.waiting
  }

  add(exchange: Exchange): void {
    const now = this.#clock.now()
    if (this.waiting > 0) this.#noteHalt(now)
    this.#ranAt = now
    if (this.#turns.ask(exchange)) this.#begin(exchange, false)
  }

  #goOn(exchange: Exchange): void {
    const now = this.#clock.now()
    this.#noteHalt(now)
    this.#ranAt = now
    this.#begin(exchange, this.#isLate(exchange, now))
  }

  #noteHalt(now: number): void {
    const halted = now - this.#ranAt - LONGEST_TURN_MS
    if (halted <= 0) return
    this.#haltedUntil = now
    this.#halted = halted
  }

  #isLate({ startedAt }: Exchange, now: number): boolean {
    const halted = startedAt < this.#haltedUntil ? this.#halted : 0
    return now - startedAt - halted > LONGEST_WAIT_MS
  }
}

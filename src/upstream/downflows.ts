import type { Clock } from '../base/clock.ts'
import { Turns } from '../base/turns.ts'
import type { Downflow } from './downflow.ts'

/** So many pieces go down in one turn of the event loop: some milliseconds of work at most. */
const IN_ONE_TURN = 16

/** All that one process sends down: what is large goes in turns, so that nobody waits for the downloads of others. */
export class Downflows {
  readonly clock: Clock
  readonly #turns = new Turns<Downflow>(IN_ONE_TURN, flow => flow.goOn())

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Whether its next piece may go down at once; where not, it is told when it may. */
  ask(flow: Downflow): boolean {
    return this.#turns.ask(flow)
  }

  /**
   * Callers come that have no connection yet. One is accepted in each turn
   * (libuv since 1.45, https://github.com/libuv/libuv/pull/3696), so turns are kept short.
   */
  hurry(): void {
    this.#turns.hurry()
  }
}

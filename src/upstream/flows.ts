import type { Clock } from '../base/clock.ts'
import { Turns } from '../base/turns.ts'
import type { Flow } from './flow.ts'

/** So many pieces go on in one turn of the event loop: some milliseconds of work at most. */
const IN_ONE_TURN = 16

/** All bodies that pass through one process: what is large goes in turns, so that it keeps nobody else waiting. */
export class Flows {
  readonly clock: Clock
  readonly #turns = new Turns<Flow>(IN_ONE_TURN, flow => flow.takeTurn())

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Whether its next piece may go on at once; where not, it is told when it may. */
  ask(flow: Flow): boolean {
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

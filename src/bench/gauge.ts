import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { BUILT, Child } from './child.ts'
import type { Round } from './figures.ts'

/** What went on in the main thread of a contender that runs on Node. */
export interface Gauged {
  /** How late its event loop came to a timer of each millisecond, ms. */
  readonly loopP99: number
  readonly loopMost: number
  /** Bytes of JavaScript's heap that were taken, whether they were given back or not. */
  readonly allocated: number
}

/** `begin` is answered by what was gauged until then: nothing. */
export interface GaugeOrder {
  readonly gauge: 'begin' | 'tell'
}

/** What loads the gauge into a process of Node, as options of `node`; that process needs a channel to us. */
export function gaugeOptions(): string[] {
  return ['--import', fileURLToPath(new URL('./bench-gauge.js', BUILT))]
}

/** Asks the gauge that a contender was started with. It costs nothing until then. */
export class Gauge {
  readonly #inside: Child<Gauged>

  /** @param process started with {@link gaugeOptions} */
  constructor(process: ChildProcess) {
    this.#inside = new Child<Gauged>(process)
  }

  /** @param work resolves with its number of requests, events or chunks */
  async during(work: () => Promise<number>): Promise<Round> {
    await this.#inside.ask({ gauge: 'begin' } satisfies GaugeOrder)
    const units = await work()
    const { allocated, ...loop } = await this.#inside.ask({ gauge: 'tell' } satisfies GaugeOrder)
    return { ...loop, allocated: allocated / units }
  }
}

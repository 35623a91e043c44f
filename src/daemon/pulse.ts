import type { Clock, Timer } from '../base/clock.ts'
import type { Readiness } from '../model/readiness.ts'

const EVERY_MS = 250

export interface PulseParts {
  readonly clock: Clock
  readonly read: () => Readiness
  readonly tell: (readiness: Readiness) => void
}

/** Tells gateways how their owner does, whenever that has changed. */
export class Pulse {
  readonly #parts: PulseParts
  readonly #timer: Timer
  #told = ''

  constructor(parts: PulseParts) {
    this.#parts = parts
    this.#timer = parts.clock.every(EVERY_MS, () => this.#beat())
    this.#beat()
  }

  stop(): void {
    this.#timer.stop()
  }

  #beat(): void {
    const readiness = this.#parts.read()
    const text = JSON.stringify(readiness)
    if (text === this.#told) return
    this.#told = text
    this.#parts.tell(readiness)
  }
}

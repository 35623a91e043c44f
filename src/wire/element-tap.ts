import type { Tap } from '../model/dialect.ts'
import type { Outcome } from '../model/outcome.ts'
import { noUsage, type Usage } from '../model/usage.ts'
import { ElementScan } from './element-scan.ts'
import type { Reading } from './tap.ts'

/** Watches a stream that is one JSON array, an element for each event. */
export class ElementTap implements Tap, Reading {
  meaningful = false
  terminated = false
  failure: Outcome | null = null
  lively = false
  readonly excess = 0
  readonly usage: Usage = noUsage()

  readonly #elements = new ElementScan()
  readonly #read: (reading: Reading, data: Buffer) => void

  constructor(read: (reading: Reading, data: Buffer) => void) {
    this.#read = read
  }

  push(chunk: Buffer): void {
    if (this.terminated || this.failure !== null) return
    this.#elements.push(chunk)
    while (this.failure === null && this.#elements.next()) this.#take()
    // Whatever its last element says, an array is complete once it is closed.
    this.terminated = this.#elements.complete
  }

  end(): void {}

  #take(): void {
    this.lively = true
    // No prologue is so large.
    if (this.#elements.oversized) this.meaningful = true
    else this.#read(this, this.#elements.data)
  }
}

import type { IncomingMessage } from 'node:http'
import { Flow } from '../upstream/flow.ts'
import type { Flows } from '../upstream/flows.ts'

/** The body of one request as it comes: at the pace it is wanted, in turns with all others. */
export class Upflow extends Flow {
  readonly #request: IncomingMessage
  #wanted = true

  constructor(request: IncomingMessage, all: Flows) {
    super(all)
    this.#request = request
  }

  /** So many bytes of it came. */
  took(bytes: number): void {
    this.count(bytes)
    if (this.queued) this.#request.pause()
  }

  pause(): void {
    this.#wanted = false
    this.#request.pause()
  }

  resume(): void {
    this.#wanted = true
    this.goOn()
  }

  protected goOn(): void {
    if (this.#wanted && !this.queued) this.#request.resume()
  }
}

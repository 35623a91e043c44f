import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import { Flow } from './flow.ts'
import type { Flows } from './flows.ts'
import { Gate } from './gate.ts'

/**
 * The body of one answer on its way down: at the pace its client reads, in turns with all others, and not before
 * what it waits for. Where it can't go on its upstream is paused.
 */
export class Downflow extends Flow {
  readonly #client: ServerResponse
  #upstream: Dispatcher.DispatchController | null = null
  #gate: Gate | null = null
  #listens = false

  /** Bytes given to the client. */
  bytes = 0
  /** The client does not read. */
  stalled = false
  /** Nothing more is wanted. */
  over = false

  constructor(client: ServerResponse, all: Flows) {
    super(all)
    this.#client = client
  }

  /** Where what is written from now on comes from. */
  from(upstream: Dispatcher.DispatchController): void {
    this.#upstream = upstream
  }

  /** What is written is kept back still. */
  get gated(): boolean {
    return this.#gate !== null
  }

  write(chunk: Buffer): void {
    if (this.#gate !== null) {
      this.#gate.held.push(chunk)
      return
    }
    this.bytes += chunk.length
    this.count(chunk.length)
    if (!this.#client.write(chunk)) this.#stall()
    if (this.stalled || this.queued) this.#upstream?.pause()
  }

  #stall(): void {
    this.stalled = true
    if (this.#listens) return
    this.#listens = true
    this.#client.on('drain', () => {
      this.stalled = false
      this.goOn()
    })
  }

  /**
   * From here on nothing goes down until this has resolved.
   * @param until never rejects
   * @param opened called when what was kept back has gone down
   */
  wait(until: Promise<void>, opened: () => void): void {
    this.#gate ??= new Gate()
    const { held } = this.#gate
    this.#gate.wait(until, () => this.#open(held, opened))
    this.#upstream?.pause()
  }

  #open(held: readonly Buffer[], opened: () => void): void {
    this.#gate = null
    if (this.over) return
    for (const chunk of held) this.write(chunk)
    this.goOn()
    opened()
  }

  protected goOn(): void {
    if (this.over || this.queued || this.stalled || this.#gate !== null) return
    this.#upstream?.resume()
  }
}

import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Downflows } from './downflows.ts'
import { Gate } from './gate.ts'

/** As much as is read of a connection at once, bytes. */
const PIECE = 65_536
/** What takes longer than this for a piece is no download, and costs little, ms. */
const LEISURE_MS = 100

/**
 * The body of one answer on its way down: at the pace its client reads, where it is large a piece at a time in
 * turns with all others, and not before what it waits for. Where it can't go on its upstream is paused.
 */
export class Downflow {
  readonly #client: ServerResponse
  readonly #all: Downflows
  #upstream: Dispatcher.DispatchController | null = null
  #gate: Gate | null = null
  #listens = false
  /** It waits for its turn. */
  #queued = false
  /** Of the piece that is on its way: bytes, and since when, monotonic ms. */
  #piece = 0
  #since = 0

  /** Bytes given to the client. */
  bytes = 0
  /** The client does not read. */
  stalled = false
  /** Nothing more is wanted. */
  over = false

  constructor(client: ServerResponse, all: Downflows) {
    this.#client = client
    this.#all = all
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
    if (this.#piece === 0) this.#since = this.#all.clock.now()
    this.bytes += chunk.length
    this.#piece += chunk.length
    if (!this.#client.write(chunk)) this.#stall()
    else if (this.#piece >= PIECE && !this.#mayGoOn()) this.#upstream?.pause()
  }

  #stall(): void {
    this.stalled = true
    this.#upstream?.pause()
    if (this.#listens) return
    this.#listens = true
    this.#client.on('drain', () => {
      this.stalled = false
      if (this.#piece < PIECE || this.#mayGoOn()) this.#resume()
    })
  }

  #mayGoOn(): boolean {
    if (this.#queued) return false
    const leisurely = this.#all.clock.now() - this.#since > LEISURE_MS
    this.#piece = 0
    this.#queued = !leisurely && !this.#all.ask(this)
    return !this.#queued
  }

  /** Its turn has come. */
  goOn(): void {
    this.#queued = false
    if (!this.over) this.#resume()
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
    this.#resume()
    opened()
  }

  #resume(): void {
    if (this.#gate === null && !this.stalled && !this.#queued) this.#upstream?.resume()
  }
}

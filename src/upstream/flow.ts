import type { Flows } from './flows.ts'

/** As much as is read of a connection at once, bytes. */
const PIECE = 65_536
/** What takes longer than this for a piece costs little, and waits for nobody, ms. */
const LEISURE_MS = 100

/** One body on its way: where it is large and comes fast, a piece at a time in turns with all others. */
export abstract class Flow {
  readonly #all: Flows
  /** Of the piece that is on its way: bytes, and since when, monotonic ms. */
  #piece = 0
  #since = 0
  /** It waits for its turn. */
  protected queued = false

  constructor(all: Flows) {
    this.#all = all
  }

  /** Counts what went on, bytes; afterwards more may, unless this is queued. */
  protected count(bytes: number): void {
    if (this.#piece === 0) this.#since = this.#all.clock.now()
    this.#piece += bytes
    if (this.#piece < PIECE || this.queued) return
    const leisurely = this.#all.clock.now() - this.#since > LEISURE_MS
    this.queued = !leisurely && !this.#all.ask(this)
    this.#piece = 0
  }

  /** Its turn has come. */
  takeTurn(): void {
    this.queued = false
    this.#piece = 0
    this.goOn()
  }

  /** Reads on where nothing else forbids it. */
  protected abstract goOn(): void
}

import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'

/** How soon a store that failed is tried again, ms. */
const AGAIN_MS = 1_000

export interface WriterParts {
  /** What it writes, for the log. */
  readonly what: string
  readonly write: () => Promise<void>
  /** How much of it waits. */
  readonly waiting: () => number
  readonly clock: Clock
  readonly log: Logger
}

/** Writes one kind of thing to the store: never twice at once, and again soon after it failed. */
export class Writer {
  readonly #parts: WriterParts
  #writing: Promise<void> | null = null
  /** Monotonic ms; null while the store takes what it is given. */
  #failedAt: number | null = null

  constructor(parts: WriterParts) {
    this.#parts = parts
  }

  /** Begins to write, unless it does so already, has nothing to write, or failed a moment ago. */
  wake(): void {
    const { clock, waiting } = this.#parts
    if (this.#writing !== null || waiting() === 0) return
    if (this.#failedAt !== null && clock.now() < this.#failedAt + AGAIN_MS) return
    this.#begin().catch(() => {})
  }

  /** Writes all that waits now; rejects when the store does not take it. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing.catch(() => {})
    if (this.#parts.waiting() > 0) await this.#begin()
  }

  #begin(): Promise<void> {
    this.#writing = this.#parts
      .write()
      .then(
        () => this.#recover(),
        error => this.#fail(error),
      )
      .finally(() => {
        this.#writing = null
      })
    return this.#writing
  }

  #recover(): void {
    const { what, log } = this.#parts
    if (this.#failedAt !== null) log.info({ what }, 'the store takes this again')
    this.#failedAt = null
  }

  /** Said once: a store may be gone for hours. */
  #fail(error: unknown): never {
    const { what, clock, log, waiting } = this.#parts
    if (this.#failedAt === null) {
      log.warn({ err: error, what, waiting: waiting() }, 'the store does not take this; it waits')
    }
    this.#failedAt = clock.now()
    throw error
  }
}

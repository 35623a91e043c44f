import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Settings } from '../model/settings.ts'
import type { Store } from '../model/store.ts'

/** Who does the work for all nodes holds a lease, renewed thrice in its time. */
const LEASE_MS = 15_000
const RENEW_MS = 5_000
/** Between two slices, so that the store's other work goes on. */
const PAUSE_MS = 20
/** How often the log is looked at. */
const PRUNE_EVERY_MS = 30_000

export interface UpkeepParts {
  readonly store: Store
  readonly node: string
  readonly settings: () => Settings | null
  readonly clock: Clock
  readonly log: Logger
}

/** The scheduled work of a store, done by one of its nodes: today, keeping the log within its bounds. */
export class Upkeep {
  readonly #parts: UpkeepParts
  readonly #timer: Timer
  #working: Promise<void> | null = null
  #stopped = false
  #prunedAt = Number.NEGATIVE_INFINITY

  constructor(parts: UpkeepParts) {
    this.#parts = parts
    this.#timer = parts.clock.every(RENEW_MS, () => this.#wake())
  }

  /** Ends what is under way after its present slice. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer.stop()
    await this.#working
  }

  #wake(): void {
    this.#working ??= this.#work()
      .catch(error =>
        this.#parts.log.warn({ err: error }, 'scheduled work failed; it is tried again'),
      )
      .finally(() => {
        this.#working = null
      })
  }

  async #work(): Promise<void> {
    const { store, node, clock } = this.#parts
    if (!(await store.takeLease('upkeep', node, LEASE_MS))) return
    if (clock.now() < this.#prunedAt + PRUNE_EVERY_MS) return
    await this.#prune()
    this.#prunedAt = clock.now()
  }

  async #prune(): Promise<void> {
    const { store, node, settings, clock } = this.#parts
    for (let slice = 0; !this.#stopped; slice++) {
      const rules = settings()
      if (rules === null) return
      const { more } = await store.prune({
        maxAge: rules.log_max_age,
        errorMaxAge: rules.error_max_age,
        maxBytes: rules.log_max_bytes,
      })
      if (!more) return
      await clock.sleep(PAUSE_MS)
      // Another node may take over only when this one has said nothing for a while.
      if (slice % 100 === 99 && !(await store.takeLease('upkeep', node, LEASE_MS))) return
    }
  }
}

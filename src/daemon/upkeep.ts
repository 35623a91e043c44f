import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { MOST_OBJECTS } from '../model/object.ts'
import type { Retention } from '../model/record.ts'
import type { Settings } from '../model/settings.ts'
import type { Store } from '../model/store.ts'

/**
 * Who does the work for all nodes holds a lease, and renews it also while it works. When that node
 * dies, another one notices within the sum of both.
 */
const LEASE_MS = 10_000
const RENEW_MS = 3_000
/** Between two slices, so that the store's other work goes on. */
const PAUSE_MS = 20
/** How often it is looked for objects that nobody used for long. */
const OBJECTS_EVERY_MS = 600_000
/** How often the log is looked at where its bounds stay the same. */
const PRUNE_EVERY_MS = 30_000

export interface UpkeepParts {
  readonly store: Store
  readonly node: string
  readonly settings: () => Settings | null
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Says which node does the scheduled work of a store, and does what concerns the store alone: keeping
 * the log and what is known of objects within their bounds.
 */
export class Upkeep {
  readonly #parts: UpkeepParts
  readonly #timer: Timer
  #renewing: Promise<void> | null = null
  #pruning: Promise<void> | null = null
  #holdsLease = false
  #stopped = false
  /** When the log was last found to be within which bounds. */
  #pruned: { readonly at: number; readonly bounds: Retention } | null = null
  /** When it was last looked for old objects, monotonic ms. */
  #objectsAt = Number.NEGATIVE_INFINITY
  #failing = false

  constructor(parts: UpkeepParts) {
    this.#parts = parts
    this.#timer = parts.clock.every(RENEW_MS, () => this.#wake())
  }

  /** Ends what is under way after its present slice. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer.stop()
    await this.#renewing
    await this.#pruning
  }

  /** Whether this node does the work of all. */
  get holdsLease(): boolean {
    return this.#holdsLease
  }

  #wake(): void {
    this.#renewing ??= this.#renew()
      .catch(error => this.#fail(error))
      .finally(() => {
        this.#renewing = null
      })
  }

  async #renew(): Promise<void> {
    const { store, node } = this.#parts
    this.#holdsLease = await store.takeLease('upkeep', node, LEASE_MS)
    if (!this.#holdsLease) this.#failing = false
    if (!this.#mayWork || !(this.#isDue || this.#areObjectsDue)) return
    this.#pruning ??= this.#work()
      .then(() => {
        this.#failing = false
      })
      .catch(error => this.#fail(error))
      .finally(() => {
        this.#pruning = null
      })
  }

  get #mayWork(): boolean {
    return this.#holdsLease && !this.#stopped
  }

  get #isDue(): boolean {
    const bounds = this.#bounds
    if (bounds === null) return false
    if (this.#pruned === null || !isSame(bounds, this.#pruned.bounds)) return true
    return this.#parts.clock.now() >= this.#pruned.at + PRUNE_EVERY_MS
  }

  get #areObjectsDue(): boolean {
    return this.#parts.clock.now() >= this.#objectsAt + OBJECTS_EVERY_MS
  }

  async #work(): Promise<void> {
    if (this.#isDue) await this.#prune()
    if (this.#areObjectsDue) await this.#pruneObjects()
  }

  async #pruneObjects(): Promise<void> {
    const { store, clock } = this.#parts
    while (this.#mayWork && (await store.pruneObjects(MOST_OBJECTS)) > 0)
      await clock.sleep(PAUSE_MS)
    this.#objectsAt = clock.now()
  }

  async #prune(): Promise<void> {
    const { store, clock } = this.#parts
    while (this.#mayWork) {
      const bounds = this.#bounds
      if (bounds === null) return
      const { more } = await store.prune(bounds)
      if (!more) {
        this.#pruned = { at: clock.now(), bounds }
        return
      }
      await clock.sleep(PAUSE_MS)
    }
  }

  get #bounds(): Retention | null {
    const rules = this.#parts.settings()
    if (rules === null) return null
    return {
      maxAge: rules.log_max_age,
      errorMaxAge: rules.error_max_age,
      maxBytes: rules.log_max_bytes,
    }
  }

  /** Said once: a store may be gone for hours. */
  #fail(error: unknown): void {
    this.#holdsLease = false
    if (!this.#failing) {
      this.#parts.log.warn({ err: error }, 'scheduled work failed; it is tried again')
    }
    this.#failing = true
  }
}

function isSame(one: Retention, other: Retention): boolean {
  return (
    one.maxAge === other.maxAge &&
    one.errorMaxAge === other.errorMaxAge &&
    one.maxBytes === other.maxBytes
  )
}

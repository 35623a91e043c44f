/** Faults in a row that take a proxy out of use. */
const MOST_FAULTS = 3
/** When it is looked at again, ms: twice as long after each look in vain. */
const FIRST_PAUSE = 5_000
const LONGEST_PAUSE = 300_000

/** What this process found of one proxy. */
export class ProxyState {
  readonly id: string
  readonly #changed: () => void
  #faults = 0
  #looks = 0
  /** Monotonic ms; null: it is in use. */
  #lookAt: number | null = null
  /** Why it failed last, without secrets; null where it never did. */
  fault: string | null = null

  constructor(id: string, changed: () => void) {
    this.id = id
    this.#changed = changed
  }

  get usable(): boolean {
    return this.#lookAt === null
  }

  /** Monotonic ms of the next look; null while it is in use. */
  get lookAt(): number | null {
    return this.#lookAt
  }

  /** A connection through it was made, or an answer came. */
  worked(): void {
    this.#faults = 0
    this.#looks = 0
    if (this.#lookAt === null) return
    this.#lookAt = null
    this.#changed()
  }

  /**
   * It did not do what it is for.
   * @param certain nobody is there, or it refuses us: it would do so the next time too
   */
  failed(fault: string, certain: boolean, now: number): void {
    this.fault = fault
    if (this.#lookAt !== null) return
    if (++this.#faults < MOST_FAULTS && !certain) return
    this.#lookAt = now + FIRST_PAUSE
    this.#changed()
  }

  /** It was looked at, and does not work yet. */
  stillFails(fault: string, now: number): void {
    if (this.#lookAt === null) return
    this.fault = fault
    this.#lookAt = now + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** ++this.#looks)
  }
}

/** The state of all proxies, carried over when the catalogue changes. */
export class ProxyHealth {
  readonly #states = new Map<string, ProxyState>()
  #epoch = 0

  /** Raised whenever a proxy leaves or comes back: who chose one before chooses anew. */
  get epoch(): number {
    return this.#epoch
  }

  of(id: string): ProxyState {
    const known = this.#states.get(id)
    if (known) return known
    const state = new ProxyState(id, () => {
      this.#epoch++
    })
    this.#states.set(id, state)
    return state
  }

  /** Forgets what is no longer configured. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#states.keys()) if (!ids.has(id)) this.#states.delete(id)
  }
}

import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Lessons } from '../model/catalog.ts'
import type { NewNode, Node } from '../model/node.ts'
import type { ExchangeRecord } from '../model/record.ts'
import type { Store } from '../model/store.ts'

const ANNOUNCE_MS = 5_000
/** How often it is looked who else is there, and an announcement that failed is made again. */
const LOOK_MS = 1_000
/** What other nodes learn and serve is asked for this often. */
const LEARN_MS = 500
const FOLLOW_MS = 50
const MOST_FOLLOWED = 2_000
/**
 * Ids are given out when a node begins to write and are seen when it has ended, so a lower one may
 * come after a higher one by as long as a transaction takes. So far back is looked again.
 */
const SETTLES_AFTER_MS = 300

export interface PeersParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** This node as it is now. */
  readonly self: () => NewNode
  readonly onLearned: (lessons: Lessons) => void
  /** What other nodes served, for those who follow here. */
  readonly onRecords: (batch: readonly Omit<ExchangeRecord, 'failures'>[]) => void
  /** Whether anybody follows. */
  readonly followed: () => boolean
}

/** The other nodes on the same store: makes this one known to them, and learns what they learned. */
export class Peers {
  readonly #parts: PeersParts
  #timers: Timer[] = []
  #nodes: readonly Node[] = []
  #announced = false
  #learned = 0
  /** All records up to this one are known to have been handed on; null while nobody follows. */
  #settled: number | null = null
  /** Those beyond it that were handed on: id → when, monotonic ms. */
  readonly #handedOn = new Map<number, number>()
  /** What is under way, by its kind. */
  readonly #busy = new Map<string, Promise<void>>()

  constructor(parts: PeersParts) {
    this.#parts = parts
  }

  /** As last seen; this one among them. */
  get nodes(): readonly Node[] {
    return this.#nodes
  }

  async start(): Promise<void> {
    const { store, clock } = this.#parts
    this.#learned = (await store.heads()).learned
    await this.#announce()
    await this.#look()
    this.#timers = [
      clock.every(ANNOUNCE_MS, () => this.#once('announce', () => this.#announce())),
      clock.every(LOOK_MS, () => {
        if (!this.#announced) this.#once('announce', () => this.#announce())
        this.#once('look', () => this.#look())
      }),
      clock.every(LEARN_MS, () => this.#once('learn', () => this.#learn())),
      clock.every(FOLLOW_MS, () => this.#once('follow', () => this.#follow())),
    ]
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.stop()
    const { store, self, log } = this.#parts
    await store
      .depart(self().id)
      .catch(error => log.debug({ err: error }, 'the store was not told'))
  }

  /** Resolves when what others, commands among them, had learned until now is known here. */
  async catchUp(): Promise<void> {
    // One under way may have read the store before.
    for (let one = this.#busy.get('learn'); one; one = this.#busy.get('learn')) {
      await one.catch(() => {})
    }
    await this.#begin('learn', () => this.#learn())
  }

  /** The store may be slower than the clock: one of each kind at a time, and trouble is told elsewhere. */
  #once(kind: string, work: () => Promise<void>): void {
    if (this.#busy.has(kind)) return
    this.#begin(kind, work).catch(error =>
      this.#parts.log.debug({ err: error, kind }, 'other nodes could not be asked'),
    )
  }

  #begin(kind: string, work: () => Promise<void>): Promise<void> {
    const done = work().finally(() => this.#busy.delete(kind))
    this.#busy.set(kind, done)
    return done
  }

  async #announce(): Promise<void> {
    const { store, self } = this.#parts
    this.#announced = false
    await store.announce(self())
    this.#announced = true
  }

  async #look(): Promise<void> {
    this.#nodes = await this.#parts.store.nodes()
  }

  get #alone(): boolean {
    return this.#nodes.length <= 1
  }

  /** Alone too: commands test keys. A look at the number is cheaper than at what it stands for. */
  async #learn(): Promise<void> {
    const { store, self, onLearned } = this.#parts
    if ((await store.heads()).learned === this.#learned) return
    const { learned, ...lessons } = await store.learnedSince(this.#learned, self().id)
    onLearned(lessons)
    this.#learned = learned
  }

  async #follow(): Promise<void> {
    const { store, self, followed, onRecords, clock } = this.#parts
    if (this.#alone || !followed()) {
      this.#settled = null
      return
    }
    if (this.#settled === null) {
      const [newest] = await store.records({ limit: 1 })
      this.#settled = newest?.id ?? 0
      this.#handedOn.clear()
      return
    }
    const batch = await store.records({
      after: this.#settled,
      notNode: self().id,
      limit: MOST_FOLLOWED,
    })
    const now = clock.now()
    const fresh = batch.filter(({ id }) => !this.#handedOn.has(id))
    for (const { id } of fresh) this.#handedOn.set(id, now)
    this.#settle(batch.length < MOST_FOLLOWED ? now - SETTLES_AFTER_MS : now)
    if (fresh.length > 0) onRecords(fresh)
  }

  /** Nothing lower can come any more than what was handed on before this time. */
  #settle(time: number): void {
    for (const [id, at] of this.#handedOn) {
      if (at > time) return
      this.#handedOn.delete(id)
      this.#settled = Math.max(this.#settled ?? 0, id)
    }
  }
}

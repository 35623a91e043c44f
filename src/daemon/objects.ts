import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { ObjectBook } from '../gateway/object-book.ts'
import { MOST_REMEMBERED as MOST_OF_A_GATEWAY } from '../gateway/objects.ts'
import { UnknownIds } from '../gateway/unknown-ids.ts'
import type { ObjectLink } from '../model/link.ts'
import type { ObjectName, ObjectNews, StoredObject } from '../model/object.ts'
import type { Store } from '../model/store.ts'
import { Writer } from './writer.ts'

/** Ids that the owner remembers: some 25 MB. The store knows more. */
const MOST_REMEMBERED = 100_000
/** What waits while the store takes nothing; beyond it the oldest are dropped, and counted. */
const MOST_WAITING = 50_000
/** How soon what happened is written. */
const WRITE_MS = 100
/** Ids that wait for the store at once; beyond them one is unknown. */
const MOST_ASKED = 2_000

export interface ObjectKeeperParts {
  readonly store: Pick<Store, 'rememberObjects' | 'findObjects' | 'newestObjects'>
  readonly clock: Clock
  readonly log: Logger
}

type Asking = (found: readonly StoredObject[]) => void

/**
 * The owner's end of {@link ObjectLink}: knows what all gateways of this node made, writes it down in
 * batches, and asks the store for what other nodes made. The store is asked one question at a time,
 * whatever clients ask for.
 */
export class ObjectKeeper implements ObjectLink {
  readonly #parts: ObjectKeeperParts
  readonly #book = new ObjectBook(MOST_REMEMBERED)
  readonly #unknown: UnknownIds
  readonly #writer: Writer
  readonly #timer: Timer
  /** By provider and id: what is to be written; null where it is gone. */
  #waiting = new Map<string, { readonly name: ObjectName; readonly object: StoredObject | null }>()
  /** By id: who waits for the store's answer. */
  #asked = new Map<string, Asking[]>()
  #asking = false
  dropped = 0

  constructor(parts: ObjectKeeperParts) {
    this.#parts = parts
    this.#unknown = new UnknownIds(parts.clock)
    this.#writer = new Writer({
      ...parts,
      what: 'objects of keys',
      write: () => this.#write(),
      waiting: () => this.waiting,
    })
    this.#timer = parts.clock.every(WRITE_MS, () => this.#writer.wake())
  }

  /** Remembers what was made or used last: as much as a gateway does. */
  async start(): Promise<void> {
    for (const object of await this.#parts.store.newestObjects(MOST_OF_A_GATEWAY)) {
      this.#book.put(object)
    }
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** What a gateway should know from its start: so many, the oldest first. */
  newest(most: number): StoredObject[] {
    return this.#book.newest(most)
  }

  tell({ made, gone }: ObjectNews): null {
    for (const object of made) {
      this.#book.put(object)
      this.#unknown.remove(object.id)
      this.#wait(object, object)
    }
    for (const name of gone) {
      this.#book.forget(name)
      this.#wait(name, null)
    }
    return null
  }

  #wait({ id, providerId }: ObjectName, object: StoredObject | null): void {
    const key = `${providerId} ${id}`
    this.#waiting.delete(key)
    this.#waiting.set(key, { name: { id, providerId }, object })
    if (this.#waiting.size <= MOST_WAITING) return
    const [oldest] = this.#waiting.keys()
    this.#waiting.delete(oldest as string)
    this.dropped++
  }

  async find(ids: readonly string[]): Promise<readonly StoredObject[]> {
    const found = await Promise.all(ids.map(id => this.#find(id)))
    return found.flat()
  }

  #find(id: string): readonly StoredObject[] | Promise<readonly StoredObject[]> {
    const known = this.#book.of(id)
    if (known.length > 0 || this.#unknown.has(id)) return known
    const others = this.#asked.get(id)
    if (others === undefined && this.#asked.size >= MOST_ASKED) return known
    return new Promise(resolve => {
      if (others !== undefined) others.push(resolve)
      else this.#asked.set(id, [resolve])
      if (!this.#asking) void this.#ask()
    })
  }

  async #ask(): Promise<void> {
    this.#asking = true
    // What is asked for in the same moment is one question.
    await null
    while (this.#asked.size > 0) {
      const asked = this.#asked
      this.#asked = new Map()
      const found = await this.#inStore([...asked.keys()])
      for (const [id, waiting] of asked) {
        const objects = found?.filter(object => object.id === id) ?? []
        for (const object of objects) this.#book.put(object)
        if (found !== null && objects.length === 0) this.#unknown.add(id)
        for (const resolve of waiting) resolve(this.#book.of(id))
      }
    }
    this.#asking = false
  }

  /** Null: it does not answer, which says nothing about them. */
  async #inStore(ids: readonly string[]): Promise<StoredObject[] | null> {
    try {
      return await this.#parts.store.findObjects(ids)
    } catch (error) {
      this.#parts.log.debug({ err: error }, 'the store could not be asked for objects')
      return null
    }
  }

  /** Writes all that waits; rejects where the store does not take it. */
  flush(): Promise<void> {
    return this.#writer.flush()
  }

  async close(): Promise<void> {
    this.#timer.stop()
    await this.flush().catch(error =>
      this.#parts.log.error(
        { err: error, objects: this.waiting },
        'lost: the store did not take which key objects live with',
      ),
    )
  }

  async #write(): Promise<void> {
    const waiting = this.#waiting
    if (waiting.size === 0) return
    this.#waiting = new Map()
    const all = [...waiting.values()]
    try {
      await this.#parts.store.rememberObjects({
        made: all.flatMap(({ object }) => object ?? []),
        gone: all.filter(({ object }) => object === null).map(({ name }) => name),
      })
    } catch (error) {
      // Newer ones win over those that could not be written.
      this.#waiting = new Map([...waiting, ...this.#waiting])
      throw error
    }
  }
}

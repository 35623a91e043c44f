import type { Clock } from '../base/clock.ts'
import type { ObjectLink } from '../model/link.ts'
import {
  OBJECT_USED_EVERY_MS,
  type ObjectName,
  type ObjectNews,
  type StoredObject,
} from '../model/object.ts'
import { ObjectBook } from './object-book.ts'
import { UnknownIds } from './unknown-ids.ts'

/** Ids that one process remembers: some 5 MB. */
export const MOST_REMEMBERED = 20_000
/** The owner is waited for no longer: then an id is unknown. */
const OWNER_PATIENCE_MS = 5
/** An answer is kept back no longer for the owner's word that it knows of an object. */
const TOLD_PATIENCE_MS = 500

/** Whose call an answer belongs to. */
export type Maker = Omit<StoredObject, 'id' | 'usedAt'>

/** What this process knows of objects, and its word with the owner about them. */
export class Objects {
  readonly #book = new ObjectBook(MOST_REMEMBERED)
  readonly #unknown: UnknownIds
  readonly #link: ObjectLink
  readonly #clock: Clock

  constructor(link: ObjectLink, clock: Clock) {
    this.#link = link
    this.#clock = clock
    this.#unknown = new UnknownIds(clock)
  }

  /** Whether nothing is known: then no body need be looked through for ids. */
  get empty(): boolean {
    return this.#book.size === 0
  }

  of(id: string): readonly StoredObject[] {
    return this.#book.of(id)
  }

  /**
   * An answer tells of objects.
   * @returns resolves when the owner knows of them, and soon in any case; null where it does already
   */
  made(ids: readonly string[], maker: Maker): Promise<void> | null {
    const usedAt = this.#clock.wall()
    const fresh = ids
      .filter(id => !this.of(id).some(({ providerId }) => providerId === maker.providerId))
      .map(id => ({ ...maker, id, usedAt }))
    if (fresh.length === 0) return null
    this.learn({ made: fresh, gone: [] })
    return this.#tell({ made: fresh, gone: [] })
  }

  /** The object is used: now and then that is written down. */
  use(object: StoredObject): void {
    const usedAt = this.#clock.wall()
    if (usedAt - object.usedAt < OBJECT_USED_EVERY_MS) return
    const used = { ...object, usedAt }
    this.#book.put(used)
    void this.#link.tell({ made: [used], gone: [] })
  }

  gone(object: ObjectName): Promise<void> | null {
    this.#book.forget(object)
    return this.#tell({ made: [], gone: [object] })
  }

  /** What other processes said. */
  learn({ made, gone }: ObjectNews): void {
    for (const object of made) {
      this.#book.put(object)
      this.#unknown.remove(object.id)
    }
    for (const object of gone) this.#book.forget(object)
  }

  /**
   * Asks the owner about those of the ids that are not known here.
   * @returns resolves when it has answered, or the time is over; null where there is nothing to ask
   */
  ask(ids: readonly string[]): Promise<void> | null {
    const asked = ids.filter(id => !this.#knows(id) && !this.#unknown.has(id))
    return asked.length === 0 ? null : this.#ask(asked)
  }

  async #ask(ids: readonly string[]): Promise<void> {
    const heard = this.#link.find(ids).then(found => {
      this.learn({ made: found, gone: [] })
      for (const id of ids) if (!this.#knows(id)) this.#unknown.add(id)
    })
    await this.#within(OWNER_PATIENCE_MS, heard)
  }

  #knows(id: string): boolean {
    return this.#book.of(id).length > 0
  }

  #tell(news: ObjectNews): Promise<void> | null {
    const told = this.#link.tell(news)
    return told && this.#within(TOLD_PATIENCE_MS, told)
  }

  /** What came in time but was not read yet, since this process had no turn, counts as in time. */
  #within(ms: number, promise: Promise<void>): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#clock.after(ms, () => setImmediate(resolve))
      void promise.then(() => {
        timer.stop()
        resolve()
      })
    })
  }
}

import type { KeyMemory, ProviderMemory } from '../model/catalog.ts'
import type { Exposition } from '../model/exposition.ts'
import type { Link, ObjectLink } from '../model/link.ts'
import type { ObjectNews, StoredObject } from '../model/object.ts'
import type { ExchangeRecord } from '../model/record.ts'
import type { ToDaemon, ToWorker } from './worker-message.ts'

/** Batches that may be under way without the daemon having said that it took them. */
const MOST_UNDER_WAY = 4
/** Records that wait for such a word; beyond them the oldest are dropped, and counted. */
const MOST_WAITING = 50_000

/** Questions about objects that are open at once; beyond them an id is unknown. */
const MOST_QUESTIONS = 1_000

/** The link of a gateway in a process of its own: a channel that a slow daemon cannot fill. */
export class WorkerLink implements Link, ObjectLink {
  readonly #send: (message: ToDaemon) => void
  #underWay = 0
  #waiting: ExchangeRecord[] = []
  #dropped = 0
  #asking: { resolve: (exposition: Exposition) => void; reject: (error: Error) => void }[] = []

  #sequence = 0
  readonly #told = new Map<number, () => void>()
  readonly #questions = new Map<number, (found: readonly StoredObject[]) => void>()

  constructor(send: (message: ToDaemon) => void) {
    this.#send = send
  }

  records(batch: readonly ExchangeRecord[]): void {
    for (const record of batch) this.#waiting.push(record)
    const surplus = this.#waiting.length - MOST_WAITING
    if (surplus > 0) {
      this.#waiting.splice(0, surplus)
      this.#dropped += surplus
    }
    this.#pump()
  }

  verdicts(batch: readonly KeyMemory[]): void {
    this.#send({ kind: 'verdicts', batch })
  }

  outages(batch: readonly ProviderMemory[]): void {
    this.#send({ kind: 'outages', batch })
  }

  /** Resolves once the daemon knows it, and has told the other workers. */
  tell(news: ObjectNews): Promise<void> {
    const id = ++this.#sequence
    return new Promise(resolve => {
      this.#told.set(id, resolve)
      this.#send({ kind: 'objects', id, news })
    })
  }

  /** The daemon knows of some objects. */
  noted(id: number): void {
    this.#told.get(id)?.()
    this.#told.delete(id)
  }

  find(ids: readonly string[]): Promise<readonly StoredObject[]> {
    if (this.#questions.size >= MOST_QUESTIONS) return Promise.resolve([])
    const id = ++this.#sequence
    return new Promise(resolve => {
      this.#questions.set(id, resolve)
      this.#send({ kind: 'find', id, ids })
    })
  }

  found(id: number, objects: readonly StoredObject[]): void {
    this.#questions.get(id)?.(objects)
    this.#questions.delete(id)
  }

  /** The daemon took a batch. */
  taken(): void {
    this.#underWay--
    this.#pump()
  }

  /** The daemon's metrics. Who asks while it is asked already waits for the same answer. */
  expose(): Promise<Exposition> {
    return new Promise((resolve, reject) => {
      this.#asking.push({ resolve, reject })
      if (this.#asking.length === 1) this.#send({ kind: 'expose' })
    })
  }

  exposed({ exposition, error }: Extract<ToWorker, { kind: 'exposed' }>): void {
    for (const { resolve, reject } of this.#asking.splice(0)) {
      if (exposition !== null) resolve(exposition)
      else reject(new Error(error))
    }
  }

  /** Sends all that waits, however slow the daemon is: there is no later. */
  sendAll(): void {
    this.#underWay = 0
    this.#pump()
  }

  #pump(): void {
    if (this.#underWay >= MOST_UNDER_WAY || this.#waiting.length === 0) return
    const batch = this.#waiting
    const dropped = this.#dropped
    this.#waiting = []
    this.#dropped = 0
    this.#underWay++
    this.#send({ kind: 'records', batch, dropped })
  }
}

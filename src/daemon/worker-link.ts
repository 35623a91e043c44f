import type { KeyMemory, ProviderMemory } from '../model/catalog.ts'
import type { Exposition } from '../model/exposition.ts'
import type { Link } from '../model/link.ts'
import type { ExchangeRecord } from '../model/record.ts'
import type { ToDaemon, ToWorker } from './worker-message.ts'

/** Batches that may be under way without the daemon having said that it took them. */
const MOST_UNDER_WAY = 4
/** Records that wait for such a word; beyond them the oldest are dropped, and counted. */
const MOST_WAITING = 50_000

/** The link of a gateway in a process of its own: a channel that a slow daemon cannot fill. */
export class WorkerLink implements Link {
  readonly #send: (message: ToDaemon) => void
  #underWay = 0
  #waiting: ExchangeRecord[] = []
  #dropped = 0
  #asking: { resolve: (exposition: Exposition) => void; reject: (error: Error) => void }[] = []

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

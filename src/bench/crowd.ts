import { systemClock, within } from '../base/clock.ts'
import { Client } from './client.ts'
import { hung, PATIENCE_MS } from './driver.ts'
import { type Door, requestBytes } from './request.ts'
import { faultIn, type Length, lengthOf, type Traffic } from './traffic.ts'

/** Streams that are to be open at the same time. */
export interface CrowdOrder {
  readonly door: Door
  readonly traffic: Traffic
  readonly streams: number
  /** Begun each second, until all are. */
  readonly rate: number
  /** Of those that wait for their first event. */
  readonly most: number
  /** Whether answers have to come as the upstream sent them, to the byte. */
  readonly exact: boolean
}

/** Where the streams stand. */
export interface CrowdReport {
  /** Begun and not at their end. */
  readonly open: number
  /** Not 200, cut short, or not of the length they should have. */
  readonly broken: number
  /** Why the first of them broke. */
  readonly fault: string | null
}

/** Holds many streams open. */
export class Crowd {
  readonly #order: CrowdOrder
  readonly #length: Length
  readonly #request: Buffer
  readonly #open = new Set<Client>()
  #broken = 0
  #fault: string | null = null
  #begun = 0
  #ended = 0
  #told: () => void = () => {}

  constructor(order: CrowdOrder) {
    this.#order = order
    this.#length = lengthOf(order.traffic)
    this.#request = requestBytes(order.door, order.traffic)
  }

  /** Resolves when each stream has had its first event, or broke. */
  async gather(): Promise<CrowdReport> {
    const { streams, rate, most } = this.#order
    const start = systemClock.now()
    let asked = 0
    const timer = systemClock.every(1, () => {
      const due = Math.ceil(((systemClock.now() - start) * rate) / 1_000)
      const next = Math.min(due, streams, this.#begun + most)
      for (; asked < next; asked++) this.#ask()
      if (asked === streams) timer.stop()
    })
    await this.#until(() => this.#begun >= streams)
    return this.look()
  }

  look(): CrowdReport {
    return { open: this.#open.size, broken: this.#broken, fault: this.#fault }
  }

  /** Resolves when all streams have ended, each by itself. */
  async finish(): Promise<CrowdReport> {
    await this.#until(() => this.#ended >= this.#order.streams)
    return this.look()
  }

  #ask(): void {
    let begun = false
    const begin = () => {
      if (!begun) this.#begun++
      begun = true
    }
    const end = (fault: string | null) => {
      if (!this.#open.delete(client)) return
      begin()
      client.close()
      this.#ended++
      if (fault !== null) {
        this.#broken++
        this.#fault ??= fault
      }
      this.#told()
    }
    const client = new Client(this.#order.door.port, this.#request, {
      begun: () => {
        begin()
        this.#told()
      },
      answered: bytes => {
        end(this.#order.exact ? faultIn(bytes, this.#length) : null)
      },
      failed: error => end(error.message),
    })
    this.#open.add(client)
    client.ask()
  }

  #until(reached: () => boolean): Promise<void> {
    const done = new Promise<void>(resolve => {
      this.#told = () => {
        if (reached()) resolve()
      }
      this.#told()
    })
    return within(systemClock, PATIENCE_MS, done, hung)
  }
}

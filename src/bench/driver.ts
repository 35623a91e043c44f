import { systemClock, within } from '../base/clock.ts'
import { Client } from './client.ts'
import { type Door, requestBytes } from './request.ts'
import { faultIn, type Length, lengthOf, type Traffic } from './traffic.ts'

/** A number of requests over a number of connections. */
export interface DriveOrder {
  readonly door: Door
  readonly traffic: Traffic
  /** With a `rate` those to begin with: more are made where all wait for an answer. */
  readonly connections: number
  readonly requests: number
  /** Begun each second, whatever was answered; null: each connection asks again when it was answered. */
  readonly rate: number | null
  /** Whether answers have to come as the upstream sent them, to the byte. */
  readonly exact: boolean
}

/** Times in ms. */
export interface Drive {
  readonly requests: number
  readonly ms: number
  /** Request sent to answer complete. */
  readonly p50: number
  readonly p99: number
  /** Request sent to the first byte of the answer's body. */
  readonly firstP50: number
  readonly firstP99: number
}

/** No order takes as long, unless somebody does not answer at all. */
export const PATIENCE_MS = 300_000

export function hung(): never {
  throw new Error('Some answers had not come after five minutes.')
}

/** Carries one order out. */
export class Driver {
  readonly #order: DriveOrder
  readonly #length: Length
  readonly #request: Buffer
  readonly #clients: Client[] = []
  readonly #idle: (() => void)[] = []
  readonly #times: number[] = []
  readonly #firsts: number[] = []
  #startedAt = 0
  #asked = 0
  #resolve!: (drive: Drive) => void
  #reject!: (error: Error) => void

  constructor(order: DriveOrder) {
    this.#order = order
    this.#length = lengthOf(order.traffic)
    this.#request = requestBytes(order.door, order.traffic)
  }

  /** Rejects where one answer is not 200, not whole, or not of the length it should have. */
  async drive(): Promise<Drive> {
    const done = new Promise<Drive>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const all = Array.from({ length: this.#order.connections }, () => this.#connect())
    const connected = Promise.all(this.#clients.map(client => client.connected))
    try {
      await Promise.race([connected, done])
      this.#startedAt = systemClock.now()
      if (this.#order.rate === null) for (const ask of all) ask()
      else this.#keepTime(this.#order.rate, all)
      return await within(systemClock, PATIENCE_MS, done, hung)
    } finally {
      for (const client of this.#clients) client.close()
    }
  }

  #keepTime(rate: number, idle: readonly (() => void)[]): void {
    this.#idle.push(...idle)
    const timer = systemClock.every(1, () => {
      const due = Math.ceil(((systemClock.now() - this.#startedAt) * rate) / 1_000)
      while (this.#asked < Math.min(due, this.#order.requests)) {
        const ask = this.#idle.pop() ?? this.#connect()
        ask()
      }
      if (this.#asked === this.#order.requests) timer.stop()
    })
  }

  /** @returns what asks once over the new connection */
  #connect(): () => void {
    let askedAt = 0
    const ask = () => {
      if (this.#asked === this.#order.requests) return
      this.#asked++
      askedAt = systemClock.now()
      client.ask()
    }
    const client = new Client(this.#order.door.port, this.#request, {
      begun: () => this.#firsts.push(systemClock.now() - askedAt),
      answered: bytes => {
        this.#count(bytes, systemClock.now() - askedAt)
        if (this.#order.rate === null) ask()
        else this.#idle.push(ask)
      },
      failed: this.#reject,
    })
    this.#clients.push(client)
    return ask
  }

  #count(bytes: number, ms: number): void {
    const fault = this.#order.exact ? faultIn(bytes, this.#length) : null
    if (fault !== null) this.#reject(new Error(fault))
    this.#times.push(ms)
    if (this.#times.length === this.#order.requests) this.#resolve(this.#summary())
  }

  #summary(): Drive {
    const times = this.#times.sort((a, b) => a - b)
    const firsts = this.#firsts.sort((a, b) => a - b)
    return {
      requests: times.length,
      ms: systemClock.now() - this.#startedAt,
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      firstP50: quantile(firsts, 0.5),
      firstP99: quantile(firsts, 0.99),
    }
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

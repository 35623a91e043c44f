import type { Token } from '../model/catalog.ts'
import { Bucket } from './bucket.ts'

/** What a client token has used of its own limits; outlives reloads, like a key's state. */
export class Caller {
  inFlight = 0
  #rpm: number | null = null
  #concurrency: number | null = null
  #bucket: Bucket | null = null

  configure(token: Token): void {
    if (token.rpm !== this.#rpm) this.#bucket = token.rpm === null ? null : new Bucket(token.rpm)
    this.#rpm = token.rpm
    this.#concurrency = token.concurrency
  }

  /** Admits one request and returns 0, or returns the milliseconds until one may come. */
  enter(now: number): number {
    const wait = this.wait(now)
    if (wait > 0) return wait
    this.#bucket?.take(now)
    this.inFlight++
    return 0
  }

  /** Milliseconds until one more request may come; 0: now. */
  wait(now: number): number {
    if (this.#concurrency !== null && this.inFlight >= this.#concurrency) return 1_000
    return this.#bucket === null ? 0 : Math.ceil(this.#bucket.wait(now))
  }

  leave(): void {
    this.inFlight--
  }
}

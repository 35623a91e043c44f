import type { Exchange } from './exchange.ts'

/**
 * The exchanges under way. Each knows its place in one array that lives as long as the gateway:
 * the tables that V8 replaces in a churning Set refer to their successors, so the dead ones would
 * keep every exchange they held from minor garbage collections.
 */
export class InFlight implements Iterable<Exchange> {
  readonly #exchanges: Exchange[] = []
  #whenEmpty: (() => void)[] = []

  get size(): number {
    return this.#exchanges.length
  }

  add(exchange: Exchange): void {
    exchange.place = this.#exchanges.push(exchange) - 1
  }

  /** The last one takes its place. */
  remove(exchange: Exchange): void {
    const { place } = exchange
    if (place === -1) return
    exchange.place = -1
    const last = this.#exchanges.pop()
    if (last !== undefined && last !== exchange) {
      this.#exchanges[place] = last
      last.place = place
    }
    if (this.#exchanges.length === 0) for (const call of this.#whenEmpty.splice(0)) call()
  }

  /** Resolves when none is under way. */
  emptied(): Promise<void> {
    if (this.#exchanges.length === 0) return Promise.resolve()
    return new Promise(resolve => this.#whenEmpty.push(resolve))
  }

  /** Goes over those that are there now, whichever of them end meanwhile. */
  [Symbol.iterator](): Iterator<Exchange> {
    return this.#exchanges.slice().values()
  }
}

import type { Clock, Timer } from '../../src/base/clock.ts'

interface Entry {
  at: number
  readonly every: number | null
  readonly call: () => void
}

/** A clock that stands still until it is told to advance; timers fire in order of their time. */
export class ManualClock implements Clock {
  #now = 1_000
  #wall: number
  readonly #entries = new Set<Entry>()

  constructor(wall = Date.UTC(2026, 0, 1)) {
    this.#wall = wall
  }

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#wall
  }

  after(ms: number, call: () => void): Timer {
    return this.#add({ at: this.#now + ms, every: null, call })
  }

  every(ms: number, call: () => void): Timer {
    return this.#add({ at: this.#now + ms, every: ms, call })
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve))
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#entries.size
  }

  /** Moves both times forward, firing what falls due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let due = this.#nextDue(end); due; due = this.#nextDue(end)) {
      this.#move(due.at - this.#now)
      if (due.every === null) this.#entries.delete(due)
      else due.at += due.every
      due.call()
    }
    this.#move(end - this.#now)
  }

  /** Moves both times forward at once, as for a process that was stopped: what fell due fires once. */
  leap(ms: number): void {
    this.#move(ms)
    for (const due of [...this.#entries].filter(({ at }) => at <= this.#now)) {
      if (!this.#entries.has(due)) continue
      if (due.every === null) this.#entries.delete(due)
      else due.at = this.#now + due.every
      due.call()
    }
  }

  /** Moves the wall clock alone, as an operator or a time server would. */
  jump(ms: number): void {
    this.#wall += ms
  }

  #add(entry: Entry): Timer {
    this.#entries.add(entry)
    return { stop: () => void this.#entries.delete(entry) }
  }

  #nextDue(end: number): Entry | null {
    let first: Entry | null = null
    for (const entry of this.#entries) {
      if (entry.at <= end && (first === null || entry.at < first.at)) first = entry
    }
    return first
  }

  #move(ms: number): void {
    this.#now += ms
    this.#wall += ms
  }
}

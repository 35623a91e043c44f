import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '../base/clock.ts'

/** Where an answer stops short, and how: silence, a broken connection, or an end as if it were complete. */
export interface Cut {
  readonly events?: number
  readonly bytes?: number
  readonly ending: 'hang' | 'die' | 'end'
}

interface Pace {
  readonly clock: Clock
  /** Pieces a second; 0: as fast as the client reads. */
  readonly rate: number
}

/** Writes an answer piece by piece, no faster than its pace and no faster than the client reads. */
export class Delivery {
  readonly #response: ServerResponse
  readonly #pieces: Iterator<string | Buffer>
  readonly #pace: Pace
  readonly #cut: Cut | null
  readonly #began: number
  readonly #resume = () => this.#run()
  #timer: Timer | null = null
  #events = 0
  #bytes = 0

  constructor(
    response: ServerResponse,
    pieces: Iterable<string | Buffer>,
    pace: Pace,
    cut: Cut | null,
  ) {
    this.#response = response
    this.#pieces = pieces[Symbol.iterator]()
    this.#pace = pace
    this.#cut = cut
    this.#began = pace.clock.now()
  }

  start(): void {
    this.#response.on('drain', this.#resume)
    this.#response.once('close', () => {
      this.#timer?.stop()
      this.#pieces.return?.()
    })
    this.#response.flushHeaders()
    this.#run()
  }

  #run(): void {
    while (!this.#response.destroyed) {
      const how = this.#step()
      if (how === 'on') continue
      if (how !== 'wait') this.#stop(how)
      return
    }
  }

  #step(): Cut['ending'] | 'on' | 'wait' {
    if (this.#isCut()) return this.#cut?.ending ?? 'end'
    const wait = this.#untilDue()
    if (wait > 0) {
      this.#timer = this.#pace.clock.after(wait, this.#resume)
      return 'wait'
    }
    const next = this.#pieces.next()
    if (next.done) return 'end'
    return this.#write(next.value) ? 'on' : 'wait'
  }

  #isCut(): boolean {
    const { events, bytes } = this.#cut ?? {}
    return (
      this.#events >= (events ?? Number.POSITIVE_INFINITY) ||
      this.#bytes >= (bytes ?? Number.POSITIVE_INFINITY)
    )
  }

  #untilDue(): number {
    if (this.#pace.rate === 0) return 0
    const due = this.#began + (this.#events * 1_000) / this.#pace.rate
    return due - this.#pace.clock.now()
  }

  /** False when the client must read before more is written. */
  #write(piece: string | Buffer): boolean {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    const kept = bytes.subarray(0, (this.#cut?.bytes ?? Number.POSITIVE_INFINITY) - this.#bytes)
    this.#events++
    this.#bytes += kept.length
    return this.#response.write(kept)
  }

  #stop(how: Cut['ending']): void {
    this.#response.off('drain', this.#resume)
    if (how === 'end') this.#response.end()
    // Not destroy(): what was written before must arrive.
    if (how === 'die') this.#response.socket?.destroySoon()
  }
}

import type { ServerResponse } from 'node:http'
import type { RecordFilter } from '../model/record.ts'
import { recordMatches } from '../model/record-match.ts'
import type { LiveExchange, TailLine } from './api.ts'

/** Lines kept for a reader that is slower than the traffic; beyond it they are counted. */
const MOST_WAITING = 1_000

/** Hands exchanges to everybody who follows them, at each one's own pace. */
export class TailHub {
  readonly #readers = new Set<Reader>()

  /** Whether anybody follows. */
  get followed(): boolean {
    return this.#readers.size > 0
  }

  publish(batch: readonly LiveExchange[]): void {
    for (const reader of this.#readers) {
      for (const exchange of batch) reader.offer(exchange)
    }
  }

  /** Streams matching exchanges until the other side hangs up. */
  stream(filter: RecordFilter, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    response.flushHeaders()
    const reader = new Reader(filter, response)
    this.#readers.add(reader)
    response.on('close', () => this.#readers.delete(reader))
  }

  close(): void {
    for (const reader of this.#readers) reader.close()
  }
}

class Reader {
  readonly #filter: RecordFilter
  readonly #response: ServerResponse
  #waiting: TailLine[] = []
  #dropped = 0
  #full = false

  constructor(filter: RecordFilter, response: ServerResponse) {
    this.#filter = filter
    this.#response = response
    response.on('drain', () => this.#resume())
  }

  offer(exchange: LiveExchange): void {
    if (!recordMatches(exchange, this.#filter)) return
    if (!this.#full) this.#write({ exchange })
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push({ exchange })
    else this.#dropped++
  }

  close(): void {
    this.#response.end()
  }

  #resume(): void {
    this.#full = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const line of waiting) this.#write(line)
    if (this.#dropped > 0) this.#write({ dropped: this.#dropped })
    this.#dropped = 0
  }

  #write(line: TailLine): void {
    if (!this.#response.write(`${JSON.stringify(line)}\n`)) this.#full = true
  }
}

import type { ServerResponse } from 'node:http'
import type { RecordFilter } from '../model/record.ts'
import { recordMatches } from '../model/record-match.ts'
import type { LiveExchange, TailLine } from './api.ts'

/** Lines kept for a reader that is slower than the traffic; beyond it they are counted. */
const MOST_WAITING = 1_000

/** Hands exchanges to everybody who follows them, at each one's own pace. */
export class TailHub {
  readonly #readers = new Set<TailReader>()

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
    this.follow(filter, response, line => `${JSON.stringify(line)}\n`)
  }

  /** Writes matching exchanges to an answer that has begun, each as `write` has it. */
  follow(
    filter: RecordFilter,
    response: ServerResponse,
    write: (line: TailLine) => string,
  ): TailReader {
    const reader = new TailReader(filter, response, write)
    this.#readers.add(reader)
    response.on('close', () => this.#readers.delete(reader))
    return reader
  }

  close(): void {
    for (const reader of this.#readers) reader.close()
  }
}

/** One who follows. */
export class TailReader {
  readonly #filter: RecordFilter
  readonly #response: ServerResponse
  readonly #form: (line: TailLine) => string
  #waiting: TailLine[] = []
  #dropped = 0
  #full = false

  constructor(filter: RecordFilter, response: ServerResponse, form: (line: TailLine) => string) {
    this.#filter = filter
    this.#response = response
    this.#form = form
    response.on('drain', () => this.#resume())
  }

  offer(exchange: LiveExchange): void {
    if (!recordMatches(exchange, this.#filter)) return
    if (!this.#full) this.#write({ exchange })
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push({ exchange })
    else this.#dropped++
  }

  /** Writes something else in between; nothing where what came before is not read yet. */
  interject(text: string): void {
    if (!this.#full) this.#send(text)
  }

  close(): void {
    this.#response.end()
  }

  /** Ends it at once, whatever waits for it. */
  cut(): void {
    this.#response.destroy()
  }

  /** It does not read: what is for it waits. */
  get full(): boolean {
    return this.#full
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
    this.#send(this.#form(line))
  }

  #send(text: string): void {
    if (this.#response.destroyed) return
    if (!this.#response.write(text)) this.#full = true
  }
}

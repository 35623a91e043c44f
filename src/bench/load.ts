import { systemClock } from '../base/clock.ts'
import { reportReady } from './child.ts'
import { Client } from './client.ts'
import { trafficNamed } from './traffic.ts'

/** A number of requests over a number of connections, each asking again when it was answered. */
export interface Order {
  readonly traffic: 'json' | 'stream'
  readonly port: number
  readonly token: string
  readonly connections: number
  readonly requests: number
}

/** Times in ms. */
export interface Drive {
  readonly requests: number
  readonly ms: number
  /** Request sent to answer complete. */
  readonly p50: number
  readonly p99: number
}

/** The load generator, in a process of its own; it takes orders by message, one at a time. */
export function runLoad(): void {
  process.on('message', (order: Order) => {
    new Driver(order).drive().then(
      drive => process.send?.(drive),
      error => {
        process.stderr.write(`load: ${(error as Error).message}\n`)
        process.exit(1)
      },
    )
  })
  reportReady(0)
}

/** Carries one order out. */
class Driver {
  readonly #order: Order
  readonly #answerBytes: number
  readonly #request: Buffer
  readonly #clients: Client[] = []
  readonly #times: number[] = []
  readonly #startedAt = systemClock.now()
  #asked = 0
  #resolve!: (drive: Drive) => void
  #reject!: (error: Error) => void

  constructor(order: Order) {
    const { answerBytes, requestBody } = trafficNamed(order.traffic)
    this.#order = order
    this.#answerBytes = answerBytes
    this.#request = requestBytes(order, requestBody)
  }

  /** Rejects where one answer is not 200, not whole, or not of the length it should have. */
  drive(): Promise<Drive> {
    return new Promise<Drive>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      for (let i = 0; i < this.#order.connections; i++) this.#connect()
    }).finally(() => {
      for (const client of this.#clients) client.close()
    })
  }

  #connect(): void {
    let askedAt = 0
    const ask = () => {
      if (this.#asked === this.#order.requests) return
      this.#asked++
      askedAt = systemClock.now()
      client.ask()
    }
    const answered = (bytes: number) => {
      this.#count(bytes, systemClock.now() - askedAt)
      ask()
    }
    const client = new Client(this.#order.port, this.#request, answered, this.#reject)
    this.#clients.push(client)
    ask()
  }

  #count(bytes: number, ms: number): void {
    if (bytes !== this.#answerBytes) {
      this.#reject(new Error(`An answer has ${bytes} bytes instead of ${this.#answerBytes}.`))
    }
    this.#times.push(ms)
    if (this.#times.length === this.#order.requests) this.#resolve(this.#summary())
  }

  #summary(): Drive {
    const times = this.#times.sort((a, b) => a - b)
    return {
      requests: times.length,
      ms: systemClock.now() - this.#startedAt,
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
    }
  }
}

/** As the official clients send it, minus the headers that no gateway looks at. */
function requestBytes({ port, token }: Order, body: string): Buffer {
  return Buffer.from(
    [
      'POST /v1/chat/completions HTTP/1.1',
      `host: 127.0.0.1:${port}`,
      'connection: keep-alive',
      'accept: application/json',
      'content-type: application/json',
      'user-agent: OpenAI/JS 6.49.0',
      'x-stainless-lang: js',
      'x-stainless-retry-count: 0',
      `authorization: Bearer ${token}`,
      'accept-encoding: gzip, deflate',
      `content-length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

import { type buildConnector, Client, type Dispatcher } from 'undici'

/** One connection, or the promise of one: undici's client connects when it is first asked, and again. */
interface Line {
  readonly client: Client
  /** It carries no request. */
  free: boolean
  /** Its connection ended; it takes no other request. */
  gone: boolean
}

/**
 * Connections to one origin, each with one request at a time, as many as are needed at once. What was
 * used last is used next: the others may close for want of use, and it is the least likely to be stale.
 *
 * undici's own pool looks through all its clients at every request, which with thousands of streams open
 * costs more than the request itself.
 */
export class ConnectionPool {
  readonly #origin: string
  readonly #options: Client.Options
  readonly #lines = new Set<Line>()
  /** A stack. Those that are gone stay until they are half of it. */
  #free: Line[] = []
  #gone = 0

  /**
   * @param origin scheme, host and port
   * @param options of each client
   */
  constructor(
    origin: string,
    options: Client.Options & { readonly connect: buildConnector.connector },
  ) {
    this.#origin = origin
    this.#options = options
  }

  /** Connections that are, or are about to be. */
  get size(): number {
    return this.#lines.size
  }

  /** All that comes of a request reaches its handler; never throws. */
  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const line = this.#take() ?? this.#open()
    line.free = false
    if (line.client.dispatch(request, handler)) this.#giveBack(line)
  }

  /** Each connection is closed when its request has ended. */
  close(): void {
    for (const line of this.#lines) this.#retire(line)
  }

  /** Ends every connection at once, and the requests on them. */
  async destroy(): Promise<void> {
    const clients = Array.from(this.#lines, ({ client }) => client)
    this.#lines.clear()
    this.#free = []
    await Promise.all(clients.map(client => client.destroy()))
  }

  #take(): Line | null {
    for (let line = this.#free.pop(); line !== undefined; line = this.#free.pop()) {
      if (!line.gone) return line
      this.#gone--
    }
    return null
  }

  #open(): Line {
    const client = new Client(this.#origin, this.#options)
    const line: Line = { client, free: false, gone: false }
    this.#lines.add(line)
    client.on('drain', () => this.#giveBack(line))
    client.on('disconnect', () => this.#retire(line))
    client.on('connectionError', () => this.#retire(line))
    return line
  }

  #giveBack(line: Line): void {
    if (line.free || line.gone) return
    line.free = true
    this.#free.push(line)
  }

  #retire(line: Line): void {
    if (line.gone) return
    line.gone = true
    this.#lines.delete(line)
    // A request that it has not sent yet is sent all the same.
    line.client.close().catch(() => {})
    if (!line.free) return
    if (++this.#gone > this.#free.length / 2) {
      this.#free = this.#free.filter(({ gone }) => !gone)
      this.#gone = 0
    }
  }
}

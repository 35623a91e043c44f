import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What came, as it was on the wire. */
export interface Echo {
  readonly method: string
  /** Path and query, as in the request line. */
  readonly target: string
  /** Flat: name, value, …; as they were spelled. */
  readonly rawHeaders: readonly string[]
  readonly bytes: number
  readonly sha256: string
}

export interface Reply {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** An upstream that keeps of each request what it was, but not its body, and answers as it is told. */
export class EchoUpstream {
  /** Null: the echo itself, as JSON. */
  reply: Reply | null = null
  /** Takes a request over before its body is read. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => void) | null = null
  readonly echoes: Echo[] = []
  /** Bytes of bodies that came. */
  received = 0
  connections = 0
  readonly #server: Server
  readonly #came: (() => void)[] = []
  readonly #aborted: (() => void)[] = []

  private constructor() {
    this.#server = createServer({ requestTimeout: 0 }, (request, response) => {
      for (const call of this.#came.splice(0)) call()
      if (this.intercept !== null) this.intercept(request, response)
      else this.#receive(request, response)
    })
    this.#server.on('connection', () => this.connections++)
  }

  static async start(): Promise<EchoUpstream> {
    const upstream = new EchoUpstream()
    await new Promise<void>(resolve => upstream.#server.listen(0, '127.0.0.1', resolve))
    return upstream
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`
  }

  /** The head of the next request is there. */
  nextHead(): Promise<void> {
    return new Promise(resolve => this.#came.push(resolve))
  }

  /** The connection of a request broke before its body was complete. */
  nextAbort(): Promise<void> {
    return new Promise(resolve => this.#aborted.push(resolve))
  }

  /** The only request that came since the last call. */
  take(): Echo {
    const [echo, ...more] = this.echoes.splice(0)
    if (echo === undefined || more.length > 0) throw new Error(`${more.length + 1} requests came.`)
    return echo
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const hash = createHash('sha256')
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      this.received += chunk.length
      hash.update(chunk)
    })
    request.on('close', () => {
      if (!request.readableEnded) for (const call of this.#aborted.splice(0)) call()
    })
    request.on('error', () => {})
    request.on('end', () => {
      const echo: Echo = {
        method: request.method ?? '',
        target: request.url ?? '',
        rawHeaders: request.rawHeaders,
        bytes,
        sha256: hash.digest('hex'),
      }
      this.echoes.push(echo)
      const json = Buffer.from(JSON.stringify(echo))
      const { status, headers, body } = this.reply ?? {
        status: 200,
        headers: ['Content-Type', 'application/json', 'Content-Length', String(json.length)],
        body: json,
      }
      response.writeHead(status, headers as string[])
      response.end(body)
    })
  }
}

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const ANSWER = '{"object":"chat.completion","choices":[{"index":0}]}'

/** A request as it stood on the wire. */
export interface Sniffed {
  readonly method: string
  readonly url: string
  /** Flat: name, value, …; as they came. */
  readonly raw: readonly string[]
  body: string
}

/** An upstream that answers everything, and keeps every request and every byte that reached it. */
export class Sniffer {
  readonly requests: Sniffed[] = []
  #bytes = ''
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const { method = '', url = '', rawHeaders: raw } = request
      const sniffed = { method, url, raw, body: '' }
      this.requests.push(sniffed)
      request.on('data', chunk => {
        sniffed.body += chunk
      })
      request.on('end', () => {
        response.writeHead(200, {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(ANSWER),
        })
        response.end(ANSWER)
      })
    })
    this.#server.maxHeadersCount = 0
    this.#server.on('connection', socket =>
      socket.on('data', chunk => {
        this.#bytes += chunk.toString('latin1')
      }),
    )
  }

  static async start(): Promise<Sniffer> {
    const sniffer = new Sniffer()
    await new Promise<void>(resolve => sniffer.#server.listen(0, '127.0.0.1', resolve))
    return sniffer
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** What came since the last call. */
  take(): { requests: Sniffed[]; bytes: string } {
    const bytes = this.#bytes
    this.#bytes = ''
    return { requests: this.requests.splice(0), bytes }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}

import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How one request is answered: with a status and a body, or by breaking the connection. */
export type Reaction =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  | 'reset'
  | 'hang'

export const GOOD = {
  status: 200,
  body: { id: 'x', object: 'chat.completion', choices: [] },
} satisfies Reaction
export const RATE = {
  status: 429,
  body: { error: { code: 'rate_limit_exceeded' } },
} satisfies Reaction
export const REFUSED = {
  status: 401,
  body: { error: { code: 'invalid_api_key' } },
} satisfies Reaction
export const BROKE = {
  status: 402,
  body: { error: { code: 'insufficient_quota' } },
} satisfies Reaction
export const OVERLOADED = {
  status: 503,
  body: { error: { type: 'server_error' } },
} satisfies Reaction

/** An upstream that does what the test says at that moment, and keeps count by key. */
export class PliantUpstream {
  /** By the key's name in the credential (`sk-NAME-0123…`). */
  react: (key: string, request: IncomingMessage, body: Buffer) => Reaction = () => GOOD
  /** After how many ms it answers. */
  delay = 0
  /** Names of the keys that came, in order. */
  readonly came: string[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', () => {
        const credential = String(
          request.headers.authorization ??
            request.headers['x-api-key'] ??
            request.headers['x-goog-api-key'],
        )
        const key = /sk-(.*)-0123456789abcdef/.exec(credential)?.[1] ?? ''
        this.came.push(key)
        const reaction = this.react(key, request, Buffer.concat(chunks))
        if (reaction === 'hang') return
        if (reaction === 'reset') {
          request.socket.resetAndDestroy()
          return
        }
        const answer = () =>
          response
            .writeHead(reaction.status, { 'content-type': 'application/json', ...reaction.headers })
            .end(JSON.stringify(reaction.body ?? {}))
        if (this.delay > 0) setTimeout(answer, this.delay)
        else answer()
      })
    })
  }

  static async start(): Promise<PliantUpstream> {
    const upstream = new PliantUpstream()
    await new Promise<void>(resolve => upstream.#server.listen(0, '127.0.0.1', resolve))
    return upstream
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`
  }

  /** The keys that came since the last call. */
  take(): string[] {
    return this.came.splice(0)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}

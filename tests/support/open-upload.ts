import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { TOKEN } from './gateway.ts'

/** An upload under way: its head is sent, its body as the test says. */
export class OpenUpload {
  /** The head of the answer; rejects where the connection breaks before it. */
  readonly response: Promise<IncomingMessage>
  /** Resolves when it is told to go on (100). */
  readonly told: Promise<void>
  /** When its connection has closed. */
  readonly closed: Promise<void>
  readonly #sent: ClientRequest

  /** @param headers besides the token: content-type, and content-length or transfer-encoding */
  constructor(port: number, path: string, headers: Record<string, string>, token = TOKEN) {
    this.#sent = request({
      port,
      host: '127.0.0.1',
      path,
      method: 'POST',
      agent: false,
      headers: { connection: 'keep-alive', authorization: `Bearer ${token}`, ...headers },
    })
    this.response = new Promise((resolve, reject) => {
      this.#sent.on('response', resolve)
      this.#sent.on('error', reject)
    })
    this.response.catch(() => {})
    this.told = new Promise(resolve => this.#sent.on('continue', resolve))
    this.closed = new Promise(resolve => this.#sent.on('close', resolve))
    this.#sent.flushHeaders()
  }

  /** Resolves when the bytes are on their way; or when they never will be. */
  send(bytes: Buffer): Promise<void> {
    return new Promise(resolve => this.#sent.write(bytes, () => resolve()))
  }

  end(): void {
    this.#sent.end()
  }

  leave(): void {
    this.#sent.destroy()
  }

  /** Status and the error's code, once the whole answer has come. */
  async answer(): Promise<readonly [status: number, code: string | undefined]> {
    const response = await this.response
    let text = ''
    for await (const chunk of response) text += chunk
    return [response.statusCode ?? 0, text === '' ? undefined : JSON.parse(text).error?.code]
  }
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What one request was. */
export interface Kept {
  readonly key: string
  readonly method: string
  readonly path: string
  readonly body: string
  readonly status: number
}

const ID = /^[a-z]+[-_]\d{8}/

/**
 * A vendor whose keys are accounts of their own: an object is there for the key that made it, and for every
 * other key it is 404, in a path as in a body.
 */
export class KeepingUpstream {
  readonly seen: Kept[] = []
  /** Id → the key's name in its credential (`sk-NAME-0123…`). */
  readonly owners = new Map<string, string>()
  /** Answers in another way where it gives something. */
  react: (
    request: IncomingMessage,
    key: string,
    response: ServerResponse,
    body: string,
  ) => boolean = () => false
  readonly #server: Server
  #made = 0

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', () => this.#answer(request, response, Buffer.concat(chunks).toString()))
    })
  }

  static async start(): Promise<KeepingUpstream> {
    const upstream = new KeepingUpstream()
    await new Promise<void>(resolve => upstream.#server.listen(0, '127.0.0.1', resolve))
    return upstream
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`
  }

  /** Names of the keys that came since the last call. */
  take(): string[] {
    return this.seen.splice(0).map(({ key }) => key)
  }

  /** An object of a key that was made past the gateway. */
  plant(prefix: string, key: string): string {
    const id = `${prefix}${String(++this.#made).padStart(8, '0')}`
    this.owners.set(id, key)
    return id
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const key = /sk-(.*)-0123456789abcdef/.exec(String(request.headers.authorization))?.[1] ?? ''
    const { method = 'GET', url = '' } = request
    const path = url.split('?', 1)[0] as string
    const seen = (status: number) => this.seen.push({ key, method, path, body, status })
    if (this.react(request, key, response, body)) {
      seen(response.statusCode)
      return
    }
    const { status, value } = this.#serve(key, method, path, body)
    seen(status)
    const text = JSON.stringify(value)
    // In two pieces, the second with the last byte only, for who would cut the recording short.
    response.writeHead(status, { 'content-type': 'application/json' })
    response.write(text.slice(0, -1))
    response.end(text.slice(-1))
  }

  #serve(key: string, method: string, path: string, body: string) {
    const ids = path.split('/').filter(segment => ID.test(segment))
    const named = [...body.matchAll(/"([a-z]+[-_]\d{8})"/g)].map(([, id]) => id as string)
    const strange = [...ids, ...named].find(id => this.owners.get(id) !== key)
    if (strange !== undefined) {
      return { status: 404, value: { error: { message: `No such object: ${strange}` } } }
    }
    const last = path.split('/').at(-1) as string
    if (method === 'DELETE') {
      this.owners.delete(last)
      return { status: 200, value: { id: last, deleted: true } }
    }
    if (ID.test(last)) return { status: 200, value: { id: last, key } }
    if (last.startsWith('made-up-')) return { status: 404, value: { error: {} } }
    if (method === 'GET') {
      const own = [...this.owners].filter(([, owner]) => owner === key)
      return { status: 200, value: { object: 'list', data: own.map(([id]) => ({ id })) } }
    }
    return { status: 200, value: { id: this.plant(prefixOf(last), key), object: last, key } }
  }
}

function prefixOf(collection: string): string {
  if (collection === 'responses') return 'resp_'
  if (collection === 'completions') return 'chatcmpl-'
  return collection === 'files' ? 'file-' : `${collection.replace(/e?s$/, '').replaceAll('_', '')}_`
}

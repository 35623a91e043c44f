import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'

const ANSWER = '{"object":"chat.completion","choices":[{"index":0}]}'
const FINE = answer('200 OK')
/** Another key is tried at once; this one again in a moment. */
const REFUSED = answer('429 Too Many Requests\r\nretry-after-ms: 1')
const LINE = /^([!#$%&'*+.^_`|~0-9a-z-]+): ([\t\x20-\x7e\x80-\xff]*)$/

/** A request as it stood on the wire, by nobody's parser but this one. */
export interface Upward {
  readonly method: string
  readonly target: string
  /** In lower case, as they must come. */
  readonly names: readonly string[]
  readonly values: readonly string[]
  /** Without its framing. */
  readonly body: string
}

/** An upstream that takes what RFC 9112 allows a careful sender, and keeps what it was asked. */
export class StrictUpstream {
  readonly requests: Upward[] = []
  /** What no careful sender would have sent. */
  readonly faults: string[] = []
  /** Whether the next request is to be refused, so that it is sent once more. */
  refuses: () => boolean = () => false
  readonly #server: Server
  readonly #open = new Set<Socket>()

  private constructor() {
    this.#server = createServer(socket => this.#serve(socket))
  }

  static async start(): Promise<StrictUpstream> {
    const upstream = new StrictUpstream()
    await new Promise<void>(resolve => upstream.#server.listen(0, '127.0.0.1', resolve))
    return upstream
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  take(): Upward[] {
    return this.requests.splice(0)
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    let got = ''
    this.#open.add(socket)
    socket.on('close', () => this.#open.delete(socket))
    socket.on('error', () => {})
    socket.on('data', chunk => {
      got += chunk.toString('latin1')
      try {
        for (let next = requestIn(got); next !== null; next = requestIn(got)) {
          got = got.slice(next.length)
          this.requests.push(next.request)
          socket.write(this.refuses() ? REFUSED : FINE)
        }
      } catch (error) {
        this.faults.push(`${(error as Error).message}: ${JSON.stringify(got.slice(0, 2_000))}`)
        socket.destroy()
      }
    })
  }
}

function answer(status: string): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${ANSWER.length}\r\n\r\n${ANSWER}`
}

/** The request at the start of these bytes; null where more must come. */
function requestIn(bytes: string): { readonly request: Upward; readonly length: number } | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [first = '', ...lines] = bytes.slice(0, end).split('\r\n')
  const [, method, target] = /^([A-Z]+) (\/[\x21-\x7e\x80-\xff]*) HTTP\/1\.1$/.exec(first) ?? []
  if (method === undefined || target === undefined) throw new Error('No request line')
  const fields = lines.map(line => LINE.exec(line) ?? [])
  if (fields.some(([line]) => line === undefined)) throw new Error('No field')
  const names = fields.map(([, name]) => name as string)
  const values = fields.map(([, , value]) => value as string)
  const body = bodyIn(bytes, end + 4, names, values)
  if (body === null) return null
  return { request: { method, target, names, values, body: body.content }, length: body.end }
}

/** One length, or one coding that is `chunked`, or no body (RFC 9112 §6.3). */
function bodyIn(
  bytes: string,
  from: number,
  names: readonly string[],
  values: readonly string[],
): { readonly content: string; readonly end: number } | null {
  const framing = names.filter(name => name === 'content-length' || name === 'transfer-encoding')
  if (framing.length > 1) throw new Error('Two framings')
  if (framing.length === 0) return { content: '', end: from }
  const value = values[names.indexOf(framing[0] as string)] as string
  if (framing[0] === 'transfer-encoding') {
    if (value !== 'chunked') throw new Error('Another coding')
    return chunksIn(bytes, from)
  }
  if (!/^(0|[1-9]\d*)$/.test(value)) throw new Error('No length')
  const end = from + Number(value)
  return bytes.length < end ? null : { content: bytes.slice(from, end), end }
}

/** Sizes in hexadecimal alone, no extensions, no trailers. */
function chunksIn(bytes: string, from: number): { content: string; end: number } | null {
  let content = ''
  for (let at = from; ; ) {
    const line = bytes.indexOf('\r\n', at)
    if (line === -1) return null
    const digits = bytes.slice(at, line)
    if (!/^[0-9a-f]+$/i.test(digits)) throw new Error('No size')
    const size = Number.parseInt(digits, 16)
    const end = line + 2 + size + 2
    if (bytes.length < end) return null
    if (bytes.slice(end - 2, end) !== '\r\n') throw new Error('No end of a chunk')
    content += bytes.slice(line + 2, end - 2)
    at = end
    if (size === 0) return { content, end }
  }
}

import { connect, type Socket } from 'node:net'

/** What is told of a connection. */
export interface Heard {
  /** The answer's first byte of body came. */
  begun(): void
  /** @param bytes of the body of an answer that is complete */
  answered(bytes: number): void
  /** An answer that is not 200, or a connection that broke. */
  failed(error: Error): void
}

/** One keep-alive connection that asks the same thing again and again. */
export class Client {
  /** Resolves when it is connected. */
  readonly connected: Promise<void>
  readonly #socket: Socket
  readonly #request: Buffer
  readonly #heard: Heard
  readonly #answer = new AnswerScan()
  #waits = false

  constructor(port: number, request: Buffer, heard: Heard) {
    this.#request = request
    this.#heard = heard
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.connected = new Promise(resolve => this.#socket.once('connect', () => resolve()))
    this.#socket.on('data', chunk => this.#read(chunk))
    this.#socket.on('error', error => heard.failed(error))
    this.#socket.on('close', () => heard.failed(new Error('The connection was closed.')))
  }

  ask(): void {
    this.#waits = true
    this.#socket.write(this.#request)
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    try {
      const complete = this.#answer.push(chunk)
      if (this.#waits && (complete || this.#answer.received > 0)) {
        this.#waits = false
        this.#heard.begun()
      }
      if (complete) this.#heard.answered(this.#answer.bytes)
    } catch (error) {
      this.#socket.destroy(error as Error)
    }
  }
}

const HEAD_END = Buffer.from('\r\n\r\n')
/** Of the body of an answer that is not 200. */
const QUOTED = 300
const LENGTH = /\r\ncontent-length: *(\d+)\r\n/i

/** Finds the end of one HTTP/1.1 answer after the other, and no more than that (RFC 9112 §6, §7.1). */
export class AnswerScan {
  /** Body bytes of the last complete answer. */
  bytes = 0
  /** Body bytes of the answer that is coming; 0 once it is complete. */
  received = 0
  #head: Buffer | null = null
  #inHead = true
  #chunked = false
  /** Bytes of the body, or of the chunk with its CRLF, that are still to come. */
  #left = 0
  #sizeLine = ''

  /** @returns whether the answer is complete; nothing may follow it in the chunk */
  push(chunk: Buffer): boolean {
    let at = 0
    if (this.#inHead) {
      const head = this.#head === null ? chunk : Buffer.concat([this.#head, chunk])
      const end = head.indexOf(HEAD_END)
      if (end === -1) {
        this.#head = head
        return false
      }
      at = chunk.length - (head.length - end - HEAD_END.length)
      this.#open(head.toString('latin1', 0, end + 2), chunk.toString('latin1', at, at + QUOTED))
    }
    const complete = this.#chunked ? this.#dechunk(chunk, at) : this.#plain(chunk.length - at)
    if (complete) this.#finish()
    return complete
  }

  #open(head: string, begin: string): void {
    if (!head.startsWith('HTTP/1.1 200 ')) {
      throw new Error(`Answered: ${head.split('\r\n', 1)[0]} ${begin}`.trimEnd())
    }
    const [, length] = LENGTH.exec(head) ?? []
    this.#inHead = false
    this.#head = null
    this.#chunked = length === undefined
    this.#left = Number(length ?? 0)
    this.received = 0
  }

  #plain(length: number): boolean {
    this.received += length
    this.#left -= length
    return this.#left === 0
  }

  #dechunk(chunk: Buffer, from: number): boolean {
    let at = from
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at)
        this.#left -= taken
        at += taken
        continue
      }
      const end = chunk.indexOf('\n', at)
      this.#sizeLine += chunk.toString('latin1', at, end === -1 ? chunk.length : end + 1)
      if (end === -1) return false
      at = end + 1
      // The last chunk is `0` and an empty line: there are no trailers here.
      if (this.#sizeLine === '0\r\n\r\n') return true
      if (this.#sizeLine === '0\r\n') continue
      const size = Number.parseInt(this.#sizeLine, 16)
      this.received += size
      this.#left = size + 2
      this.#sizeLine = ''
    }
    return false
  }

  #finish(): void {
    this.bytes = this.received
    this.received = 0
    this.#inHead = true
    this.#sizeLine = ''
  }
}

import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** What a client asks. */
export interface Question {
  readonly method: string
  readonly path: string
  readonly body: Buffer | null
}

/** The client's request: its body is there as soon as somebody listens. */
function requestOf({ method, path, body }: Question, id: string): IncomingMessage {
  const headers = {
    host: '127.0.0.1',
    'x-request-id': id,
    ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': '1' }),
  }
  const request = Object.assign(new EventEmitter(), {
    method,
    url: path,
    headers,
    rawHeaders: Object.entries(headers).flat(),
    httpVersion: '1.1',
    complete: true,
    socket: { remoteAddress: '127.0.0.1' },
    readableEnded: false,
  })
  request.on('newListener', name => {
    if (name !== 'end') return
    queueMicrotask(() => {
      request.emit('data', body)
      request.readableEnded = true
      request.emit('end')
    })
  })
  return request as unknown as IncomingMessage
}

/** One client: its request, and all that it is given, written down instead of sent. */
export class Client extends EventEmitter {
  readonly id: string
  readonly question: Question
  readonly request: IncomingMessage
  readonly socket = { destroySoon: () => this.#cut() }
  headersSent = false
  destroyed = false
  writableFinished = false
  shouldKeepAlive = true

  status = 0
  readonly pieces: Buffer[] = []
  /** The answer was ended as complete. */
  complete = false
  /** The connection was ended without that. */
  cut = false
  /** It closed the connection before the answer was over. */
  left = false
  /** The server closed it because nothing was taken any more. */
  dropped = false
  closed = false
  /** It takes nothing for now. */
  full = false
  /** What a server must not do with a response. */
  readonly misuse: string[] = []
  readonly #isFull: () => boolean

  /** @param isFull asked after each write: whether that filled what the client's side can hold */
  constructor(id: string, question: Question, isFull: () => boolean) {
    super()
    this.id = id
    this.question = question
    this.request = requestOf(question, id)
    this.#isFull = isFull
  }

  get response(): ServerResponse {
    return this as unknown as ServerResponse
  }

  get body(): Buffer {
    return Buffer.concat(this.pieces)
  }

  writeHead(status: number): this {
    if (this.headersSent) this.misuse.push('a second head')
    this.headersSent = true
    this.status = status
    return this
  }

  hasHeader(): boolean {
    return false
  }

  write(chunk: Buffer | string): boolean {
    if (this.#isOver) this.misuse.push('a write after the end')
    if (!this.headersSent) this.misuse.push('a write before the head')
    this.pieces.push(Buffer.from(chunk as string))
    this.full ||= this.#isFull()
    return !this.full
  }

  end(chunk?: Buffer | string, encoding?: BufferEncoding): void {
    if (this.#isOver) this.misuse.push('a second end')
    if (chunk !== undefined) {
      this.pieces.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
    }
    this.complete = true
  }

  uncork(): void {}

  destroy(): void {
    this.dropped ||= !this.#isOver && this.full
    this.destroyed = true
    this.#cut()
  }

  /** It takes more. */
  drain(): void {
    this.full = false
    this.emit('drain')
  }

  leave(): void {
    this.left = !this.#isOver
    this.destroyed = true
    this.close()
  }

  /** It has no use for an answer. */
  get isGone(): boolean {
    return this.left || this.dropped
  }

  /** Whether its connection is about to close, or to be free for another request. */
  get isClosing(): boolean {
    return !this.closed && (this.cut || this.destroyed || (this.complete && !this.full))
  }

  close(): void {
    this.closed = true
    this.writableFinished = this.complete && !this.destroyed
    this.emit('close')
  }

  #cut(): void {
    if (!this.complete) this.cut = true
  }

  get #isOver(): boolean {
    return this.complete || this.cut || this.left
  }
}

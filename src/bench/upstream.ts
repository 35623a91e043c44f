import { createServer, type Socket } from 'node:net'
import { systemClock } from '../base/clock.ts'
import { type Answer, answerIn, markOf, piecesOf, TURN_MS } from './answers.ts'
import { listenOnLoopback, type Ready } from './child.ts'
import { RequestScan } from './request-scan.ts'

/** What the upstream tells once it listens, and whoever asks it. */
export interface UpstreamCount extends Ready {
  /** Requests that it refused because of their key, since its start. */
  readonly refused: number
  /** Pieces of streamed answers that it sent, since its start. */
  readonly sent: number
}

/** Both are answered by its counts. */
export type UpstreamOrder = { readonly tell: true } | { readonly letGo: true }

/** Part of a key's value: of two requests with such keys one is refused. A gateway would rest them ever longer for more. */
export const LIMITED = 'rate-limited'
/** The same: each of its requests is. */
export const INVALID = 'not-accepted'

/**
 * The provider of the bench, in a process of its own: it answers from ready bytes and reads of a
 * request only where it ends and what it asks for, so that it costs a fraction of what it measures.
 */
export async function runUpstream(): Promise<void> {
  const upstream = new Upstream()
  const server = createServer({ noDelay: true }, socket => upstream.serve(socket))
  systemClock.every(TURN_MS, () => upstream.turn())
  const port = await listenOnLoopback(server)
  const tell = () => {
    const { refused, sent } = upstream
    process.send?.({ port, refused, sent } satisfies UpstreamCount)
  }
  process.on('disconnect', () => process.exit())
  process.on('message', (order: UpstreamOrder) => {
    if ('letGo' in order) upstream.letGo()
    tell()
  })
  tell()
}

const JSON_ANSWER = whole('200 OK', piecesOf(null).join(''))
const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
)
/** The key may be asked again so soon, so that failures go on as long as the load does. */
const LIMITED_ANSWER = whole(
  '429 Too Many Requests',
  '{"error":{"message":"Rate limit reached.","type":"requests","code":"rate_limit_exceeded"}}',
  'retry-after-ms: 1\r\n',
)
const INVALID_ANSWER = whole(
  '401 Unauthorized',
  '{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","code":"invalid_api_key"}}',
)

function whole(status: string, text: string, header = ''): Buffer {
  return Buffer.from(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${header}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
}

class Upstream {
  refused = 0
  sent = 0
  readonly #streams = new Set<Stream>()
  readonly #chunks = new Map<string, readonly Buffer[]>()
  #turn = 0
  #limited = 0
  #begun = 0

  serve(socket: Socket): void {
    const scan = new RequestScan()
    socket.on('data', chunk => {
      if (scan.push(chunk)) this.#answer(socket, scan)
    })
    socket.on('error', () => socket.destroy())
  }

  turn(): void {
    this.#turn++
    for (const stream of this.#streams) if (!stream.turn(this.#turn)) this.#streams.delete(stream)
  }

  /** Ends the answers that are held. */
  letGo(): void {
    for (const stream of this.#streams) stream.letGo()
  }

  #answer(socket: Socket, { head, start }: RequestScan): void {
    if (head.includes(LIMITED) && this.#limited++ % 2 === 0) this.#refuse(socket, LIMITED_ANSWER)
    else if (head.includes(INVALID)) this.#refuse(socket, INVALID_ANSWER)
    else {
      const answer = answerIn(start)
      if (answer === null) socket.write(JSON_ANSWER)
      else this.#begin(socket, answer)
    }
  }

  #begin(socket: Socket, answer: Answer): void {
    const count = () => {
      this.sent++
    }
    const chunks = this.#chunksOf(answer)
    this.#streams.add(new Stream(socket, answer, chunks, this.#begun++, count))
  }

  #refuse(socket: Socket, answer: Buffer): void {
    this.refused++
    socket.write(answer)
  }

  #chunksOf(answer: Answer): readonly Buffer[] {
    const name = markOf(answer)
    const chunks = this.#chunks.get(name) ?? piecesOf(answer).map(chunked)
    this.#chunks.set(name, chunks)
    return chunks
  }
}

function chunked(piece: string, index: number, all: readonly string[]): Buffer {
  const end = index === all.length - 1 ? '0\r\n\r\n' : ''
  return Buffer.from(`${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n${end}`)
}

/** An answer that goes out piece by piece. */
class Stream {
  readonly #socket: Socket
  readonly #chunks: readonly Buffer[]
  readonly #every: number
  readonly #phase: number
  readonly #sent: () => void
  #held: boolean
  #next = 0

  /**
   * @param number of the stream: those of one pace are spread over its turns
   * @param sent is told of each piece
   */
  constructor(
    socket: Socket,
    { kind, pace }: Answer,
    chunks: readonly Buffer[],
    number: number,
    sent: () => void,
  ) {
    this.#socket = socket
    this.#chunks = chunks
    this.#sent = sent
    this.#held = kind === 'held'
    this.#every = Math.max(1, Math.round(pace / TURN_MS))
    this.#phase = number % this.#every
    socket.write(STREAM_HEAD)
    if (kind === 'prompt' || kind === 'held') this.#advance()
  }

  letGo(): void {
    if (this.#held) this.#next = this.#chunks.length - 1
    this.#held = false
  }

  /** False when there is nothing more to send. */
  turn(turn: number): boolean {
    if (this.#socket.destroyed) return false
    if (turn % this.#every !== this.#phase || this.#socket.writableNeedDrain) return true
    return this.#advance()
  }

  #advance(): boolean {
    this.#socket.write(this.#chunks[this.#next] as Buffer)
    this.#sent()
    if (!this.#held || this.#next === 0) this.#next++
    return this.#next < this.#chunks.length
  }
}

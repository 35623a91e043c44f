import { createServer, type Socket } from 'node:net'
import { systemClock } from '../base/clock.ts'
import { listenOnLoopback, reportReady } from './child.ts'
import { EVENT_PACE_MS, JSON_TRAFFIC, STREAM_MARK, STREAM_TRAFFIC } from './traffic.ts'

/**
 * The provider of the bench, in a process of its own: it answers from ready bytes and reads of a
 * request only where it ends, so that it costs a fraction of what it measures.
 */
export async function runUpstream(): Promise<void> {
  const streams = new Set<Stream>()
  const server = createServer({ noDelay: true }, socket => serve(socket, streams))
  systemClock.every(EVENT_PACE_MS, () => {
    for (const stream of streams) if (!stream.advance()) streams.delete(stream)
  })
  reportReady(await listenOnLoopback(server))
}

const HEAD_END = Buffer.from('\r\n\r\n')
const MARK = Buffer.from(STREAM_MARK)
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i

const JSON_ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${JSON_TRAFFIC.answerBytes}\r\n\r\n${JSON_TRAFFIC.pieces.join('')}`,
)
const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
)
const STREAM_CHUNKS = STREAM_TRAFFIC.pieces.map(chunked)

function chunked(piece: string, index: number, all: readonly string[]): Buffer {
  const end = index === all.length - 1 ? '0\r\n\r\n' : ''
  return Buffer.from(`${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n${end}`)
}

/** An answer that goes out piece by piece. */
class Stream {
  readonly #socket: Socket
  #next = 0

  constructor(socket: Socket) {
    this.#socket = socket
    socket.write(STREAM_HEAD)
  }

  /** False when there is nothing more to send. */
  advance(): boolean {
    const chunk = STREAM_CHUNKS[this.#next++]
    if (chunk === undefined || this.#socket.destroyed) return false
    return this.#socket.write(chunk)
  }
}

function serve(socket: Socket, streams: Set<Stream>): void {
  let pending: Buffer | null = null
  socket.on('data', (chunk: Buffer) => {
    const bytes = pending === null ? chunk : Buffer.concat([pending, chunk])
    const end = requestEnd(bytes)
    pending = end === -1 ? bytes : null
    if (end === -1) return
    if (bytes.includes(MARK)) streams.add(new Stream(socket))
    else socket.write(JSON_ANSWER)
  })
  socket.on('error', () => socket.destroy())
}

/** Where the request ends, or -1 where it is not all there yet. */
function requestEnd(bytes: Buffer): number {
  const head = bytes.indexOf(HEAD_END)
  if (head === -1) return -1
  const [, length = '0'] = LENGTH.exec(bytes.toString('latin1', 0, head + 2)) ?? []
  const end = head + HEAD_END.length + Number(length)
  return end <= bytes.length ? end : -1
}

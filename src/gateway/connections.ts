import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { BalanceError } from '../base/errors.ts'
import { dialectNamed } from '../wire/dialects.ts'
import type { Exchange } from './exchange.ts'
import { parserFault, UNKNOWN_METHOD } from './framing.ts'
import { refusalHeaders } from './protocol.ts'

/** What is known of one connection. */
interface Known {
  /** To the request that came last; null once both are complete: it holds all that its request held. */
  newest: ServerResponse<IncomingMessage> | null
}

/**
 * Knows of every connection which request came last. Where it can't be told for sure where a request
 * ends, nothing that follows it is served: it could be hidden there on purpose (RFC 9112 §11.2).
 */
export class Connections {
  readonly #known = new WeakMap<Duplex, Known>()
  readonly #refused = new WeakSet<Duplex>()

  /** @returns whether the request may be served: not, once its connection was given up */
  begin({ socket }: IncomingMessage, response: ServerResponse<IncomingMessage>): boolean {
    if (this.#refused.has(socket)) return false
    const known = this.#known.get(socket)
    if (known === undefined) this.#known.set(socket, { newest: response })
    else known.newest = response
    return true
  }

  /** Call when a response is closed. */
  end({ socket, complete }: IncomingMessage, response: ServerResponse<IncomingMessage>): void {
    const known = this.#known.get(socket)
    if (known?.newest === response && complete) known.newest = null
  }

  /** Answers one request with a refusal, and serves none that comes behind it. */
  turnAway(request: IncomingMessage, response: ServerResponse, refusal: BalanceError): void {
    this.#refused.add(request.socket)
    const { head, body } = written(refusal)
    response.writeHead(refusal.status, [...head, 'connection', 'close'])
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  /** What is no HTTP gets an answer behind those under way, and a closed connection. */
  refuseMalformed(error: NodeJS.ErrnoException, socket: Socket, all: Iterable<Exchange>): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    // The parser says it again with every byte that comes.
    if (this.#refused.has(socket)) return
    this.#refused.add(socket)
    socket.pause()
    const refusal = parserFault(error)
    const newest = this.#known.get(socket)?.newest ?? null
    if (newest === null) refuseOn(socket, refusal)
    else if (!newest.req.complete) refuseRest(newest, error.code, all, refusal)
    else if (newest.writableFinished) refuseOn(socket, refusal)
    else newest.on('close', () => refuseOn(socket, refusal))
  }
}

/** The body of this request is broken. Where it had its answer already, nothing may follow that. */
function refuseRest(
  { req, headersSent }: ServerResponse<IncomingMessage>,
  code: string | undefined,
  all: Iterable<Exchange>,
  refusal: BalanceError,
): void {
  const exchange = Array.from(all).find(({ request }) => request === req)
  if (headersSent) req.socket.destroySoon()
  // It said that nothing more will come: then it has left.
  else if (exchange?.onBroken && code !== 'HPE_INVALID_EOF_STATE') breakBody(exchange, refusal)
  else refuseOn(req.socket, refusal)
}

/** The rest of the body will not come: its exchange ends with this, and its connection too. */
export function breakBody(exchange: Exchange, reason: BalanceError): void {
  exchange.broken = true
  exchange.response.shouldKeepAlive = false
  exchange.onBroken?.(reason)
}

/** Refuses CONNECT. Without a listener Node ends the connection and says nothing; with one the socket is its. */
export function refuseTunnel(socket: Duplex): void {
  socket.on('error', () => {})
  socket.resume()
  refuseOn(socket, UNKNOWN_METHOD)
}

/** Answers where Node made no response for it, and closes. */
export function refuseOn(socket: Duplex, refusal: BalanceError): void {
  if (!socket.writable) return
  const { head, body } = written(refusal)
  const lines = head.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
  const status = `${refusal.status} ${STATUS_CODES[refusal.status]}`
  const bytes = `HTTP/1.1 ${status}\r\n${lines}connection: close\r\n\r\n${body}`
  socket.end(bytes, () => socket.destroy())
}

/** As OpenAI tells errors: whose path it is was not looked at. */
function written(refusal: BalanceError): { head: string[]; body: string | Buffer } {
  const body = dialectNamed('openai').errorBody(refusal, '')
  const length = String(Buffer.byteLength(body))
  const head = ['content-type', 'application/json', 'content-length', length]
  head.push(...refusalHeaders(refusal))
  return { head, body }
}

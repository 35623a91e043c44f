import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { BalanceError } from '../base/errors.ts'
import { dialectNamed } from '../wire/dialects.ts'
import { asksForDashboard, showDashboard } from './dashboard.ts'
import { Exchange } from './exchange.ts'
import { asksForMetrics, expose } from './expose.ts'
import type { Gateway } from './gateway.ts'
import { answerHealth } from './health.ts'
import { serve } from './pipeline.ts'
import { notServed, refusalHeaders } from './protocol.ts'
import { newRequestId } from './request-id.ts'

const REQUEST_ID = /^[\w.-]{1,128}$/

/** A certificate with its chain, and its private key; PEM. */
export interface Tls {
  readonly cert: string
  readonly key: string
}

export type GatewayServer = Server | TlsServer

const OPTIONS = {
  headersTimeout: 10_000,
  requestTimeout: 0,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2_000,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
  noDelay: true,
}
const TLS_OPTIONS = { ...OPTIONS, handshakeTimeout: 10_000, ALPNProtocols: ['http/1.1'] }

/**
 * The HTTP server of a gateway, not yet listening. Node's own parser is strict; what it would hide
 * (surplus headers) is let through to be counted.
 * @param tls null: plain HTTP
 */
export function createGatewayServer(gateway: Gateway, tls: Tls | null): GatewayServer {
  const onRequest = (request: IncomingMessage, response: ServerResponse) =>
    accept(gateway, request, response)
  const server =
    tls === null
      ? createServer(OPTIONS, onRequest)
      : createTlsServer({ ...TLS_OPTIONS, ...tls }, onRequest)
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    accept(gateway, request, response, true),
  )
  server.maxHeadersCount = 0
  server.on('clientError', refuseMalformed)
  server.on('connect', refuseTunnel)
  return server
}

/** @param expects the client waits for word before it sends its body */
function accept(
  gateway: Gateway,
  request: IncomingMessage,
  response: ServerResponse,
  expects = false,
): void {
  if (answerHealth(gateway, request, response)) return
  if (asksForDashboard(request.url ?? '/')) {
    if (expects) response.writeContinue()
    showDashboard(gateway, request, response)
    return
  }
  const snapshot = gateway.holder.current
  if (snapshot === null) {
    response.writeHead(503, { 'retry-after': '1' }).end()
    return
  }
  if (gateway.draining) response.shouldKeepAlive = false
  const now = gateway.clock.now()
  const wall = gateway.clock.wall()
  const id = requestId(request, wall)
  const exchange = new Exchange(request, response, snapshot, id, now, wall)
  exchange.expects = expects
  if (asksForMetrics(request.url ?? '/')) {
    void expose(exchange, gateway)
    return
  }
  gateway.exchanges.add(exchange)
  response.on('close', () => close(gateway, exchange))
  void serve(exchange, gateway)
}

function requestId({ headers }: IncomingMessage, wall: number): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newRequestId(wall)
}

/** A client that leaves early ends the upstream's work at once. */
function close(gateway: Gateway, exchange: Exchange): void {
  gateway.exchanges.remove(exchange)
  if (exchange.accounted || exchange.response.writableFinished) return
  exchange.left = true
  exchange.attempt?.relay.leave()
  exchange.onLeft?.()
}

/** What is no HTTP gets an answer and a closed connection; there is no exchange to account for. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  endWith(socket, malformed(error))
}

/** Without a listener Node ends the connection and says nothing. */
function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => {})
  socket.on('finish', () => socket.destroy())
  socket.resume()
  endWith(socket, notServed('CONNECT'))
}

function endWith(socket: Duplex, refusal: BalanceError): void {
  const body = dialectNamed('openai').errorBody(refusal, '')
  const headers = refusalHeaders(refusal)
  socket.end(
    [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      ...headers.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${headers[i + 1]}`] : [])),
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}

function malformed({ code }: NodeJS.ErrnoException): BalanceError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new BalanceError('headers_too_large', 'The request headers are too large.')
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new BalanceError('request_timeout', 'The request did not arrive in time.')
  }
  return new BalanceError('invalid_request', 'This is not a valid HTTP/1.1 request.')
}

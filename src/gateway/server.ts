import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { awaitRest } from './arrival.ts'
import { Connections, refuseTunnel } from './connections.ts'
import { asksForDashboard, showDashboard } from './dashboard.ts'
import { Exchange } from './exchange.ts'
import { asksForMetrics, expose } from './expose.ts'
import { faultOf, UNKNOWN_EXPECTATION } from './framing.ts'
import type { Gateway } from './gateway.ts'
import { answerHealth } from './health.ts'
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
  // We say so ourselves, in the way that all errors are told.
  requireHostHeader: false,
}
const TLS_OPTIONS = { ...OPTIONS, handshakeTimeout: 10_000, ALPNProtocols: ['http/1.1'] }

/**
 * The HTTP server of a gateway, not yet listening. Node's own parser is strict; what it would hide
 * (surplus headers) is let through to be counted.
 * @param tls null: plain HTTP
 */
export function createGatewayServer(gateway: Gateway, tls: Tls | null): GatewayServer {
  const connections = new Connections()
  const onRequest = (
    request: IncomingMessage,
    response: ServerResponse<IncomingMessage>,
    refusal = faultOf(request),
    expects = false,
  ) => {
    if (!connections.begin(request, response)) return
    if (refusal !== null) connections.turnAway(request, response, refusal)
    else accept(gateway, connections, request, response, expects)
  }
  const server = tls === null ? createServer(OPTIONS) : createTlsServer({ ...TLS_OPTIONS, ...tls })
  server.maxHeadersCount = 0
  server.on('connection', () => gateway.flows.hurry())
  server.on('request', (request, response) => onRequest(request, response))
  server.on('checkContinue', (request, response) =>
    onRequest(request, response, faultOf(request), true),
  )
  server.on('checkExpectation', (request, response) =>
    onRequest(request, response, faultOf(request) ?? UNKNOWN_EXPECTATION),
  )
  server.on('connect', (_request, socket) => refuseTunnel(socket))
  server.on('clientError', (error, socket) =>
    connections.refuseMalformed(error, socket as Socket, gateway.exchanges),
  )
  return server
}

/** @param expects the client waits for word before it sends its body */
function accept(
  gateway: Gateway,
  connections: Connections,
  request: IncomingMessage,
  response: ServerResponse<IncomingMessage>,
  expects: boolean,
): void {
  if (answerHealth(gateway, request, response)) {
    awaitRest(request, gateway)
    return
  }
  if (asksForDashboard(request.url ?? '/')) {
    awaitRest(request, gateway)
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
    awaitRest(request, gateway)
    void expose(exchange, gateway)
    return
  }
  gateway.exchanges.add(exchange)
  response.on('close', () => {
    connections.end(request, response)
    close(gateway, exchange)
  })
  gateway.starts.add(exchange)
}

function requestId({ headers }: IncomingMessage, wall: number): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newRequestId(wall)
}

/** A client that leaves early ends the upstream's work at once. */
function close(gateway: Gateway, exchange: Exchange): void {
  gateway.exchanges.remove(exchange)
  if (!exchange.request.complete) awaitRest(exchange.request, gateway)
  if (exchange.accounted || exchange.response.writableFinished) return
  exchange.left = true
  exchange.attempt?.relay.leave()
  exchange.onLeft?.()
}

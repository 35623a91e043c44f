import type { IncomingMessage } from 'node:http'
import { BalanceError } from '../base/errors.ts'
import { breakBody } from './connections.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/** What a client has to begin with its body, and at most to go on with it, ms. */
const FIRST_MS = 10_000
const MOST_MS = 15_000
/** Each KiB earns it another second. */
const BYTES_A_MS = 1.024
/** For so long what nobody waits for may still come, ms. */
const REST_MS = 30_000

/**
 * Gives up on a client that sends its body too slowly: it has ten seconds, earns one with each KiB, and
 * never has more than fifteen in store. So it sends a KiB a second, and is silent for fifteen seconds at
 * most. While nothing is read from it, because the upstream takes no more or none has been found yet, its
 * time stands still.
 */
export function watchArrival(exchange: Exchange, now: number): void {
  const { request } = exchange
  if (request.complete) return
  const { bytesRead } = request.socket
  if (exchange.arrivesBy === 0) exchange.arrivesBy = exchange.startedAt + FIRST_MS
  else if (request.readableFlowing !== true || request.readableLength > 0) {
    exchange.arrivesBy = Math.max(exchange.arrivesBy, now + FIRST_MS)
  } else {
    const earned = (bytesRead - exchange.arrived) / BYTES_A_MS
    exchange.arrivesBy = Math.min(exchange.arrivesBy + earned, now + MOST_MS)
  }
  exchange.arrived = bytesRead
  if (now >= exchange.arrivesBy) giveUp(exchange, now)
}

function giveUp(exchange: Exchange, now: number): void {
  if (exchange.onBroken === null) {
    // It was told, or had its answer.
    exchange.request.socket.destroy()
    return
  }
  exchange.arrivesBy = now + FIRST_MS
  breakBody(exchange, new BalanceError('request_timeout', 'The body came too slowly.'))
  exchange.onBroken = null
}

/** What comes of a request that needs it no more, or that is no exchange, has its time as well. */
export function awaitRest(request: IncomingMessage, { clock, unread }: Gateway): void {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers
  if (length === '0' && coding === undefined) return
  unread.set(request, clock.now() + REST_MS)
}

export function watchRest({ unread }: Gateway, now: number): void {
  for (const [request, by] of unread) {
    if (request.complete || request.socket.destroyed) unread.delete(request)
    else if (now >= by) request.socket.destroy()
  }
}

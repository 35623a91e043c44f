import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** Who wants to know whether the connection it is sent on was used before. */
interface Sent {
  reused: boolean
}

/** Connections that a request was sent on. */
const USED = new WeakSet<Socket>()
let starting: Sent | null = null

/**
 * Call in `onRequestStart`: undici writes the request's head right after it, in the same turn, and tells
 * on which socket (https://github.com/nodejs/undici/blob/v7.x/docs/docs/api/DiagnosticsChannel.md).
 * A handler itself never gets to see its socket.
 */
export function watchReuse(sent: Sent): void {
  starting = sent
}

subscribe('undici:client:sendHeaders', message => {
  const { socket } = message as { socket: Socket }
  if (starting !== null) starting.reused = USED.has(socket)
  starting = null
  USED.add(socket)
})

import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Agents, Dial } from './agents.ts'

/** In pieces it goes up one after another, with the length of all. */
export type UpstreamBody = Buffer | readonly Buffer[] | Readable | null

/** One request to one upstream. */
export interface UpstreamRequest {
  readonly dial: Dial
  readonly method: string
  /** Path and query; it begins with one slash and is put onto the dial's origin as it is. */
  readonly path: string
  /** Flat: name, value, … */
  readonly headers: string[]
  readonly body: UpstreamBody
  /** On a connection of its own, which no other request was sent on. */
  readonly fresh: boolean
}

/**
 * Sends one request; all that comes of it reaches the handler. Never throws and never follows a
 * redirect: a 3xx would carry the credential to a place nobody configured.
 */
export function dispatch(
  agents: Agents,
  request: UpstreamRequest,
  handler: Dispatcher.DispatchHandler,
): void {
  const { dial, body, headers } = request
  const pool = request.fresh ? agents.fresh(dial) : agents.for(dial)
  if (isInPieces(body)) headers.push('content-length', String(lengthOf(body)))
  pool.dispatch(
    {
      origin: dial.origin,
      method: request.method as Dispatcher.HttpMethod,
      path: request.path,
      headers,
      // undici documents iterables, and its types do not have them.
      body: body as Buffer | Readable | null,
    },
    handler,
  )
}

function isInPieces(body: UpstreamBody): body is readonly Buffer[] {
  return Array.isArray(body)
}

function lengthOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((length, piece) => length + piece.length, 0)
}

import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Agents, Dial } from './agents.ts'

/** One request to one upstream. */
export interface UpstreamRequest {
  readonly dial: Dial
  readonly method: string
  /** Path and query; it begins with one slash and is put onto the dial's origin as it is. */
  readonly path: string
  /** Flat: name, value, … */
  readonly headers: string[]
  readonly body: Buffer | Readable | null
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
  const pool = request.fresh ? agents.fresh(request.dial) : agents.for(request.dial)
  pool.dispatch(
    {
      origin: request.dial.origin,
      method: request.method as Dispatcher.HttpMethod,
      path: request.path,
      headers: request.headers,
      body: request.body,
    },
    handler,
  )
}

import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/** A rest up to here is read, so that its connection can serve others. */
const SMALL = 65_536
/** More than this is not read of what nobody wants. */
const MOST_READ = 8 * 1_024 * 1_024
/** For so long a client may take notice of its answer, and stop sending. */
const LINGER_MS = 2_000

/** Whether so much of the request is still to come that its connection is given up with the answer. */
export function leavesUnread({ request, expects, broken, bytesIn }: Exchange): boolean {
  if (request.complete || broken) return false
  // Whether a client that asked first sends its body after a refusal nobody can tell.
  if (expects || request.headers['transfer-encoding'] !== undefined) return true
  return Number(request.headers['content-length'] ?? 0) - bytesIn > SMALL
}

/**
 * Ends an answer whose head is written, of a request that {@link leavesUnread}. To close at once would
 * reset the connection, and take the answer from a client that is still sending: so what comes is read
 * for a while, and thrown away.
 */
export function endLate(
  { request, response }: Exchange,
  { clock }: Gateway,
  body: string | Buffer | undefined,
): void {
  if (body === undefined) response.flushHeaders()
  else response.write(body)
  const end = () => {
    timer.stop()
    response.end()
  }
  const timer = clock.after(LINGER_MS, end)
  discard(request, end)
}

/** After an answer that did not wait for the end of its request: the rest is read, within bounds. */
export function discardRest({ request, response, body }: Exchange, { clock }: Gateway): void {
  body?.streaming?.close()
  if (request.complete || request.destroyed || !response.writableEnded) {
    request.resume()
    return
  }
  const timer = clock.after(LINGER_MS, () => request.destroy())
  discard(request, () => timer.stop())
}

function discard(request: Exchange['request'], over: () => void): void {
  let read = 0
  request.on('data', (chunk: Buffer) => {
    read += chunk.length
    if (read > MOST_READ) request.pause()
  })
  request.on('end', over)
  request.on('close', over)
  request.resume()
}

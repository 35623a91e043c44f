import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** A request as the mock received it. */
export interface MockRequest {
  readonly method: string
  /** Path and query as sent. */
  readonly url: string
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[]
  /** The first 32 MiB, about. */
  readonly body: Buffer
  /** Length of the whole body. */
  readonly bytes: number
  /** The credential presented; empty where there was none. */
  readonly key: string
  /** Arrival of the head, monotonic milliseconds of the mock's clock. */
  readonly time: number
}

export const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
])

/** The credential of a request: Bearer token, `x-api-key`, `api-key` or `x-goog-api-key`. */
export function keyOf(headers: IncomingHttpHeaders): string {
  const bearer = headers.authorization
  if (bearer !== undefined && /^bearer /i.test(bearer)) return bearer.slice(7).trim()
  const named = headers['x-api-key'] ?? headers['api-key'] ?? headers['x-goog-api-key']
  return typeof named === 'string' ? named : ''
}

/** Reads a request; `lost` is called in place of `done` where the client left on the way. */
export function receive(
  incoming: IncomingMessage,
  time: number,
  sink: ((chunk: Buffer) => void) | null,
  done: (request: MockRequest) => void,
  lost: (request: MockRequest) => void,
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const received = (): MockRequest => ({
    method: incoming.method ?? '',
    url: incoming.url ?? '',
    rawHeaders: incoming.rawHeaders,
    body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
    bytes,
    key: keyOf(incoming.headers),
    time,
  })
  incoming.on('data', (chunk: Buffer) => {
    if (bytes < KEPT) chunks.push(chunk)
    bytes += chunk.length
    sink?.(chunk)
  })
  incoming.once('end', () => done(received()))
  incoming.once('close', () => {
    if (!incoming.complete) lost(received())
  })
}

const KEPT = 32 * 1_024 * 1_024

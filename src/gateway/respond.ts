import type { BalanceError } from '../base/errors.ts'
import type { Dialect } from '../model/dialect.ts'
import type { Outcome } from '../model/outcome.ts'
import { downwardHeaders } from '../upstream/headers.ts'
import type { Relay } from '../upstream/relay.ts'
import { dialectOf } from '../wire/dialects.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { endLate, leavesUnread } from './leftover.ts'
import { refusalHeaders } from './protocol.ts'
import { wordsOf } from './refusal.ts'

/** Writes the head of an upstream's answer, with ours added. */
export function commit(exchange: Exchange, gateway: Gateway, relay: Relay): void {
  const { status, rawHeaders, streams } = relay
  exchange.status = status
  const whole = maskedHeaders(rawHeaders, gateway)
  // An event stream may end sooner than its upstream meant it to, or with an event of ours.
  const head = streams ? without('content-length', whole) : whole
  addOurs(head, exchange)
  exchange.response.writeHead(status, head)
}

/** Ends the exchange with a document that the gateway made itself. */
export function answer(exchange: Exchange, body: string): void {
  exchange.status = 200
  exchange.outcome = 'ok'
  const bytes = Buffer.byteLength(body)
  const head = ['content-type', 'application/json', 'content-length', String(bytes)]
  addOurs(head, exchange)
  exchange.response.writeHead(200, head)
  exchange.bytesOut = bytes
  exchange.response.end(body)
}

/** Ends the exchange with an error of our own, in the dialect of the endpoint called. */
export function refuse(exchange: Exchange, gateway: Gateway, error: BalanceError): void {
  const { response } = exchange
  exchange.error = error
  exchange.errorCode = error.code
  exchange.status = error.status
  if (error.code === 'client_closed' || response.destroyed) return
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body = dialectOf(exchange.endpoint).errorBody(error, exchange.requestId)
  const head = [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    ...refusalHeaders(error),
  ]
  addOurs(head, exchange)
  // With no time known for any key, only its owner can change that.
  const hopeless = error.code === 'no_key_available' && error.retryAfter === null
  addRetry(head, error.retryAfter, error.retry && !hopeless)
  finish(exchange, gateway, head, body)
}

/**
 * Relays an upstream's refusal as it came, secrets masked.
 * @param repeated our own attempts are spent, so the client's would only multiply them
 */
export function relayRefusal(
  exchange: Exchange,
  gateway: Gateway,
  relay: Relay,
  outcome: Outcome,
  repeated: boolean,
): void {
  const { body, coded } = maskedBody(relay, gateway)
  exchange.status = relay.status
  exchange.error = null
  const whole = maskedHeaders(relay.rawHeaders, gateway)
  const plain = coded ? whole : without('content-encoding', whole)
  // The answer to HEAD has the length of what GET would get.
  const head = exchange.method === 'HEAD' ? whole : without('content-length', plain)
  if (exchange.method !== 'HEAD') head.push('content-length', String(body.length))
  addOurs(head, exchange)
  if (repeated)
    addRetry(head, relay.headers['retry-after'] === undefined ? outcome.retryAfter : null, false)
  finish(exchange, gateway, head, body)
}

/** Sends a whole answer that did not need all of the request. */
function finish(exchange: Exchange, gateway: Gateway, head: string[], body: string | Buffer): void {
  const { response, status } = exchange
  const early = leavesUnread(exchange)
  if (early) head.push('connection', 'close')
  response.writeHead(status, head)
  exchange.bytesOut = body.length
  const content = exchange.method === 'HEAD' ? undefined : body
  if (early) endLate(exchange, gateway, content)
  else response.end(content)
}

/**
 * Ends an answer that broke off after it had begun: an error event, then a destroyed socket. A clean
 * end would tell the client that the answer is complete.
 * @param dialect of the event; null where there is none to be sent
 */
export function breakOff(exchange: Exchange, dialect: Dialect | null): void {
  const { response, error } = exchange
  exchange.errorCode = error?.code ?? null
  const { socket } = response
  if (socket === null) {
    response.destroy()
    return
  }
  if (dialect !== null && error !== null)
    response.write(dialect.errorEvent(error, exchange.requestId))
  response.uncork()
  // Flushes what was written, then closes without the chunked coding's last chunk.
  socket.destroySoon()
}

function addOurs(head: string[], exchange: Exchange): void {
  head.push('x-request-id', exchange.requestId)
  if (exchange.provider === null) return
  head.push(
    'x-balance-provider',
    exchange.provider.name,
    'x-balance-attempts',
    String(exchange.attempts),
  )
  if (exchange.keyId !== null) head.push('x-balance-key', exchange.keyId)
}

/** Both official SDKs read `x-should-retry`; OpenAI's reads `retry-after-ms` too. */
function addRetry(head: string[], retryAfter: number | null, worthwhile: boolean): void {
  if (retryAfter !== null) {
    head.push('retry-after', String(Math.max(1, Math.ceil(retryAfter / 1_000))))
    head.push('retry-after-ms', String(Math.ceil(retryAfter)))
  } else if (!worthwhile) head.push('x-should-retry', 'false')
}

function without(name: string, head: readonly string[]): string[] {
  return head.filter((_, i) => (head[i - (i % 2)] as string).toLowerCase() !== name)
}

/** A refusal's body as it came, but where there is a secret in it: then masked, and in no coding. */
function maskedBody(relay: Relay, gateway: Gateway): { body: Buffer; coded: boolean } {
  const plain = wordsOf(relay)
  const clean = plain === null ? null : maskBytes(plain, gateway)
  if (clean === null || clean === plain) return { body: Buffer.concat(relay.held), coded: true }
  return { body: clean, coded: false }
}

/** An upstream may echo the key it refuses. latin1 keeps every byte that is not part of a secret. */
export function maskBytes(bytes: Buffer, gateway: Gateway): Buffer {
  const text = bytes.toString('latin1')
  const clean = masked(text, gateway)
  return clean === text ? bytes : Buffer.from(clean, 'latin1')
}

function maskedHeaders(raw: readonly Buffer[], gateway: Gateway): string[] {
  const head = downwardHeaders(raw)
  for (let i = 1; i < head.length; i += 2) head[i] = masked(head[i] as string, gateway)
  return head
}

function masked(latin1: string, { redactor }: Gateway): string {
  const clean = redactor.redact(latin1)
  return clean === latin1 ? latin1 : clean.replaceAll('…', ELLIPSIS)
}

/** A mask's own character, as the bytes of its UTF-8. */
const ELLIPSIS = Buffer.from('…').toString('latin1')

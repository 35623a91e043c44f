import type { IncomingMessage } from 'node:http'
import { Transform, type TransformCallback } from 'node:stream'
import { BalanceError } from '../base/errors.ts'
import { formatSize } from '../model/units.ts'
import { BodyScan } from '../wire/scan.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/** A request's body: held and replayable, or streaming through once. */
export type Body =
  | { readonly held: Buffer; readonly streaming: null; readonly scan: BodyScan }
  | { readonly held: null; readonly streaming: Transform; readonly scan: null }

/** Media types that are never JSON, so never held. */
const STREAMED = /^(multipart\/|application\/octet-stream|audio\/|image\/|video\/)/i

/**
 * Reads the body, or sets it up to stream; null where there is nothing to wait for.
 * A held body is scanned for `model` and `stream` as it arrives.
 */
export function readBody(exchange: Exchange, gateway: Gateway): Promise<void> | null {
  const { request, snapshot } = exchange
  if (!hasBody(request)) return null
  const { max_body, max_upload } = snapshot.settings
  if (STREAMED.test(request.headers['content-type'] ?? '')) {
    refuseLarge(request, max_upload, 'max_upload')
    exchange.body = {
      held: null,
      streaming: request.pipe(new UploadMeter(exchange, max_upload)),
      scan: null,
    }
    return null
  }
  const coding = request.headers['content-encoding']
  if (coding !== undefined && coding !== 'identity') {
    throw new BalanceError(
      'unsupported_encoding',
      `A body in ${coding} can't be read here; send it plain.`,
    )
  }
  refuseLarge(request, max_body, 'max_body')
  return hold(exchange, gateway, max_body)
}

function hasBody({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true
  const length = headers['content-length']
  return length !== undefined && length !== '0'
}

function refuseLarge({ headers }: IncomingMessage, most: number, setting: string): void {
  if (Number(headers['content-length'] ?? 0) > most) throw tooLarge(most, setting)
}

function tooLarge(most: number, setting: string): BalanceError {
  return new BalanceError(
    'request_too_large',
    `The body is larger than ${formatSize(most)} (${setting}).`,
  )
}

/** Bytes held count against the budget of all bodies until the account gives them back. */
async function hold(exchange: Exchange, gateway: Gateway, most: number): Promise<void> {
  const scan = new BodyScan()
  const chunks: Buffer[] = []
  await new Promise<void>((resolve, reject) => {
    const { request } = exchange
    const refuse = (error: BalanceError) => {
      // What still comes is read and thrown away, so that the client gets to read the refusal.
      request.removeAllListeners('data')
      request.resume()
      reject(error)
    }
    request.on('data', (chunk: Buffer) => {
      exchange.bytesIn += chunk.length
      exchange.heldBytes += chunk.length
      gateway.heldBytes += chunk.length
      if (exchange.bytesIn > most) refuse(tooLarge(most, 'max_body'))
      else if (gateway.heldBytes > exchange.snapshot.settings.body_budget) refuse(overBudget())
      else {
        scan.push(chunk)
        chunks.push(chunk)
      }
    })
    request.on('end', resolve)
    request.on('close', () => {
      if (!request.readableEnded) reject(left())
    })
  })
  scan.end()
  const held = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
  exchange.body = { held, streaming: null, scan }
  take(exchange, scan)
}

/** Only what must be understood is refused; anything else is the upstream's to judge. */
function take(exchange: Exchange, scan: BodyScan): void {
  if (scan.problem !== null && exchange.endpoint.generate) {
    throw new BalanceError('invalid_body', `The body is no usable JSON object: ${scan.problem}.`)
  }
  exchange.model ??= scan.model
  // Gemini names it in the path.
  exchange.stream = scan.stream || exchange.path.endsWith(':streamGenerateContent')
}

function overBudget(): BalanceError {
  return new BalanceError('overloaded', 'Too many large bodies are being held (body_budget).', {
    retryAfter: 1_000,
  })
}

function left(): BalanceError {
  return new BalanceError('client_closed', 'The client left while its body was being read.')
}

/** Counts what streams through and stops it at the limit; upstream and client set the pace. */
class UploadMeter extends Transform {
  readonly #exchange: Exchange
  readonly #most: number

  constructor(exchange: Exchange, most: number) {
    super()
    this.#exchange = exchange
    this.#most = most
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#exchange.bytesIn += chunk.length
    if (this.#exchange.bytesIn > this.#most) done(tooLarge(this.#most, 'max_upload'))
    else done(null, chunk)
  }
}

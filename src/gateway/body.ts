import type { IncomingMessage } from 'node:http'
import { BalanceError } from '../base/errors.ts'
import { FormScan } from '../wire/multipart.ts'
import { boundaryOf } from '../wire/parameters.ts'
import { BodyScan } from '../wire/scan.ts'
import { left, overBudget, proceed, tooLarge } from './body-refusal.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { noKey } from './give-up.ts'
import { dependsOnModel, findRoute } from './route.ts'
import { Upflow } from './upflow.ts'
import { Upload } from './upload.ts'

/** A request's body: held, in one piece or several, and replayable, or streaming through once. */
export type Body =
  | { readonly held: readonly Buffer[]; readonly streaming: null; readonly scan: BodyScan }
  | { readonly held: null; readonly streaming: Upload; readonly scan: null }

/** Media types that are never JSON, so never held. */
const STREAMED = /^(multipart\/|application\/octet-stream|audio\/|image\/|video\/)/i

const FORM = /^multipart\//i

/**
 * Reads the body, or sets it up to stream; null where there is nothing to wait for.
 * A held body is scanned for `model` and `stream` as it arrives; of a form as much is held as that takes.
 */
export function readBody(exchange: Exchange, gateway: Gateway): Promise<void> | null {
  const { request, snapshot } = exchange
  if (!hasBody(request)) return null
  const { max_body, max_upload } = snapshot.settings
  const type = request.headers['content-type'] ?? ''
  if (STREAMED.test(type)) {
    refuseLarge(request, max_upload, 'max_upload')
    refuseHopeless(exchange, gateway)
    const upload = new Upload(exchange, gateway, formOf(exchange, type))
    exchange.body = { held: null, streaming: upload, scan: null }
    return upload.findModel()
  }
  refuseCoded(request)
  refuseLarge(request, max_body, 'max_body')
  refuseHopeless(exchange, gateway)
  return hold(exchange, gateway, max_body)
}

/** A client that asks before it sends is told of a lack of keys, where that hangs on no model. */
function refuseHopeless(exchange: Exchange, { clock }: Gateway): void {
  if (!exchange.expects || dependsOnModel(exchange)) return
  const { targets } = findRoute(exchange)
  const now = clock.now()
  if (targets.some(({ provider }) => provider.pool.peek('', [], now) !== null)) return
  throw noKey(targets, null, now)
}

/** What reads the model of a form; null where none is to be read. */
function formOf({ request, endpoint }: Exchange, type: string): FormScan | null {
  if (!endpoint.form || !FORM.test(type)) return null
  refuseCoded(request)
  const boundary = boundaryOf(type)
  if (boundary === undefined || countOf('content-type', request) > 1) {
    throw new BalanceError('invalid_body', 'The form leaves its boundary in doubt.')
  }
  return boundary === null ? null : new FormScan(boundary)
}

function countOf(name: string, { rawHeaders }: IncomingMessage): number {
  return rawHeaders.filter((given, i) => i % 2 === 0 && given.toLowerCase() === name).length
}

function refuseCoded({ headers }: IncomingMessage): void {
  const coding = headers['content-encoding']
  if (coding === undefined || coding === 'identity') return
  throw new BalanceError(
    'unsupported_encoding',
    `A body in ${coding} can't be read here; send it plain.`,
  )
}

function hasBody({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true
  const length = headers['content-length']
  return length !== undefined && length !== '0'
}

function refuseLarge({ headers }: IncomingMessage, most: number, setting: string): void {
  if (Number(headers['content-length'] ?? 0) > most) throw tooLarge(most, setting)
}

/** Bytes held count against the budget of all bodies until the account gives them back. */
async function hold(exchange: Exchange, gateway: Gateway, most: number): Promise<void> {
  const scan = new BodyScan()
  const chunks: Buffer[] = []
  await new Promise<void>((resolve, reject) => {
    const { request } = exchange
    proceed(exchange)
    const refuse = (error: BalanceError) => {
      request.removeAllListeners('data')
      chunks.length = 0
      // What still comes is thrown away.
      request.resume()
      reject(error)
    }
    exchange.onBroken = refuse
    // Most bodies come in one piece, and need none.
    let flow: Upflow | null = null
    request.on('data', (chunk: Buffer) => {
      exchange.bytesIn += chunk.length
      exchange.heldBytes += chunk.length
      gateway.heldBytes += chunk.length
      if (exchange.bytesIn > most) refuse(tooLarge(most, 'max_body'))
      else if (gateway.heldBytes > exchange.snapshot.settings.body_budget) refuse(overBudget())
      else {
        scan.push(chunk)
        if (chunks.push(chunk) === 1) return
        flow ??= new Upflow(request, gateway.flows)
        flow.took(chunk.length)
      }
    })
    request.on('end', resolve)
    request.on('close', () => {
      if (!request.readableEnded) reject(left())
    })
  })
  scan.end()
  exchange.body = { held: joined(chunks, exchange.bytesIn), streaming: null, scan }
  take(exchange, scan)
}

/** A body up to here is joined, bytes: to send several pieces costs more than a copy. */
const SHORT_BODY = 131_072
/** A chunk of fewer bytes is joined to those behind it, however long the body is. */
const SHORT_CHUNK = 16_384

/**
 * The body in as few pieces as are worth a copy. To join all of a long one doubles what the garbage
 * collector has to see to: each 64 MB of buffers have it go over the whole heap.
 */
function joined(chunks: readonly Buffer[], bytes: number): readonly Buffer[] {
  if (chunks.length <= 1) return chunks
  if (bytes <= SHORT_BODY) return [Buffer.concat(chunks, bytes)]
  const pieces: Buffer[] = []
  let from = 0
  let length = 0
  for (const [at, chunk] of chunks.entries()) {
    length += chunk.length
    if (length < SHORT_CHUNK && at < chunks.length - 1) continue
    pieces.push(at === from ? chunk : Buffer.concat(chunks.slice(from, at + 1), length))
    from = at + 1
    length = 0
  }
  return pieces
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

import type { UpstreamBody } from '../upstream/dispatch.ts'
import { replaceModelInPath } from '../wire/endpoint.ts'
import { spliceModel } from '../wire/scan.ts'
import type { Exchange } from './exchange.ts'

/** The body as it goes up: as it came, but for the name of the model where a route says another one. */
export function upwardBody(exchange: Exchange): UpstreamBody {
  const { body } = exchange
  if (body === null) return null
  const model = otherModel(exchange)
  if (body.streaming !== null) return body.streaming.open(model)
  const { held, scan } = body
  const pieces = model === null ? held : spliceModel(held, scan, model)
  if (held.length > 1) return pieces
  return pieces.length > 1 ? Buffer.concat(pieces) : (pieces[0] ?? null)
}

/**
 * The headers with those that its body asks for: a length where it streams and its client gave one, and
 * no digest where another model stands in it.
 */
export function withBodyHeaders(headers: string[], exchange: Exchange): string[] {
  if (exchange.body === null) return headers
  const model = otherModel(exchange)
  const length = exchange.body.streaming?.length(model) ?? null
  if (length !== null) headers.push('content-length', String(length))
  if (model === null) return headers
  return headers.filter((_, i) => !DIGESTS.has(headers[i - (i % 2)] as string))
}

/** RFC 9530 §2, RFC 1864. */
const DIGESTS: ReadonlySet<string> = new Set(['content-digest', 'content-md5'])

/** The model's name that takes the place of the body's; null: that stays. */
function otherModel({ endpoint, model, served }: Exchange): string | null {
  return served === model || endpoint.model !== 'body' ? null : served
}

/** The path as it goes up: as it came, but for the name of the model where a route says another one. */
export function upwardPath({ route, endpoint, model, served }: Exchange): string {
  const path = route?.path ?? '/'
  if (served === model || served === null || endpoint.model !== 'path') return path
  return replaceModelInPath(path, served)
}

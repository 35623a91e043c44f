import type { Readable } from 'node:stream'
import { replaceModelInPath } from '../wire/endpoint.ts'
import { spliceModel } from '../wire/scan.ts'
import type { Exchange } from './exchange.ts'

/** The body as it goes up: as it came, but for the name of the model where a route says another one. */
export function upwardBody(exchange: Exchange): Buffer | Readable | null {
  const { body } = exchange
  if (body === null) return null
  const model = otherModel(exchange)
  if (body.streaming !== null) return body.streaming.open(model)
  return model === null ? body.held : Buffer.concat(spliceModel([body.held], body.scan, model))
}

/** The length of a body that streams through, where the client gave one; of others it is known. */
export function upwardLength(exchange: Exchange): number | null {
  return exchange.body?.streaming?.length(otherModel(exchange)) ?? null
}

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

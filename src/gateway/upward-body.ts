import type { Readable } from 'node:stream'
import { replaceModelInPath } from '../wire/endpoint.ts'
import { spliceModel } from '../wire/scan.ts'
import type { Exchange } from './exchange.ts'

/** The body as it goes up: as it came, but for the name of the model where a route says another one. */
export function upwardBody({ body, endpoint, model, served }: Exchange): Buffer | Readable | null {
  if (body === null || body.streaming !== null) return body?.streaming ?? null
  if (served === model || served === null || endpoint.model !== 'body') return body.held
  return Buffer.concat(spliceModel([body.held], body.scan, served))
}

/** The path as it goes up: as it came, but for the name of the model where a route says another one. */
export function upwardPath({ route, endpoint, model, served }: Exchange): string {
  const path = route?.path ?? '/'
  if (served === model || served === null || endpoint.model !== 'path') return path
  return replaceModelInPath(path, served)
}

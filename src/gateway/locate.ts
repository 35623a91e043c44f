import { BalanceError } from '../base/errors.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { type Endpoint, endpointOf, modelInPath } from '../wire/endpoint.ts'
import { type ObjectUse, objectUse } from '../wire/objects.ts'
import { parseTarget, type Route } from '../wire/path.ts'
import type { Exchange } from './exchange.ts'

/** What a method and a target mean under one snapshot. */
interface Place {
  readonly route: Route
  readonly endpoint: Endpoint
  /** The model that the path names. */
  readonly model: string | null
  readonly objects: ObjectUse | null
}

/** Nearly all requests name one of a few targets: they are understood once per snapshot. */
const PLACES = new WeakMap<Snapshot, Map<string, Place>>()
const MOST_PLACES = 256
const LONGEST_TARGET = 256

/** Finds out, once and before anything is decided on it, which endpoint of which provider is meant. */
export function locate(exchange: Exchange): void {
  const { request, method, snapshot } = exchange
  const { route, endpoint, model, objects } = placeOf(method, request.url ?? '/', snapshot)
  exchange.route = route
  // Health and metrics are answered before; nothing else of the gateway's own is served here yet.
  if (route.kind === 'reserved') {
    throw new BalanceError('not_found', 'Nothing is served at this path.')
  }
  exchange.endpoint = endpoint
  exchange.model = model
  exchange.objects = objects
}

function placeOf(method: string, target: string, snapshot: Snapshot): Place {
  // A query may hold a credential, and is seldom the same twice: it is not kept.
  if (target.length > LONGEST_TARGET || target.includes('?')) return place(method, target, snapshot)
  const places = placesOf(snapshot)
  const name = `${method} ${target}`
  const known = places.get(name)
  if (known !== undefined) return known
  const found = place(method, target, snapshot)
  if (places.size >= MOST_PLACES) places.clear()
  places.set(name, found)
  return found
}

function placesOf(snapshot: Snapshot): Map<string, Place> {
  const known = PLACES.get(snapshot)
  if (known !== undefined) return known
  const places = new Map<string, Place>()
  PLACES.set(snapshot, places)
  return places
}

/** What a method and a target mean under this snapshot. */
export function place(method: string, target: string, snapshot: Snapshot): Place {
  const route = parseTarget(target, snapshot, { normalize: snapshot.settings.normalize_urls })
  const endpoint = endpointOf(method, route.path)
  const objects = objectUse(method, route.path, endpoint)
  return {
    route,
    endpoint,
    model: endpoint.model === 'path' ? modelInPath(route.path) : null,
    objects,
  }
}

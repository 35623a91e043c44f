import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import { NOBODY, type StoredObject } from '../model/object.ts'
import type { CompiledProvider, Snapshot } from '../snapshot/snapshot.ts'
import { type NamedObjects, objectsNamed, objectsNamedPlainly } from '../wire/object-names.ts'
import { isPlausible, type ObjectUse } from '../wire/objects.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/** The one key that may serve a request, since what it asks for lives with it. */
export interface Pin {
  readonly provider: CompiledProvider
  readonly keyId: string
  /** Whose key it is; null: what is asked for is known to nobody, or a list, and the key is the home key. */
  readonly object: string | null
  /** Who made the object, as {@link StoredObject.tokenId}. */
  readonly tokenId: string
}

/** Ids of a body that are looked for; all of them where tokens are kept apart. */
const MOST_NAMED = 64

const NOTHING_NAMED: NamedObjects = { named: [], alike: [] }

/**
 * Finds the key of the objects that a request names: in its path, else in its body.
 * @returns a promise only where the owner must be asked
 * @throws BalanceError object_not_found, list_not_allowed, invalid_body where tokens are kept apart
 */
export function pin(exchange: Exchange, use: ObjectUse, gateway: Gateway): Promise<void> | null {
  const apart = exchange.snapshot.settings.isolate_objects
  if (!use.home && !apart && use.ids.length === 0 && gateway.objects.empty) return null
  if (apart) refuseUnseen(exchange, use)
  const body = namedInBody(exchange, use, apart)
  const ids = [...use.ids, ...body.named, ...body.alike]
  if (ids.length === 0) {
    exchange.homeless = use.lists
    return null
  }
  const settle = () => {
    if (apart) refuseOthers(exchange, use, body, gateway)
    exchange.pin = firstPin([...use.ids, ...body.named], exchange, gateway)
    exchange.homeless = exchange.pin === null && use.home && ids.length > body.alike.length
  }
  const asking = gateway.objects.ask(ids.filter(isPlausible))
  if (asking !== null) return asking.then(settle)
  settle()
  return null
}

/**
 * Gives what nobody knows to the home key of the provider that it goes to.
 * Called once it is known where the request may go.
 */
export function keepToKey(exchange: Exchange): void {
  const [target] = exchange.targets
  if (target === undefined) return
  const { provider } = target
  if (exchange.homeless && provider.homeKey !== null) {
    exchange.pin = { provider, keyId: provider.homeKey, object: null, tokenId: NOBODY }
  }
  if (exchange.pin !== null) exchange.targets = [target]
}

function namedInBody({ body }: Exchange, use: ObjectUse, apart: boolean): NamedObjects {
  if (!use.names || body?.held == null) return NOTHING_NAMED
  const [only] = body.held
  const text = body.held.length === 1 && only !== undefined ? only : Buffer.concat(body.held)
  if (apart) return objectsNamed(text)
  return { named: objectsNamedPlainly(text).slice(0, MOST_NAMED), alike: [] }
}

function firstPin(ids: readonly string[], exchange: Exchange, { objects }: Gateway): Pin | null {
  for (const id of ids) {
    const known = objects.of(id)
    const object = objectAt(exchange, known)
    const provider = object && providerOf(object, exchange.snapshot)
    if (known.length > 0 && provider === undefined) refuseElsewhere(id, exchange)
    if (object === undefined || provider === undefined) continue
    // What lived with a key that was removed is known to nobody any more.
    if (provider.pool.key(object.keyId) === undefined) continue
    objects.use(object)
    return { provider, keyId: object.keyId, object: id, tokenId: object.tokenId }
  }
  return null
}

/** No other provider is asked in the place of one that is switched off. */
function refuseElsewhere(id: string, { route }: Exchange): void {
  if (route?.kind === 'provider') return
  throw new BalanceError(
    'provider_not_found',
    `${id} lives with a provider that is disabled, or was removed.`,
    { hint: 'See balance providers list.' },
  )
}

/** Where the path names a provider it is an object of that one; else rather the default provider's. */
function objectAt(
  { route, snapshot }: Exchange,
  known: readonly StoredObject[],
): StoredObject | undefined {
  const named = snapshot.byName.get(route?.provider ?? '')
  if (named !== undefined) return known.find(({ providerId }) => providerId === named.id)
  const preferred = snapshot.defaultProvider?.id
  const objects = known.filter(object => providerOf(object, snapshot) !== undefined)
  return objects.find(({ providerId }) => providerId === preferred) ?? objects[0]
}

function providerOf({ providerId }: StoredObject, { byName }: Snapshot) {
  for (const provider of byName.values()) if (provider.id === providerId) return provider
  return undefined
}

/** What cannot be looked through, and what would show the objects of all. */
function refuseUnseen({ body, method }: Exchange, use: ObjectUse): void {
  if (use.lists) {
    throw new BalanceError(
      'list_not_allowed',
      'Lists are not served here: they would show the objects of other tokens (isolate_objects).',
    )
  }
  if (use.names && body?.streaming && use.namesInFields) {
    throw new BalanceError(
      'list_not_allowed',
      `A ${method} with a body of this type may name objects of other tokens (isolate_objects).`,
      { hint: 'Send it as JSON.' },
    )
  }
}

/**
 * Objects that this token did not make are not there for it, known to somebody or not. What lies inside
 * of one of its own, a run of a thread, need not be known itself.
 */
function refuseOthers(
  exchange: Exchange,
  { ids: [outermost, ...inner] }: ObjectUse,
  { named, alike }: NamedObjects,
  gateway: Gateway,
): void {
  const mine = [...(outermost === undefined ? [] : [outermost]), ...named]
  const missing =
    mine.find(id => standing(id, exchange, gateway) !== 'own') ??
    [...inner, ...alike].find(id => standing(id, exchange, gateway) === 'other')
  if (missing === undefined) return
  throw new BalanceError('object_not_found', `No such object: ${printable(missing)}.`)
}

function standing(id: string, exchange: Exchange, { objects }: Gateway): 'own' | 'other' | 'none' {
  const object = objectAt(exchange, objects.of(id))
  if (object === undefined) return 'none'
  return object.tokenId === (exchange.token?.id ?? '') ? 'own' : 'other'
}

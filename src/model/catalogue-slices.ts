import { Secret } from '../base/secret.ts'
import type { Catalog, Key } from './catalog.ts'
import type { EgressProxy } from './egress-proxy.ts'
import { spanOf } from './key-span.ts'

/** A part of a catalogue on its way to another thread or process. */
export interface CatalogueSlice {
  readonly kind: 'catalogue'
  /** In the first one: all but the keys, and what becomes of the keys that were sent before. */
  readonly head: CatalogueHead | null
  /** New ones and changed ones. */
  readonly keys: readonly Packed<Key>[]
  readonly last: boolean
}

interface CatalogueHead {
  readonly rest: Omit<Catalog, 'keys' | 'proxies'>
  readonly proxies: readonly Packed<EgressProxy>[]
  /** Keys to forget; null: all of them. */
  readonly gone: readonly string[] | null
}

/** As a channel can carry it: the secret clear, for a thread or a process that is ours. */
type Packed<T> = Omit<T, 'secret'> & { readonly secret: string | null }

/** So many keys go in one message: larger ones would stop both loops while they are serialised. */
const SLICE = 500

/** Catalogues as messages for one receiver: the first one whole, then only the keys that changed. */
export class CatalogueSender {
  #sent: readonly Key[] = []

  slices({ keys, proxies, ...rest }: Catalog): CatalogueSlice[] {
    const change = changeOf(this.#sent, keys)
    this.#sent = keys
    const told = change?.keys ?? keys
    const slices: CatalogueSlice[] = []
    for (let at = 0; at === 0 || at < told.length; at += SLICE) {
      slices.push({
        kind: 'catalogue',
        head: at === 0 ? { rest, proxies: proxies.map(pack), gone: change?.gone ?? null } : null,
        keys: told.slice(at, at + SLICE).map(pack),
        last: at + SLICE >= told.length,
      })
    }
    return slices
  }
}

/** Puts slices together again; gives the catalogue when the last one has come. */
export class CatalogueAssembly {
  #rest: Omit<Catalog, 'keys'> | null = null
  readonly #keys = new Map<string, Key>()

  add({ head, keys, last }: CatalogueSlice): Catalog | null {
    if (head !== null) {
      this.#rest = { ...head.rest, proxies: head.proxies.map(unpack) }
      if (head.gone === null) this.#keys.clear()
      else for (const id of head.gone) this.#keys.delete(id)
    }
    for (const key of keys) this.#keys.set(key.id, unpack(key))
    return last && this.#rest !== null ? { ...this.#rest, keys: [...this.#keys.values()] } : null
  }
}

interface KeyChange {
  readonly keys: readonly Key[]
  readonly gone: readonly string[]
}

/** Null where it is no mere change: the order counts, and only what is new at the end keeps it. */
function changeOf(before: readonly Key[], after: readonly Key[]): KeyChange | null {
  const { from, to, before: span } = spanOf(before, after)
  const places = new Map(span.map((key, place) => [key.id, from + place]))
  const keys: Key[] = []
  let last = -1
  for (const key of after.slice(from, to)) {
    const place = places.get(key.id)
    places.delete(key.id)
    if (place !== undefined && place < last) return null
    last = place ?? Number.POSITIVE_INFINITY
    if (place === undefined || !isSame(before[place] as Key, key)) keys.push(key)
  }
  // Behind the span stand keys that were there before.
  if (last === Number.POSITIVE_INFINITY && to < after.length) return null
  return { keys, gone: [...places.keys()] }
}

function isSame(a: Key, b: Key): boolean {
  if (a === b) return true
  for (const name of Object.keys(b) as (keyof Key)[]) {
    if (name !== 'secret' && name !== 'fault' && a[name] !== b[name]) return false
  }
  return (
    a.secret?.reveal() === b.secret?.reveal() &&
    a.fault?.state === b.fault?.state &&
    a.fault?.reason === b.fault?.reason
  )
}

interface Sealed {
  readonly secret: Secret | null
}

function pack<T extends Sealed>(given: T): Packed<T> {
  return { ...given, secret: given.secret?.reveal() ?? null }
}

function unpack<T extends Sealed>(given: Packed<T>): T {
  return { ...given, secret: given.secret === null ? null : new Secret(given.secret) } as T
}

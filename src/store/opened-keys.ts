import type { Key } from '../model/catalog.ts'
import { binderOf } from './kept-value.ts'
import { keyOf, type SealedKeyRow } from './key-rows.ts'
import { type ReferenceSources, resolveReference } from './reference.ts'
import type { Binding, Seal } from './seal.ts'
import type { ProviderRow } from './tables.ts'

/** What a catalogue's keys were made of, and what they were made into, in the order of the rows. */
interface Opened {
  readonly rows: readonly SealedKeyRow[]
  readonly keys: readonly Key[]
  /** By provider id: what it is called and where its keys may be sent. */
  readonly owners: ReadonlyMap<string, Owner>
  readonly seal: Seal | null
}

interface Owner {
  readonly name: string
  readonly origin: string
  bind(keyId: string): Binding
}

/**
 * Opens the keys of a catalogue. One whose row, provider and seal are the very same as before is the same
 * object again: to unseal ten thousand takes longer than to read them, and whoever takes the catalogue
 * need not look at what did not change.
 */
export class OpenedKeys {
  #last: Opened = { rows: [], keys: [], owners: new Map(), seal: null }

  /** Those whose provider is given, in the order of their rows. @param seal null: none of them is sealed */
  open(
    given: readonly SealedKeyRow[],
    providers: readonly ProviderRow[],
    seal: Seal | null,
    sources: ReferenceSources,
  ): Key[] {
    const owners = new Map(providers.map(row => [row.id, ownerOf(row)]))
    const rows = given.filter(row => owners.has(row.provider_id))
    const last = this.#last
    let place = 0
    const keys = rows.map(row => {
      const owner = owners.get(row.provider_id) as Owner
      if (row.reference !== null) return resolved(row, owner, row.reference, sources)
      const found = placeOf(last.rows, row.id, place)
      place = found + 1
      const same = seal === last.seal && isSameOwner(last.owners.get(row.provider_id), owner)
      const known = last.rows[found]
      return same && known !== undefined && isSameRow(known, row)
        ? (last.keys[found] as Key)
        : opened(row, owner, seal)
    })
    this.#last = { rows, keys, owners, seal }
    return keys
  }
}

function ownerOf(row: ProviderRow): Owner {
  const bind = binderOf(row)
  return { name: row.name, origin: bind('').origin, bind }
}

/** From where the one before it stood: rows are in the order of adding. The length: it was not there. */
function placeOf(rows: readonly SealedKeyRow[], id: string, from: number): number {
  let place = from
  while (place < rows.length && rows[place]?.id !== id) place++
  return place
}

function isSameOwner(before: Owner | undefined, { name, origin }: Owner): boolean {
  return before?.name === name && before.origin === origin
}

/** Each column by its name: a loop over names takes as long as opening. */
export function isSameRow(a: SealedKeyRow, b: SealedKeyRow): boolean {
  return (
    a.id === b.id &&
    a.provider_id === b.provider_id &&
    a.label === b.label &&
    a.weight === b.weight &&
    a.tier === b.tier &&
    a.enabled === b.enabled &&
    a.generation === b.generation &&
    a.masked === b.masked &&
    a.reference === b.reference &&
    a.rpm === b.rpm &&
    a.concurrency === b.concurrency &&
    a.proxy === b.proxy &&
    a.origin === b.origin &&
    a.created_at === b.created_at &&
    (a.sealed === null || b.sealed === null ? a.sealed === b.sealed : a.sealed.equals(b.sealed))
  )
}

/** A key that cannot be opened or resolved is told as it is: it must not take the others with it. */
function opened(row: SealedKeyRow, { name, bind }: Owner, seal: Seal | null): Key {
  const secret = row.sealed && seal ? seal.open(row.sealed, bind(row.id)) : null
  return secret === null ? keyOf(row, name, null, SEALED) : keyOf(row, name, secret)
}

const SEALED = {
  state: 'sealed',
  reason: 'its seal does not open: it was changed, or made for another key or provider',
} as const

function resolved(
  row: SealedKeyRow,
  { name }: Owner,
  reference: string,
  sources: ReferenceSources,
): Key {
  const found = resolveReference(reference, sources)
  if ('secret' in found) return keyOf(row, name, found.secret)
  return keyOf(row, name, null, { state: 'invalid', reason: found.reason })
}

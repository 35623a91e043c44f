import type { LogLevel } from '../base/log.ts'
import { Secret } from '../base/secret.ts'
import type { Catalog, Key, KeyMemory } from '../model/catalog.ts'
import type { ExchangeRecord } from '../model/record.ts'
import type { GatewayReport } from './gateway-host.ts'

/** A worker's start: what it must know before a catalogue. */
export interface Hello {
  readonly kind: 'hello'
  /** Owner and worker must be of one build: nothing they say to each other is versioned. */
  readonly version: string
  readonly logLevel: LogLevel
  readonly anonymous: boolean
}

/** A part of a catalogue: the whole of it but the keys in the first, and some keys in each. */
export interface CatalogueSlice {
  readonly kind: 'catalogue'
  readonly head: Omit<Catalog, 'keys'> | null
  readonly keys: readonly PackedKey[]
  readonly last: boolean
}

/** What the daemon says to a worker. */
export type ToWorker =
  | Hello
  | CatalogueSlice
  | { readonly kind: 'learn'; readonly memories: readonly KeyMemory[] }
  /** A connection comes with it. */
  | { readonly kind: 'connection'; readonly id: number }
  | { readonly kind: 'taken' }
  | { readonly kind: 'ask'; readonly id: number; readonly what: Question }
  | { readonly kind: 'close'; readonly ms: number }
  | { readonly kind: 'cut' }

export type Question =
  | { readonly report: true }
  | { readonly flush: true }
  | { readonly abort: readonly string[] }

/** What a worker says to the daemon. */
export type ToDaemon =
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'applied'; readonly revision: number; readonly error: string | null }
  | { readonly kind: 'accepted'; readonly id: number }
  | { readonly kind: 'closed'; readonly connections: number }
  | {
      readonly kind: 'records'
      readonly batch: readonly ExchangeRecord[]
      readonly dropped: number
    }
  | { readonly kind: 'verdicts'; readonly batch: readonly KeyMemory[] }
  | { readonly kind: 'answer'; readonly id: number; readonly value: Answer }
  | { readonly kind: 'ended' }

export type Answer = GatewayReport | number | null

/** A key as the channel can carry it: the secret clear, for a process that is ours. */
type PackedKey = Omit<Key, 'secret'> & { readonly secret: string | null }

/** So many keys go in one message: larger ones would stop both loops while they are serialised. */
const SLICE = 500

/** A catalogue as messages; the last one puts it into force. */
export function* catalogueSlices(catalog: Catalog): Generator<CatalogueSlice> {
  const { keys, ...head } = catalog
  for (let at = 0; at === 0 || at < keys.length; at += SLICE) {
    yield {
      kind: 'catalogue',
      head: at === 0 ? head : null,
      keys: keys.slice(at, at + SLICE).map(packKey),
      last: at + SLICE >= keys.length,
    }
  }
}

/** Puts slices together again; gives the catalogue when the last one has come. */
export class CatalogueAssembly {
  #head: Omit<Catalog, 'keys'> | null = null
  #keys: Key[] = []

  add({ head, keys, last }: CatalogueSlice): Catalog | null {
    if (head !== null) {
      this.#head = head
      this.#keys = []
    }
    for (const key of keys) this.#keys.push(unpackKey(key))
    return last && this.#head !== null ? { ...this.#head, keys: this.#keys } : null
  }
}

function packKey(key: Key): PackedKey {
  return { ...key, secret: key.secret?.reveal() ?? null }
}

function unpackKey(key: PackedKey): Key {
  return { ...key, secret: key.secret === null ? null : new Secret(key.secret) }
}

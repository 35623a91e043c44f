import type { LogLevel } from '../base/log-level.ts'
import type { Asked } from '../gateway/explain.ts'
import type { Tls } from '../gateway/server.ts'
import type { KeyMemory, Lessons, ProviderMemory } from '../model/catalog.ts'
import type { CatalogueSlice } from '../model/catalogue-slices.ts'
import type { Explanation } from '../model/explanation.ts'
import type { Exposition } from '../model/exposition.ts'
import type { ObjectNews, StoredObject } from '../model/object.ts'
import type { Readiness } from '../model/readiness.ts'
import type { ExchangeRecord } from '../model/record.ts'
import type { GatewayReport } from './gateway-host.ts'

/** A worker's start: what it must know before a catalogue. */
export interface Hello {
  readonly kind: 'hello'
  /** Owner and worker must be of one build: nothing they say to each other is versioned. */
  readonly version: string
  readonly logLevel: LogLevel
  readonly anonymous: boolean
  /** Null: plain HTTP. */
  readonly tls: Tls | null
  /** Where requests for the dashboard are brought, a Unix socket of the daemon. */
  readonly dashboard: string
}

/** What the daemon says to a worker. */
export type ToWorker =
  | Hello
  | CatalogueSlice
  | { readonly kind: 'learn'; readonly lessons: Lessons }
  | { readonly kind: 'renew'; readonly tls: Tls }
  | { readonly kind: 'inform'; readonly readiness: Readiness }
  /** A connection comes with it. */
  | { readonly kind: 'connection'; readonly id: number }
  | { readonly kind: 'taken' }
  /** What the worker asked for with `expose`, or why it cannot be had. */
  | { readonly kind: 'exposed'; readonly exposition: Exposition; readonly error: null }
  | { readonly kind: 'exposed'; readonly exposition: null; readonly error: string }
  /** Of objects, what others did and what was there before. */
  | { readonly kind: 'objects'; readonly news: ObjectNews }
  /** What a worker told of objects is known, also to the other workers. */
  | { readonly kind: 'noted'; readonly id: number }
  | { readonly kind: 'found'; readonly id: number; readonly objects: readonly StoredObject[] }
  | { readonly kind: 'ask'; readonly id: number; readonly what: Question }
  | { readonly kind: 'close'; readonly ms: number }
  | { readonly kind: 'cut' }

export type Question =
  | { readonly report: true }
  | { readonly flush: true }
  | { readonly abort: readonly string[] }
  | { readonly explain: Asked }

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
  | { readonly kind: 'outages'; readonly batch: readonly ProviderMemory[] }
  | { readonly kind: 'objects'; readonly id: number; readonly news: ObjectNews }
  | { readonly kind: 'find'; readonly id: number; readonly ids: readonly string[] }
  /** A client asked for metrics; one such question of a worker is open at a time. */
  | { readonly kind: 'expose' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: Answer }
  | { readonly kind: 'ended' }

export type Answer = GatewayReport | Explanation | number | null

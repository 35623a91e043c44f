/** A vendor's resource with an id, and whose key it lives with. */
export interface StoredObject {
  /** As the vendor names it: `file-…`, `batch_…`, Gemini's `files/…`. */
  readonly id: string
  readonly providerId: string
  readonly keyId: string
  /** Whose call made it; empty: a local caller's without a token; {@link NOBODY}: none that went through here. */
  readonly tokenId: string
  /** When it was made or last used, milliseconds since the epoch. */
  readonly usedAt: number
}

/** In place of a token's id: the object was there before anybody here told of it. */
export const NOBODY = '-'

export type ObjectName = Pick<StoredObject, 'id' | 'providerId'>

/** What happened to objects. */
export interface ObjectNews {
  /** Made, or used again after a day. */
  readonly made: readonly StoredObject[]
  readonly gone: readonly ObjectName[]
}

/** One that was not used for so long is forgotten, ms. */
export const OBJECT_KEPT_MS = 60 * 86_400_000
/** Its use is written down once in so long, ms. */
export const OBJECT_USED_EVERY_MS = 86_400_000
/** Rows of all objects; beyond them those go that were not used for longest. */
export const MOST_OBJECTS = 1_000_000

import type { ProviderKind } from '../model/catalog.ts'
import { azureAddress } from './azure.ts'
import { fixedQuery } from './fixed-query.ts'
import { joinUpstream } from './path.ts'

/** Where a provider's requests go, below its origin. Made once per provider. */
export interface Address {
  /**
   * The path and query to ask for.
   * @param path of a `Route`
   * @param query with its `?`, or empty
   * @param model that is asked for there; null where none is named
   * @throws BalanceError internal_error if the result could name another origin
   */
  of(path: string, query: string, model: string | null): string
  /** Whether this path cannot be asked for without a model: its name is a part of the address. */
  needsModel(path: string): boolean
}

/** What an address is made of, besides the kind. */
export interface Place {
  /** The base URL's path, without a slash at its end; empty for a bare origin. */
  readonly basePath: string
  /** Parameters of every query. */
  readonly query: Readonly<Record<string, string>>
  /** The version asked for where the client names none; empty: the kind's own. */
  readonly apiVersion: string
}

export function addressOf(kind: ProviderKind, place: Place): Address {
  const withFixed = fixedQuery(place.query)
  if (kind === 'azure') return azureAddress(place, withFixed)
  const { basePath } = place
  return {
    of: (path, query) => joinUpstream(basePath, path, withFixed(query)),
    needsModel: () => false,
  }
}

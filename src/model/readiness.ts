import type { StoreHealth } from './status.ts'

/** What only the owner of a gateway knows of whether all is well; see `GET /readyz?verbose`. */
export interface Readiness {
  readonly store: StoreHealth
  readonly records: { readonly waiting: number; readonly dropped: number }
  /** The newest revision where it could not be put into force. */
  readonly pending: { readonly revision: number; readonly error: string } | null
}

import type { Secret } from '../base/secret.ts'
import type { NewKey, NewProvider, NewTarget, NewToken } from './changes.ts'
import type { Settings } from './settings.ts'

/** What a configuration file asks of the store; of what it leaves out it says nothing. */
export interface Declared {
  readonly settings: Partial<Settings>
  /** As of {@link Placed}. */
  readonly settingPlaces?: Readonly<Partial<Record<keyof Settings, string>>>
  readonly providers: readonly DeclaredProvider[]
  readonly tokens?: readonly DeclaredToken[]
  readonly routes?: readonly DeclaredRoute[]
  readonly proxies?: readonly DeclaredProxy[]
  readonly vault?: SealedVault
}

/** Where the file says it, `file:line:column`; absent where it was read from no file. */
interface Placed {
  readonly place?: string
}

export interface DeclaredProvider extends NewProvider, Placed {
  readonly enabled: boolean
  readonly keys: readonly DeclaredKey[]
}

export interface DeclaredKey extends Omit<NewKey, 'value' | 'place'>, Placed {
  /** A reference, never a clear value; or what a store has sealed. */
  readonly value: Secret | SealedValue
  readonly enabled?: boolean
}

/** A key's value as a store keeps it: fit only for this id, its provider and that one's address. */
export interface SealedValue {
  readonly id: string
  /** Base64. */
  readonly sealed: string
}

/** What opens a store's sealed values, for whoever has its master key; base64. */
export interface SealedVault {
  /** Tells whether a master key is the right one. */
  readonly check: string
  /** The data key, wrapped by the master key. */
  readonly wrapped: string
}

export interface DeclaredToken extends Omit<NewToken, 'value'>, Placed {
  /** A reference, never a clear value; or its SHA-256. */
  readonly value: Secret | HashedToken
}

export interface HashedToken {
  /** SHA-256, hex. */
  readonly hash: string
  readonly weak: boolean
}

export interface DeclaredProxy extends Placed {
  readonly name: string
  /** Without its password. */
  readonly url: string
  readonly enabled: boolean
  /** A reference, never a clear value; or what a store has sealed; null: it has none. */
  readonly password: Secret | SealedValue | null
}

export interface DeclaredRoute {
  readonly model: string
  readonly targets: readonly DeclaredTarget[]
}

export interface DeclaredTarget extends NewTarget, Placed {}

/** What reconciling did, by name. */
export interface Reconciled {
  readonly taken: readonly string[]
  /** Left alone because a command owns it. */
  readonly overridden: readonly string[]
  /** Taken from a file once, declared no longer, and kept. */
  readonly left: readonly string[]
}

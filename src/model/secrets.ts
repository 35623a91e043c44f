import type { Secret } from '../base/secret.ts'

/** How the sealed secrets of a store stand, where it is looked at. */
export interface SecretsState {
  readonly masterKey: MasterKeyState
  /** When the data key was made that seals them now, wall ms; null where nothing was ever sealed. */
  readonly created: number | null
  /** Those that have keys, in the order of adding. */
  readonly providers: readonly ProviderSecrets[]
  /** The passwords of proxies; those that need none are not counted. */
  readonly proxies: SecretCounts
}

export interface MasterKeyState {
  /** `none`: nothing was sealed yet, and there is none. `unsafe`: a place that may not be read. */
  readonly state: 'right' | 'wrong' | 'missing' | 'unsafe' | 'none'
  /** The place where it was found now. */
  readonly source: string | null
  /** The place noted when it was first used. */
  readonly noted: string | null
  /** What is wrong and what to do, as sentences; null where nothing is. */
  readonly problem: string | null
  readonly hint: string | null
}

export interface SecretCounts {
  /** Those whose value is kept sealed. */
  readonly sealed: number
  /** Those whose value is kept elsewhere. */
  readonly references: number
  /** Of the sealed ones, those that cannot be opened here and now. */
  readonly unopened: number
}

/** Of a provider's keys. */
export interface ProviderSecrets extends SecretCounts {
  readonly provider: string
}

/** A master key that the owner made. */
export interface GivenMasterKey {
  /** 32 bytes in base64 or hex. */
  readonly value: Secret
  /** Where it was read, for the vault and for messages. */
  readonly source: string
}

export interface RotatedMasterKey {
  /** Where the old one was. */
  readonly from: string
  /** Where the new one is. */
  readonly to: string
  /** Whether the new one lies where the old one was; else the owner must put it there. */
  readonly inPlace: boolean
  /** Keys, and passwords of proxies. */
  readonly resealed: number
  /** Those that the old one did not open either: they stay as they are, for good. */
  readonly unopened: number
  /**
   * Whether what the old one opened is gone from the store's files too; null where only the database
   * server could tell.
   */
  readonly erased: boolean | null
}

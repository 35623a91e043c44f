import type { MasterKeyState, ProviderSecrets, SecretsState } from '../../model/secrets.ts'

/** `secrets status --json`. Times are ISO 8601. */
export interface SecretsShape {
  readonly master_key: {
    readonly state: MasterKeyState['state']
    /** Where it was found now. */
    readonly source: string | null
    /** Where it came from when it was first used. */
    readonly noted: string | null
    readonly problem: string | null
  }
  /** When the data key was made that seals the keys now; null where nothing was ever sealed. */
  readonly created: string | null
  readonly sealed: number
  readonly references: number
  /** Sealed keys that cannot be opened here and now. */
  readonly unopened: number
  readonly providers: readonly ProviderSecrets[]
}

export function secretsShape({ masterKey, created, providers }: SecretsState): SecretsShape {
  const { state, source, noted, problem } = masterKey
  const sum = (name: 'sealed' | 'references' | 'unopened') =>
    providers.reduce((total, counts) => total + counts[name], 0)
  return {
    master_key: { state, source, noted, problem },
    created: created === null ? null : new Date(created).toISOString(),
    sealed: sum('sealed'),
    references: sum('references'),
    unopened: sum('unopened'),
    providers,
  }
}

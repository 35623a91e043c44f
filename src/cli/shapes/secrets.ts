import type {
  MasterKeyState,
  ProviderSecrets,
  SecretCounts,
  SecretsState,
} from '../../model/secrets.ts'

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
  /** When the data key was made that seals them now; null where nothing was ever sealed. */
  readonly created: string | null
  /** Of keys and of the passwords of proxies together, as the next two. */
  readonly sealed: number
  readonly references: number
  /** Of the sealed ones, those that cannot be opened here and now. */
  readonly unopened: number
  readonly providers: readonly ProviderSecrets[]
  readonly proxies: SecretCounts
}

export function secretsShape({
  masterKey,
  created,
  providers,
  proxies,
}: SecretsState): SecretsShape {
  const { state, source, noted, problem } = masterKey
  const sum = (name: keyof SecretCounts) =>
    providers.reduce((total, counts) => total + counts[name], proxies[name])
  return {
    master_key: { state, source, noted, problem },
    created: created === null ? null : new Date(created).toISOString(),
    sealed: sum('sealed'),
    references: sum('references'),
    unopened: sum('unopened'),
    providers,
    proxies,
  }
}

import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import type {
  MasterKeyState,
  ProviderSecrets,
  SecretCounts,
  SecretsState,
} from '../model/secrets.ts'
import type { Store } from '../model/store.ts'
import { bindingOf } from './kept-value.ts'
import { listKeys } from './key-rows.ts'
import type { StoreParts } from './parts.ts'
import { listProxies, proxyBinding } from './proxy-rows.ts'
import { rotate } from './rotation.ts'
import type { Binding, Seal } from './seal.ts'
import type { Tables, VaultRow } from './tables.ts'
import { readVault, type Vault } from './vault.ts'

export function secretVerbs(parts: StoreParts): Pick<Store, 'secrets' | 'rotateMasterKey'> {
  const { engine, vault } = parts
  return {
    secrets: () => engine.snapshot(db => inspect(db, vault)),

    rotateMasterKey: given => rotate(parts, given ?? null),
  }
}

async function inspect(db: Kysely<Tables>, vault: Vault): Promise<SecretsState> {
  const row = (await readVault(db)) ?? null
  const rows = await listKeys(db)
  const masterKey = judgeMasterKey(vault, row)
  const seal = masterKey.state === 'right' ? await vault.opener(db) : null
  const providers = new Map<string, ProviderSecrets>()
  for (const key of rows) {
    const { id, provider, base_url } = key
    const counted = providers.get(provider) ?? NONE
    const binding = bindingOf(id, { name: provider, base_url })
    providers.set(provider, { provider, ...counting(counted, key, binding, seal) })
  }
  let proxies = NONE
  for (const proxy of await listProxies(db)) {
    if (proxy.reference === null && proxy.sealed === null) continue
    proxies = counting(proxies, proxy, proxyBinding(proxy), seal)
  }
  const created = row?.created_at ?? null
  return { masterKey, created, providers: [...providers.values()], proxies }
}

const NONE: SecretCounts = { sealed: 0, references: 0, unopened: 0 }

function counting(
  counted: SecretCounts,
  { reference, sealed }: { readonly reference: string | null; readonly sealed: Buffer | null },
  binding: Binding,
  seal: Seal | null,
): SecretCounts {
  const isSealed = reference === null
  const opens = seal !== null && sealed !== null && seal.open(sealed, binding) !== null
  return {
    sealed: counted.sealed + Number(isSealed),
    references: counted.references + Number(!isSealed),
    unopened: counted.unopened + Number(isSealed && !opens),
  }
}

/** Whether the master key that is found opens what this row names; without opening anything. */
export function judgeMasterKey(vault: Vault, row: VaultRow | null): MasterKeyState {
  const noted = row?.source ?? null
  try {
    const source = vault.search(row).found?.source ?? null
    if (row !== null) vault.master(row)
    return { state: row === null ? 'none' : 'right', source, noted, problem: null, hint: null }
  } catch (error) {
    const state = error instanceof BalanceError ? STATES[error.code] : undefined
    if (state === undefined) throw error
    const { message, hint } = error as BalanceError
    const source = state === 'wrong' ? (vault.search(row).found?.source ?? null) : null
    return { state, source, noted, problem: message, hint }
  }
}

const STATES: Readonly<Record<string, MasterKeyState['state']>> = {
  master_key_missing: 'missing',
  master_key_wrong: 'wrong',
  config_unsafe: 'unsafe',
  config_invalid: 'unsafe',
}

import { isDeepStrictEqual } from 'node:util'
import { BalanceError } from '../base/errors.ts'
import type { ProviderSettings, SettingName, Settings } from '../model/settings.ts'
import type { Declared, NewKey, ProviderChange, Reconciled, Store } from '../model/store.ts'
import type { Change } from './change.ts'
import { insertKeys } from './key-batch.ts'
import { listKeys, type OwnedKeyRow } from './key-rows.ts'
import { updateKey } from './keys.ts'
import type { StoreParts } from './parts.ts'
import { findProvider, listProviders } from './provider-rows.ts'
import { hasNoDefault, insertProvider, updateProvider, withChange } from './providers.ts'
import { readSettings, writeSetting } from './settings.ts'
import type { ProviderRow } from './tables.ts'
import type { Vault } from './vault.ts'

/** Takes a configuration file's values into the store; see {@link Store.reconcile}. */
export function reconcileVerbs({ change, vault }: StoreParts): Pick<Store, 'reconcile'> {
  return {
    reconcile: declared =>
      change(async made => {
        const reconciling = new Reconciling(made, vault)
        await reconciling.providers(declared.providers)
        await reconciling.settings(declared.settings)
        await reconciling.defaultProvider(declared.providers)
        return { taken: reconciling.taken, overridden: reconciling.overridden }
      }),
  }
}

type DeclaredProvider = Declared['providers'][number]

/** One reading of the file. A row that a command owns is left alone, and told of where it differs. */
class Reconciling implements Reconciled {
  readonly taken: string[] = []
  readonly overridden: string[] = []
  readonly #change: Change
  readonly #vault: Vault

  constructor(change: Change, vault: Vault) {
    this.#change = change
    this.#vault = vault
  }

  async providers(declared: readonly DeclaredProvider[]): Promise<void> {
    for (const provider of declared) {
      const row = await this.#provider(provider)
      await this.#keys(row, provider.keys)
    }
  }

  /** The first one declared, where nobody has named another. */
  async defaultProvider([first]: readonly DeclaredProvider[]): Promise<void> {
    if (first && (await hasNoDefault(this.#change.db))) {
      await writeSetting(this.#change, 'default_provider', first.name, 'file')
    }
  }

  async settings(declared: Partial<Settings>): Promise<void> {
    const { default_provider } = declared
    if (default_provider) await findProvider(this.#change.db, default_provider)
    for (const [name, value] of Object.entries(declared) as [SettingName, never][]) {
      if (value === undefined) continue
      if (await writeSetting(this.#change, name, value, 'file')) this.taken.push(name)
    }
    for (const row of await readSettings(this.#change.db)) {
      if (row.fileValue !== undefined && !isDeepStrictEqual(row.value, row.fileValue)) {
        this.overridden.push(row.name)
      }
    }
  }

  async #provider(declared: DeclaredProvider): Promise<ProviderRow> {
    const subject = `provider ${declared.name}`
    const rows = await listProviders(this.#change.db)
    const row = rows.find(({ name }) => name === declared.name)
    if (!row) {
      this.taken.push(subject)
      return insertProvider(this.#change, declared, declared.enabled, 'file')
    }
    const wanted = wholeChange(row, declared)
    if (isDeepStrictEqual(withChange(row, wanted), row)) return row
    if (row.origin === 'command') {
      this.overridden.push(subject)
      return row
    }
    this.taken.push(subject)
    return updateProvider(this.#change, this.#vault, row, wanted, 'file')
  }

  async #keys(provider: ProviderRow, declared: readonly NewKey[]): Promise<void> {
    const rows = (await listKeys(this.#change.db)).filter(row => row.provider_id === provider.id)
    const missing: NewKey[] = []
    for (const key of declared) {
      const reference = declaredReference(provider.name, key)
      const row = rows.find(row => row.reference === reference)
      if (row) await this.#key(row, key)
      else missing.push(key)
    }
    const { added } = await insertKeys(this.#change, this.#vault, provider, missing, 'file')
    for (const key of added) this.taken.push(`key ${provider.name}/${key.label}`)
  }

  async #key(row: OwnedKeyRow, declared: NewKey): Promise<void> {
    const subject = `key ${row.provider}/${row.label}`
    const wanted = {
      label: declared.label ?? row.label,
      weight: declared.weight ?? 1,
      tier: declared.tier ?? 1,
      rpm: declared.rpm ?? null,
      concurrency: declared.concurrency ?? null,
    }
    if (isDeepStrictEqual({ ...row, ...wanted }, row)) return
    if (row.origin === 'command') {
      this.overridden.push(subject)
      return
    }
    this.taken.push(subject)
    await updateKey(this.#change, this.#vault, row, wanted, 'file')
  }
}

/** The change that leaves nothing of the row but what is declared. */
function wholeChange(row: ProviderRow, declared: DeclaredProvider): ProviderChange {
  const { path, kind, baseUrl, enabled, overrides } = declared
  const dropped = Object.keys(JSON.parse(row.overrides)) as (keyof ProviderSettings)[]
  const cleared = Object.fromEntries(dropped.map(name => [name, null]))
  return { path, kind, baseUrl, enabled, overrides: { ...cleared, ...overrides } }
}

function declaredReference(provider: string, key: NewKey): string {
  const value = key.value.reveal()
  if (/^(env|file):/.test(value)) return value
  throw new BalanceError(
    'config_invalid',
    `A key of provider ${provider} is written in the file.`,
    {
      hint: `Name a variable (env:NAME) or a file (file:/path), or use balance keys add ${provider}.`,
    },
  )
}

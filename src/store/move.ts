import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Move, MovedProvider } from '../model/changes.ts'
import type { SettingName } from '../model/settings.ts'
import type { Store } from '../model/store.ts'
import { checkBaseUrl } from './base-url.ts'
import type { Change } from './change.ts'
import { bindingOf, keepValue } from './kept-value.ts'
import { insertKeys } from './key-batch.ts'
import { listKeys } from './key-rows.ts'
import type { StoreParts } from './parts.ts'
import { findProvider } from './provider-rows.ts'
import { hasNoDefault, insertProvider, updateProvider } from './providers.ts'
import { insertProxy } from './proxies.ts'
import { checkNamed, writeSetting } from './settings.ts'
import type { ProviderRow } from './tables.ts'
import { createToken } from './tokens.ts'
import type { Vault } from './vault.ts'

/** Takes what was brought along from elsewhere; see {@link Store.moveIn}. */
export function moveVerbs({ change, vault }: StoreParts): Pick<Store, 'moveIn'> {
  return {
    moveIn: move =>
      change(async made => {
        for (const proxy of move.proxies ?? []) {
          await insertProxy(made, vault, proxy, true, 'command')
        }
        for (const provider of move.providers) await moveProvider(made, vault, provider)
        for (const token of move.tokens) {
          if (token.value === undefined) throw new Error('A token is moved with its value.')
          await createToken(made, token, token.value)
        }
        await moveSettings(made, move)
      }),
  }
}

async function moveProvider(made: Change, vault: Vault, given: MovedProvider): Promise<void> {
  const row = given.present
    ? await presentProvider(made, given)
    : await insertProvider(made, given, given.enabled, 'command')
  await insertKeys(made, vault, row, given.keys, 'command')
  const { modelsKey } = given
  const named = modelsKey ? { models_key: await keyOf(made, vault, row, modelsKey) } : {}
  const overrides = { ...(given.present && given.overrides), ...named }
  if (Object.keys(overrides).length === 0 && (!given.present || given.path === null)) return
  const path = given.present && given.path !== null ? { path: given.path } : {}
  await updateProvider(made, vault, row, { overrides, ...path }, 'command')
}

/** Keys are meant for one address: a provider whose address was changed meanwhile gets none of them. */
async function presentProvider({ db }: Change, given: MovedProvider): Promise<ProviderRow> {
  const row = await findProvider(db, given.name)
  if (row.base_url === checkBaseUrl(given.baseUrl)) return row
  throw new BalanceError('name_taken', `Provider ${given.name} has another base URL by now.`, {
    hint: 'Start the import again.',
  })
}

/** The id of the key that has this value. */
async function keyOf(made: Change, vault: Vault, row: ProviderRow, value: Secret): Promise<string> {
  const seal = () => vault.sealer(made)
  const { fingerprint } = await keepValue(value, bindingOf('', row), 'The key', seal)
  const keys = (await listKeys(made.db)).filter(({ provider_id }) => provider_id === row.id)
  const key = keys.find(known => known.fingerprint.equals(fingerprint))
  if (!key) throw new Error('The key that asks for models is none of the keys.')
  return key.id
}

async function moveSettings(made: Change, { settings, providers }: Move): Promise<void> {
  for (const [name, value] of Object.entries(settings) as [SettingName, never][]) {
    await checkNamed(made.db, name, value)
    await writeSetting(made, name, value, 'command')
  }
  const first = providers.find(({ present, enabled }) => enabled && !present)
  if (first && (await hasNoDefault(made.db))) {
    await writeSetting(made, 'default_provider', first.name, 'command')
  }
}

import type { Kysely } from 'kysely'
import type { Declared } from '../../model/declared.ts'
import type { OwnedKeyRow } from '../key-rows.ts'
import { keyUser, type ProxyUser, providerUser, settingUser } from '../proxy-users.ts'
import { readSettings } from '../settings.ts'
import type { ProviderRow, Tables } from '../tables.ts'
import type { Step } from './step.ts'

interface Rows {
  readonly providers: readonly ProviderRow[]
  readonly keys: readonly OwnedKeyRow[]
}

/**
 * What will say which proxies it is dialled through once a file was applied: what the file declares, and
 * what it neither declares nor takes away.
 * @param gone names of the providers that go
 * @param steps those of keys
 */
export async function proxyUsersAfter(
  db: Kysely<Tables>,
  declared: Declared,
  rows: Rows,
  gone: ReadonlySet<string>,
  steps: { readonly declared: readonly Step[]; readonly letGo: readonly Step[] },
): Promise<ProxyUser[]> {
  const chosen = (await readSettings(db)).find(({ name }) => name === 'proxy')
  const kept = chosen?.origin === 'command' ? (chosen.value as readonly string[]) : []
  const named = new Set([...declared.providers.map(({ name }) => name), ...gone])
  const touched = new Set([...steps.declared, ...steps.letGo].flatMap(({ names }) => names))
  return [
    settingUser(declared.settings.proxy ?? kept),
    ...declared.providers.map(({ name, overrides }) => providerUser(name, overrides.proxy)),
    ...rows.providers
      .filter(({ name }) => !named.has(name))
      .map(({ name, overrides }) => providerUser(name, JSON.parse(overrides).proxy)),
    ...declared.providers.flatMap(({ name, keys }) =>
      keys.map(({ label, proxy }) => keyUser(`${name}/${label ?? '…'}`, '', proxy)),
    ),
    ...rows.keys
      .filter(({ id }) => !touched.has(id))
      .map(({ provider, label, id, proxy }) => keyUser(`${provider}/${label}`, id, proxy)),
  ]
}

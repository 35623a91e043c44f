import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import { wordsIn } from './key-value.ts'
import { listProviders } from './provider-rows.ts'
import { readSettings, settingsInForce } from './settings.ts'
import type { Tables } from './tables.ts'

/** Something whose `proxy` says what it is dialled through. */
export interface ProxyUser {
  /** `the setting proxy`, `provider openai`, `key openai/main`. */
  readonly name: string
  /** Names of proxies, or a word for all or none of them. */
  readonly proxies: readonly string[]
  /** The command that gives it others. */
  readonly remedy: string
}

/** Everything of the store that says so, as it is in force. */
export async function readProxyUsers(db: Kysely<Tables>): Promise<ProxyUser[]> {
  const settings = settingsInForce(await readSettings(db))
  const providers = await listProviders(db)
  const keys = await db
    .selectFrom('provider_keys')
    .innerJoin('providers', 'providers.id', 'provider_keys.provider_id')
    .select(['provider_keys.id', 'providers.name as provider', 'label', 'proxy'])
    .where('proxy', 'is not', null)
    .orderBy('provider_keys.seq')
    .execute()
  return [
    settingUser(settings.proxy),
    ...providers.map(({ name, overrides }) => providerUser(name, JSON.parse(overrides).proxy)),
    ...keys.map(({ id, provider, label, proxy }) => keyUser(`${provider}/${label}`, id, proxy)),
  ]
}

export function settingUser(proxies: readonly string[] = []): ProxyUser {
  return { name: 'the setting proxy', proxies, remedy: 'balance config set proxy NAMES' }
}

export function providerUser(name: string, proxies: readonly string[] = []): ProxyUser {
  return { name: `provider ${name}`, proxies, remedy: `balance providers set ${name} proxy=NAMES` }
}

/** @param words as the key's row has them, with commas */
export function keyUser(name: string, id: string, words: string | null | undefined): ProxyUser {
  return {
    name: `key ${printable(name)}`,
    proxies: wordsIn(words),
    remedy: `balance keys set ${id} --proxy NAMES`,
  }
}

export function usersOf(users: readonly ProxyUser[], proxy: string): ProxyUser[] {
  return users.filter(({ proxies }) => proxies.includes(proxy))
}

const TOLD = 3

/** What names a proxy would have none, and not be dialled at all. @throws BalanceError in_use */
export function refuseUsed(users: readonly ProxyUser[], proxy: string): void {
  const naming = usersOf(users, proxy)
  const [first] = naming
  if (first === undefined) return
  const told = naming.slice(0, TOLD).map(({ name }) => name)
  const more = naming.length - told.length
  const by = [...told, ...(more > 0 ? [`${more} more`] : [])].join(', ')
  throw new BalanceError('in_use', `Proxy "${proxy}" is named by ${by}. Nothing was removed.`, {
    hint: `Name others there first: ${first.remedy}. Or only stop using it: balance proxies disable ${proxy}`,
  })
}

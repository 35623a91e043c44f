import type { Kysely } from 'kysely'
import type { Declared } from '../../model/declared.ts'
import { listKeys, type OwnedKeyRow } from '../key-rows.ts'
import type { StoreParts } from '../parts.ts'
import { listProviders } from '../provider-rows.ts'
import { listTargets, type TargetRow } from '../route-rows.ts'
import { readSettings } from '../settings.ts'
import type { ProviderRow, Tables } from '../tables.ts'
import { readTokens } from '../tokens.ts'
import { keySteps } from './keys.ts'
import { letGoProviders, providerSteps } from './providers.ts'
import { proxySteps } from './proxies.ts'
import { proxyUsersAfter } from './proxy-users.ts'
import { otherTargets, targetSteps } from './routes.ts'
import { settingSteps } from './settings.ts'
import type { Step } from './step.ts'
import { tokenSteps } from './tokens.ts'

/**
 * All steps between the store and what a file declares, in an order in which they can be made: what
 * goes makes room first, and nothing is named before it is there.
 * @param prune whether what the file let go of is to go
 */
export async function stepsTo(
  { vault, sources }: Pick<StoreParts, 'vault' | 'sources'>,
  db: Kysely<Tables>,
  declared: Declared,
  prune: boolean,
): Promise<Step[]> {
  const rows = await listProviders(db)
  const keyRows = await listKeys(db)
  const targetRows = await listTargets(db)
  const keys = await keySteps({ db, vault, rows: keyRows, declared, prune })
  const tokens = tokenSteps(await readTokens(db), declared, sources, prune)
  const blocked = await blockers(db, declared, keyRows, targetRows)
  const letGo = letGoProviders(rows, declared, blocked)
  const gone = new Set(letGo.filter(step => prune && step.blocked === null).map(step => step.name))
  const standing = { providers: rows, keys: keyRows }
  const users = await proxyUsersAfter(db, declared, standing, gone, keys)
  const proxies = await proxySteps({ db, vault, declared }, users)
  const known = new Set([...rows, ...declared.providers].map(({ name }) => name))
  const settings = await settingSteps(db, declared, name => known.has(name) && !gone.has(name))
  return [
    ...otherTargets(targetRows, declared),
    ...tokens.letGo,
    ...proxies.letGo,
    ...keys.letGo,
    ...settings.filter(step => step.action === 'remove'),
    ...letGo,
    ...proxies.declared,
    ...providerSteps(rows, declared, vault, gone),
    ...keys.declared,
    ...tokens.declared,
    ...targetSteps(targetRows, declared),
    ...settings.filter(step => step.action !== 'remove'),
  ]
}

/** What would go with a provider and must not: what a command owns, and what is declared. */
async function blockers(
  db: Kysely<Tables>,
  declared: Declared,
  keys: readonly OwnedKeyRow[],
  targets: readonly TargetRow[],
): Promise<(row: ProviderRow) => string | null> {
  const chosen = (await readSettings(db)).find(({ name }) => name === 'default_provider')
  const declaredTargets = (declared.routes ?? []).flatMap(route => route.targets)
  return ({ id, name }) => {
    const owned = (row: { provider_id: string; origin: string }) =>
      row.provider_id === id && row.origin === 'command'
    if (keys.some(owned)) return 'a command gave it keys'
    if (targets.some(owned)) return 'a command made routes to it'
    if (chosen?.origin === 'command' && chosen.value === name)
      return 'a command made it the default'
    if (declaredTargets.some(({ provider }) => provider === name))
      return 'a route of the file leads to it'
    return declared.settings.default_provider === name ? 'the file makes it the default' : null
  }
}

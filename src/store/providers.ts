import { isDeepStrictEqual } from 'node:util'
import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import type { Origin } from '../model/catalog.ts'
import type { NewProvider, ProviderChange, RemovedProvider } from '../model/changes.ts'
import type { Store } from '../model/store.ts'
import { checkBaseUrl, originOf } from './base-url.ts'
import type { Change } from './change.ts'
import { newId } from './identifiers.ts'
import { bindingOf } from './kept-value.ts'
import { insertKeys } from './key-batch.ts'
import type { StoreParts } from './parts.ts'
import {
  checkFree,
  checkKind,
  checkSegment,
  describeProvider,
  findProvider,
  listProviders,
  providerOf,
} from './provider-rows.ts'
import { checkProxies } from './proxy-rows.ts'
import { describeTarget, listTargets } from './route-rows.ts'
import { dropSetting, readSettings, settingsInForce, writeSetting } from './settings.ts'
import type { ProviderRow, Tables } from './tables.ts'
import type { Vault } from './vault.ts'

type ProviderVerbs = Pick<
  Store,
  'providers' | 'provider' | 'addProvider' | 'changeProvider' | 'removeProvider'
>

export function providerVerbs({ engine, change, vault }: StoreParts): ProviderVerbs {
  return {
    providers: () => engine.query(async db => (await listProviders(db)).map(providerOf)),

    provider: name => engine.query(async db => providerOf(await findProvider(db, name))),

    addProvider: (given, { makeDefault, keys = [] }) =>
      change(async made => {
        const row = await insertProvider(made, given, true, 'command')
        await insertKeys(made, vault, row, keys, 'command')
        if (makeDefault || (await hasNoDefault(made.db))) {
          await writeSetting(made, 'default_provider', row.name, 'command')
        }
        return providerOf(row)
      }),

    changeProvider: (name, given, { lockOrigin } = { lockOrigin: false }) =>
      change(async made => {
        const before = await findProvider(made.db, name)
        if (lockOrigin) await refuseOtherOrigin(made.db, before, given)
        return providerOf(await updateProvider(made, vault, before, given, 'command'))
      }),

    removeProvider: name => change(made => deleteProvider(made, name)),
  }
}

/** @throws BalanceError invalid_value, name_taken, no_such for a proxy */
export async function insertProvider(
  { db, time, note }: Change,
  given: NewProvider,
  enabled: boolean,
  origin: Origin,
): Promise<ProviderRow> {
  checkSegment('name', given.name)
  checkKind(given.kind)
  const path = checkPath(given.path, given.name)
  const rows = await listProviders(db)
  checkFree(rows, given.name)
  checkFree(rows, path)
  await checkProxies(db, given.overrides.proxy ?? [])
  const row = {
    id: newId('p'),
    name: given.name,
    path,
    kind: given.kind,
    base_url: checkBaseUrl(given.baseUrl),
    enabled: Number(enabled),
    generation: 1,
    overrides: JSON.stringify(given.overrides),
    origin,
    created_at: time,
  }
  await db.insertInto('providers').values(row).execute()
  note('provider.add', given.name, null, describeProvider(row))
  return row
}

/**
 * Changes a provider's row, which belongs to `origin` from then on. Where its base URL leads to
 * another origin, its keys are sealed anew for that one. Another base URL, and being switched on or
 * off, make void what was learned about it.
 */
export async function updateProvider(
  { db, note }: Change,
  vault: Vault,
  before: ProviderRow,
  given: ProviderChange,
  origin: Origin,
): Promise<ProviderRow> {
  const held = origin === 'file' ? JSON.parse(before.overrides).proxy : []
  await checkProxies(db, given.overrides?.proxy ?? [], held)
  const after = withChange(before, given)
  if (isDeepStrictEqual(before, after)) return before
  checkKind(after.kind)
  checkFree(await listProviders(db), after.path, before.id)
  if (originOf(after.base_url) !== originOf(before.base_url)) {
    await sealAnew(db, vault, before, after)
  }
  const { path, kind, base_url, enabled, generation, overrides } = after
  await db
    .updateTable('providers')
    .set({ path, kind, base_url, enabled, generation, overrides, origin })
    .where('id', '=', before.id)
    .execute()
  if (generation !== before.generation) await forgetOutages(db, before.id)
  note('provider.change', before.name, describeProvider(before), describeProvider(after))
  return { ...after, origin }
}

async function refuseOtherOrigin(
  db: Kysely<Tables>,
  before: ProviderRow,
  { baseUrl }: ProviderChange,
): Promise<void> {
  if (baseUrl === undefined) return
  if (originOf(checkBaseUrl(baseUrl)) === originOf(before.base_url)) return
  const key = await db
    .selectFrom('provider_keys')
    .select('id')
    .where('provider_id', '=', before.id)
    .limit(1)
    .executeTakeFirst()
  if (!key) return
  throw new BalanceError(
    'origin_locked',
    `${before.name} has keys, which would be sent to another address.`,
    {
      hint: `On the host: balance providers set ${before.name} base_url=URL`,
    },
  )
}

/** The row as the change would make it. */
export function withChange(before: ProviderRow, given: ProviderChange): ProviderRow {
  const base_url = given.baseUrl === undefined ? before.base_url : checkBaseUrl(given.baseUrl)
  const enabled = given.enabled === undefined ? before.enabled : Number(given.enabled)
  const renewed = base_url !== before.base_url || enabled !== before.enabled
  return {
    ...before,
    path: given.path === undefined ? before.path : checkPath(given.path, before.name),
    kind: given.kind ?? before.kind,
    base_url,
    enabled,
    generation: before.generation + Number(renewed),
    overrides: merged(before.overrides, given.overrides),
  }
}

export async function hasNoDefault(db: Kysely<Tables>): Promise<boolean> {
  return settingsInForce(await readSettings(db)).default_provider === ''
}

export async function deleteProvider(made: Change, name: string): Promise<RemovedProvider> {
  const { db, note } = made
  const row = await findProvider(db, name)
  const keys = db.selectFrom('provider_keys').select('id').where('provider_id', '=', row.id)
  const gone = await keys.select('label').orderBy('seq').execute()
  const targets = (await listTargets(db)).filter(target => target.provider_id === row.id)
  await db.deleteFrom('memories').where('key_id', 'in', keys).execute()
  await forgetOutages(db, row.id)
  await db.deleteFrom('objects').where('provider_id', '=', row.id).execute()
  await db.deleteFrom('provider_keys').where('provider_id', '=', row.id).execute()
  await db.deleteFrom('routes').where('provider_id', '=', row.id).execute()
  await db.deleteFrom('providers').where('id', '=', row.id).execute()
  const routes = targets.map(target => ({ route: target.model, target: describeTarget(target) }))
  const before = { ...(describeProvider(row) as object), keys: gone, routes }
  note('provider.remove', row.name, before, null)
  await dropSetting(made, 'default_provider', ['command', 'file'], row.name)
  return { keys: gone.length, targets: targets.length }
}

async function forgetOutages(db: Kysely<Tables>, id: string): Promise<void> {
  await db.deleteFrom('outages').where('provider_id', '=', id).execute()
}

/** A path that is the name again adds nothing. */
function checkPath(path: string | null, name: string): string | null {
  if (path === null || path === name) return null
  checkSegment('path', path)
  return path
}

function merged(before: string, change: ProviderChange['overrides']): string {
  if (!change) return before
  const overrides: Record<string, unknown> = JSON.parse(before)
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete overrides[name]
    else if (value !== undefined) overrides[name] = value
  }
  return JSON.stringify(overrides)
}

/** What could not be opened for the old origin stays as it is, and sealed. */
async function sealAnew(db: Kysely<Tables>, vault: Vault, before: ProviderRow, after: ProviderRow) {
  const rows = await db
    .selectFrom('provider_keys')
    .select(['id', 'sealed'])
    .where('provider_id', '=', before.id)
    .where('sealed', 'is not', null)
    .execute()
  if (rows.length === 0) return
  const seal = await vault.opener(db)
  for (const { id, sealed } of rows) {
    const secret = sealed && seal.open(sealed, bindingOf(id, before))
    if (!secret) continue
    const anew = seal.seal(secret, bindingOf(id, after))
    await db.updateTable('provider_keys').set({ sealed: anew }).where('id', '=', id).execute()
  }
}

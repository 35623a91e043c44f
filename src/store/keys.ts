import { isDeepStrictEqual } from 'node:util'
import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Key, Origin } from '../model/catalog.ts'
import type { ImportedKeys, KeyChange } from '../model/changes.ts'
import { keyNamed } from '../model/key-named.ts'
import type { Store } from '../model/store.ts'
import type { Change } from './change.ts'
import { bindingOf, keepValue } from './kept-value.ts'
import { insertKeys } from './key-batch.ts'
import { describeKey, findKeys, keyOf, listKeys, type OwnedKeyRow } from './key-rows.ts'
import { checkLabel, checkLimits, proxyWords, wordsIn } from './key-value.ts'
import type { StoreParts } from './parts.ts'
import { findProvider } from './provider-rows.ts'
import { checkProxies } from './proxy-rows.ts'
import { slices } from './slices.ts'
import type { Tables } from './tables.ts'
import type { Vault } from './vault.ts'

type KeyVerbs = Pick<
  Store,
  | 'keys'
  | 'key'
  | 'addKeys'
  | 'importKeys'
  | 'changeKey'
  | 'changeKeys'
  | 'resetKeys'
  | 'removeKeys'
>

export function keyVerbs({ engine, change, vault }: StoreParts): KeyVerbs {
  return {
    keys: provider =>
      engine.query(async db => {
        if (provider !== undefined) await findProvider(db, provider)
        const rows = await listKeys(db)
        const wanted = rows.filter(row => provider === undefined || row.provider === provider)
        return wanted.map(row => keyOf(row, row.provider))
      }),

    key: idOrLabel =>
      engine.query(async db => {
        const row = keyNamed(await listKeys(db), idOrLabel)
        return keyOf(row, row.provider)
      }),

    addKeys: (provider, keys) =>
      change(async made => {
        const owner = await findProvider(made.db, provider)
        return insertKeys(made, vault, owner, keys, 'command')
      }),

    importKeys: groups =>
      change(async made => {
        const imported: ImportedKeys[] = []
        for (const { provider, keys } of groups) {
          const owner = await findProvider(made.db, provider)
          imported.push({ provider, ...(await insertKeys(made, vault, owner, keys, 'command')) })
        }
        return imported
      }),

    changeKey: (id, given) =>
      change(async made => {
        const [before] = await findKeys(made.db, [id])
        const after = await updateKey(made, vault, before as OwnedKeyRow, given, 'command')
        return keyOf(after, after.provider)
      }),

    changeKeys: (ids, given) =>
      change(async made => {
        const changed: Key[] = []
        for (const before of await findKeys(made.db, ids)) {
          const after = await updateKey(made, vault, before, given, 'command')
          changed.push(keyOf(after, after.provider))
        }
        return changed
      }),

    resetKeys: ids =>
      change(async made => {
        const rows = await findKeys(made.db, ids)
        for (const slice of slices(rows)) await forget(made.db, slice, true)
        for (const own of ofEachProvider(rows)) {
          made.note('keys.reset', told(own), null, own.map(labelled))
        }
      }),

    removeKeys: ids =>
      change(async made => {
        await deleteKeys(made, await findKeys(made.db, ids))
      }),
  }
}

/**
 * Changes a key's row, which belongs to `origin` from then on. A new secret, and being switched on
 * or off (even if it is so already), make void what was learned about it.
 */
export async function updateKey(
  change: Change,
  vault: Vault,
  before: OwnedKeyRow,
  given: KeyChange,
  origin: Origin,
): Promise<OwnedKeyRow> {
  const { db, note } = change
  checkLimits(given)
  if (given.label !== undefined) checkLabel('label', given.label)
  const proxy = given.proxy === undefined ? before.proxy : proxyWords(given.proxy)
  if (given.proxy !== undefined) {
    await checkProxies(db, wordsIn(proxy), origin === 'file' ? wordsIn(before.proxy) : [])
  }
  const renewed = given.enabled !== undefined || given.value !== undefined
  const changed = {
    label: given.label ?? before.label,
    weight: given.weight ?? before.weight,
    tier: given.tier ?? before.tier,
    rpm: given.rpm === undefined ? before.rpm : given.rpm,
    concurrency: given.concurrency === undefined ? before.concurrency : given.concurrency,
    proxy,
    enabled: given.enabled === undefined ? before.enabled : Number(given.enabled),
    generation: before.generation + Number(renewed),
    ...(given.value && (await keepAnew(change, vault, before, given.value))),
  }
  const after = { ...before, ...changed }
  if (isDeepStrictEqual(before, after)) return before
  if (given.label !== undefined || given.value !== undefined) await refuseTwins(db, after)
  const { id } = before
  await db
    .updateTable('provider_keys')
    .set({ ...changed, origin })
    .where('id', '=', id)
    .execute()
  if (renewed) await db.deleteFrom('memories').where('key_id', '=', id).execute()
  note('key.change', `${before.provider}/${before.label}`, describeKey(before), describeKey(after))
  return { ...after, origin }
}

export async function deleteKeys(
  { db, note }: Change,
  rows: readonly OwnedKeyRow[],
): Promise<void> {
  for (const slice of slices(rows)) {
    await forget(db, slice, false)
    await db.deleteFrom('objects').where('key_id', 'in', idsOf(slice)).execute()
    await db.deleteFrom('provider_keys').where('id', 'in', idsOf(slice)).execute()
  }
  for (const own of ofEachProvider(rows)) {
    note('keys.remove', told(own), own.map(describeKey), null)
  }
}

function keepAnew(change: Change, vault: Vault, row: OwnedKeyRow, value: Secret) {
  const owner = { name: row.provider, base_url: row.base_url }
  return keepValue(value, bindingOf(row.id, owner), 'The key', () => vault.sealer(change))
}

async function refuseTwins(db: Kysely<Tables>, row: OwnedKeyRow): Promise<void> {
  const others = await db
    .selectFrom('provider_keys')
    .select(['label', 'fingerprint'])
    .where('provider_id', '=', row.provider_id)
    .where('id', '!=', row.id)
    .execute()
  const twin = others.find(
    other => other.label === row.label || other.fingerprint.equals(row.fingerprint),
  )
  if (!twin) return
  const what = twin.label === row.label ? 'label' : 'value'
  throw new BalanceError('name_taken', `Key "${twin.label}" of ${row.provider} has this ${what}.`, {
    hint: `See balance keys list ${row.provider}.`,
  })
}

/** Drops what was learned about these keys, and with `raise` also what is being learned now. */
async function forget(db: Kysely<Tables>, rows: readonly OwnedKeyRow[], raise: boolean) {
  const ids = idsOf(rows)
  await db.deleteFrom('memories').where('key_id', 'in', ids).execute()
  if (!raise) return
  await db
    .updateTable('provider_keys')
    .set(row => ({ generation: row('generation', '+', 1) }))
    .where('id', 'in', ids)
    .execute()
}

function idsOf(rows: readonly OwnedKeyRow[]): string[] {
  return rows.map(({ id }) => id)
}

function ofEachProvider(rows: readonly OwnedKeyRow[]): OwnedKeyRow[][] {
  const groups = new Map<string, OwnedKeyRow[]>()
  for (const row of rows) {
    const group = groups.get(row.provider)
    if (group) group.push(row)
    else groups.set(row.provider, [row])
  }
  return [...groups.values()]
}

/** `openai/key-1`; several go by their provider's name, as when they are added. */
function told(rows: readonly OwnedKeyRow[]): string {
  const [first] = rows as [OwnedKeyRow]
  return rows.length === 1 ? `${first.provider}/${first.label}` : first.provider
}

function labelled({ id, label }: OwnedKeyRow) {
  return { id, label }
}

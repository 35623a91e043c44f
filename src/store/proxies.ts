import { isDeepStrictEqual } from 'node:util'
import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Origin } from '../model/catalog.ts'
import {
  checkProxyName,
  type EgressProxy,
  type EgressProxyChange,
  type NewEgressProxy,
  parseProxyUrl,
  passwordFault,
} from '../model/egress-proxy.ts'
import { proxyNamed } from '../model/proxy-named.ts'
import type { Store } from '../model/store.ts'
import type { Change } from './change.ts'
import { newId } from './identifiers.ts'
import type { StoreParts } from './parts.ts'
import { describeProxy, listProxies, proxyBinding, proxyOf } from './proxy-rows.ts'
import { readProxyUsers, refuseUsed } from './proxy-users.ts'
import { parseReference } from './reference.ts'
import type { ProxyRow, Tables } from './tables.ts'
import type { Vault } from './vault.ts'

type ProxyVerbs = Pick<
  Store,
  'proxies' | 'addProxies' | 'changeProxy' | 'removableProxy' | 'removeProxy'
>

export function proxyVerbs({ engine, change, vault }: StoreParts): ProxyVerbs {
  return {
    proxies: () => engine.query(async db => (await listProxies(db)).map(proxyOf)),

    addProxies: given =>
      change(async made => {
        const added: EgressProxy[] = []
        for (const proxy of given) {
          added.push(proxyOf(await insertProxy(made, vault, proxy, true, 'command')))
        }
        return added
      }),

    changeProxy: (idOrName, given) =>
      change(async made => {
        const before = proxyNamed(await listProxies(made.db), idOrName)
        return proxyOf(await updateProxy(made, vault, before, given, 'command'))
      }),

    removableProxy: idOrName =>
      engine.snapshot(async db => proxyOf(await findRemovable(db, idOrName))),

    removeProxy: idOrName =>
      change(async made => {
        const row = await findRemovable(made.db, idOrName)
        await deleteProxy(made, row)
        return proxyOf(row)
      }),
  }
}

/** @throws BalanceError no_such, in_use */
async function findRemovable(db: Kysely<Tables>, idOrName: string): Promise<ProxyRow> {
  const row = proxyNamed(await listProxies(db), idOrName)
  refuseUsed(await readProxyUsers(db), row.name)
  return row
}

/**
 * @param as its id, and its password as a file carries it sealed, which was found to open
 * @throws BalanceError invalid_value, name_taken
 */
export async function insertProxy(
  change: Change,
  vault: Vault,
  given: NewEgressProxy,
  enabled: boolean,
  origin: Origin,
  as?: { readonly id: string; readonly sealed: Buffer },
): Promise<ProxyRow> {
  const { db, time, note } = change
  checkProxyName(given.name)
  const { name } = given
  const id = as?.id ?? newId('x')
  const url = checkUrl(given.url)
  const twin = (await listProxies(db)).find(row => row.name === name || row.id === id)
  if (twin) throw taken(twin.name)
  const kept = await keep(change, vault, { id, url }, given.password)
  const sealed = as?.sealed ?? kept.sealed
  const own = { id, name, url, enabled: Number(enabled) }
  const row = { ...own, reference: kept.reference, sealed, origin, created_at: time }
  await db.insertInto('proxies').values(row).execute()
  note('proxy.add', name, null, describeProxy(row))
  return row
}

/**
 * Changes a proxy's row, which belongs to `origin` from then on. A password that stays is sealed anew
 * for another URL.
 */
export async function updateProxy(
  change: Change,
  vault: Vault,
  before: ProxyRow,
  given: EgressProxyChange,
  origin: Origin,
): Promise<ProxyRow> {
  const { db, note } = change
  const url = given.url === undefined ? before.url : checkUrl(given.url)
  const enabled = given.enabled === undefined ? before.enabled : Number(given.enabled)
  const place = { id: before.id, url }
  const after = { ...before, url, enabled }
  if (given.password !== undefined) {
    Object.assign(after, await keep(change, vault, place, given.password))
  } else if (before.sealed !== null && url !== before.url) {
    const secret = (await vault.opener(db)).open(before.sealed, proxyBinding(before))
    if (secret === null) throw unopened(before.name)
    Object.assign(after, await keep(change, vault, place, secret))
  }
  if (isDeepStrictEqual(before, after)) return before
  const { reference, sealed } = after
  await db
    .updateTable('proxies')
    .set({ url, enabled, reference, sealed, origin })
    .where('id', '=', before.id)
    .execute()
  note('proxy.change', before.name, describeProxy(before), describeProxy(after))
  return { ...after, origin }
}

export async function deleteProxy({ db, note }: Change, row: ProxyRow): Promise<void> {
  await db.deleteFrom('proxies').where('id', '=', row.id).execute()
  note('proxy.remove', row.name, describeProxy(row), null)
}

type Kept = Pick<ProxyRow, 'reference' | 'sealed'>

/** A reference as it is, a clear password sealed. */
async function keep(
  change: Change,
  vault: Vault,
  place: Pick<ProxyRow, 'id' | 'url'>,
  password: Secret | null,
): Promise<Kept> {
  if (password === null) return { reference: null, sealed: null }
  if (!/^[^/]*\/\/[^@]+@/.test(place.url)) {
    throw new BalanceError('invalid_value', 'A password belongs to a user, and the URL has none.', {
      hint: 'Write it like http://user@proxy.lan:3128.',
    })
  }
  const reference = parseReference(password.reveal())
  if (reference !== null) return { reference, sealed: null }
  const fault = passwordFault(password)
  if (fault !== null) throw new BalanceError('invalid_value', `The password ${fault}.`)
  const seal = await vault.sealer(change)
  return { reference: null, sealed: seal.seal(password, proxyBinding(place)) }
}

function checkUrl(given: string): string {
  const { url, password } = parseProxyUrl(given)
  if (password === null) return url
  throw new BalanceError('invalid_value', "A proxy's URL is kept without its password.", {
    hint: 'Give the password apart.',
  })
}

function taken(name: string): BalanceError {
  return new BalanceError('name_taken', `Proxy "${name}" is there already.`, {
    hint: 'See balance proxies list.',
  })
}

function unopened(name: string): BalanceError {
  return new BalanceError('invalid_value', `The password of proxy "${name}" does not open.`, {
    hint: 'Give it together with the new URL.',
  })
}

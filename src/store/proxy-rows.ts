import type { Kysely } from 'kysely'
import { type EgressProxy, passwordFault, shownProxyUrl } from '../model/egress-proxy.ts'
import { checkProxiesSaid } from '../model/proxy-named.ts'
import { type ReferenceSources, resolveReference } from './reference.ts'
import type { Binding, Seal } from './seal.ts'
import type { ProxyRow, Tables } from './tables.ts'

/** In the order of adding. */
export function listProxies(db: Kysely<Tables>): Promise<ProxyRow[]> {
  return db
    .selectFrom('proxies')
    .select(['id', 'name', 'url', 'enabled', 'reference', 'sealed', 'origin', 'created_at'])
    .orderBy('seq')
    .execute()
}

/**
 * Whether everything that a `proxy` says now is there.
 * @param held what it said before and may go on saying: an older store has names of what is gone
 * @throws BalanceError no_such
 */
export async function checkProxies(
  db: Kysely<Tables>,
  said: readonly string[],
  held: readonly string[] = [],
): Promise<void> {
  const anew = said.filter(name => !held.includes(name))
  if (anew.length > 0) checkProxiesSaid(await listProxies(db), anew)
}

/** The proxy without its password. */
export function proxyOf(row: ProxyRow): EgressProxy {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    enabled: row.enabled === 1,
    protected: row.reference !== null || row.sealed !== null,
    reference: row.reference,
    secret: null,
    fault: null,
    origin: row.origin,
    createdAt: row.created_at,
  }
}

/** A password that cannot be opened or resolved takes nobody with it but its proxy. */
export function openedProxy(
  row: ProxyRow,
  seal: Seal | null,
  sources: ReferenceSources,
): EgressProxy {
  const proxy = proxyOf(row)
  if (row.reference !== null) {
    const resolved = resolveReference(row.reference, sources, passwordFault)
    if ('secret' in resolved) return { ...proxy, secret: resolved.secret }
    return { ...proxy, fault: { state: 'invalid', reason: resolved.reason } }
  }
  if (row.sealed === null) return proxy
  const secret = seal?.open(row.sealed, proxyBinding(row)) ?? null
  if (secret) return { ...proxy, secret }
  const reason = 'its seal does not open: it was changed, or made for another proxy or address'
  return { ...proxy, fault: { state: 'sealed', reason } }
}

/** A password is sealed for this row and this address, its user included. */
export function proxyBinding({ id, url }: Pick<ProxyRow, 'id' | 'url'>): Binding {
  return { table: 'proxies', id, provider: '', origin: url }
}

/** For the audit. */
export function describeProxy(row: ProxyRow): unknown {
  const { id, name, enabled, reference } = proxyOf(row)
  return { id, name, url: shownProxyUrl(proxyOf(row)), enabled, reference }
}

import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import type { Catalog, Key } from '../model/catalog.ts'
import type { Store } from '../model/store.ts'
import { readHeads, readRevision } from './change.ts'
import { bindingOf } from './kept-value.ts'
import { keyOf, listKeys, type OwnedKeyRow } from './key-rows.ts'
import { readMemories } from './memories.ts'
import { readOutages } from './outages.ts'
import type { StoreParts } from './parts.ts'
import { listProviders, providerOf } from './provider-rows.ts'
import { listProxies, openedProxy } from './proxy-rows.ts'
import { type ReferenceSources, resolveReference } from './reference.ts'
import { readRoutes } from './route-rows.ts'
import type { Seal } from './seal.ts'
import { readSettings, settingsInForce } from './settings.ts'
import type { Tables } from './tables.ts'
import { readTokens } from './tokens.ts'

type CatalogVerbs = Pick<Store, 'revision' | 'heads' | 'catalog'>

export function catalogVerbs(parts: StoreParts): CatalogVerbs {
  const { engine } = parts
  return {
    revision: () => engine.query(readRevision),

    heads: () => engine.query(readHeads),

    catalog: async () => {
      try {
        return await engine.snapshot(db => readCatalog(db, parts))
      } catch (error) {
        // What was read may be of before a rotation whose key is in its place by now.
        if (!(error instanceof BalanceError && error.code === 'master_key_wrong')) throw error
        return engine.snapshot(db => readCatalog(db, parts))
      }
    },
  }
}

async function readCatalog(db: Kysely<Tables>, { vault, sources }: StoreParts): Promise<Catalog> {
  const revision = await readRevision(db)
  const settings = settingsInForce(await readSettings(db))
  const providers = (await listProviders(db)).map(providerOf)
  const rows = await listKeys(db)
  const proxyRows = await listProxies(db)
  const seal = [...rows, ...proxyRows].some(isSealed) ? await vault.opener(db) : null
  const keys = rows.map(row => openedKey(row, seal, sources))
  const proxies = proxyRows.map(row => openedProxy(row, seal, sources))
  const tokens = await readTokens(db)
  const routes = await readRoutes(db)
  const lessons = { memories: await readMemories(db), outages: await readOutages(db) }
  const direct = directHosts(sources)
  return { revision, settings, providers, keys, tokens, routes, proxies, direct, ...lessons }
}

function isSealed({ sealed }: { readonly sealed: Buffer | null }): boolean {
  return sealed !== null
}

/** As curl reads it: the name in small letters first. */
function directHosts({ variables }: ReferenceSources): string[] {
  const given = variables.no_proxy ?? variables.NO_PROXY ?? ''
  return given.split(/[\s,]+/).filter(entry => entry !== '')
}

/** A key that cannot be opened or resolved is told as it is: it must not take the others with it. */
function openedKey(row: OwnedKeyRow, seal: Seal | null, sources: ReferenceSources): Key {
  const key = keyOf(row, row.provider)
  if (row.reference !== null) {
    const resolved = resolveReference(row.reference, sources)
    if ('secret' in resolved) return { ...key, secret: resolved.secret }
    return { ...key, fault: { state: 'invalid', reason: resolved.reason } }
  }
  const owner = { name: row.provider, base_url: row.base_url }
  const secret = row.sealed && seal ? seal.open(row.sealed, bindingOf(row.id, owner)) : null
  if (secret) return { ...key, secret }
  const reason = 'its seal does not open: it was changed, or made for another key or provider'
  return { ...key, fault: { state: 'sealed', reason } }
}

import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Store } from '../model/store.ts'
import { readHeads, readRevision } from './change.ts'
import { listSealedKeys } from './key-rows.ts'
import { readMemories } from './memories.ts'
import { OpenedKeys } from './opened-keys.ts'
import { readOutages } from './outages.ts'
import type { StoreParts } from './parts.ts'
import { listProviders, providerOf } from './provider-rows.ts'
import { listProxies, openedProxy } from './proxy-rows.ts'
import type { ReferenceSources } from './reference.ts'
import { readRoutes } from './route-rows.ts'
import { readSettings, settingsInForce } from './settings.ts'
import type { Tables } from './tables.ts'
import { readTokens } from './tokens.ts'

type CatalogVerbs = Pick<Store, 'revision' | 'heads' | 'catalog'>

export function catalogVerbs(parts: StoreParts): CatalogVerbs {
  const { engine } = parts
  const opened = new OpenedKeys()
  const read = () => engine.snapshot(db => readCatalog(db, parts, opened))
  return {
    revision: () => engine.query(readRevision),

    heads: () => engine.query(readHeads),

    catalog: async () => {
      try {
        return await read()
      } catch (error) {
        // What was read may be of before a rotation whose key is in its place by now.
        if (!(error instanceof BalanceError && error.code === 'master_key_wrong')) throw error
        return read()
      }
    },
  }
}

async function readCatalog(
  db: Kysely<Tables>,
  { vault, sources }: StoreParts,
  opened: OpenedKeys,
): Promise<Catalog> {
  const revision = await readRevision(db)
  const settings = settingsInForce(await readSettings(db))
  const providerRows = await listProviders(db)
  const providers = providerRows.map(providerOf)
  const rows = await listSealedKeys(db)
  const proxyRows = await listProxies(db)
  const seal = [...rows, ...proxyRows].some(isSealed) ? await vault.opener(db) : null
  const keys = opened.open(rows, providerRows, seal, sources)
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

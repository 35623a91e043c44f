import { parseStoreUrl } from './url.ts'

/** What things of a store are called, in the order in which they were added. */
export interface Names {
  readonly providers: readonly Named[]
  /** By id. */
  readonly keys: readonly Named[]
  readonly keyLabels: readonly Named[]
  readonly tokens: readonly Named[]
  readonly proxies: readonly Named[]
  readonly routes: readonly Named[]
}

/** A name, and what to tell it by. */
export interface Named {
  readonly name: string
  readonly about: string
}

/** How long a writer is waited for, milliseconds: somebody has pressed Tab. */
const PATIENCE = 50

const QUERIES: Readonly<Record<keyof Names, string>> = {
  providers: 'select name, base_url as about from providers order by seq',
  keys: `select k.id as name, p.name || ' ' || k.label as about
    from provider_keys k join providers p on p.id = k.provider_id order by k.seq`,
  keyLabels: `select k.label as name, p.name as about
    from provider_keys k join providers p on p.id = k.provider_id
    group by k.label having count(*) = 1 order by k.seq`,
  tokens: 'select name, masked as about from tokens order by seq',
  proxies: 'select name, url as about from proxies order by seq',
  routes: "select distinct model as name, '' as about from routes order by model",
}

/**
 * Reads names from a store on this host's disk, for completion: far faster than opening the store,
 * and it neither makes, migrates nor changes anything. Nothing is there, or it cannot be read: null.
 */
export async function readNames(url: string): Promise<Names | null> {
  try {
    const address = parseStoreUrl(url, null)
    if (address.engine !== 'sqlite') return null
    const { default: Sqlite } = await import('better-sqlite3')
    const options = { readonly: true, fileMustExist: true, timeout: PATIENCE }
    const database = new Sqlite(address.file, options)
    try {
      const rows = Object.entries(QUERIES).map(([of, query]) => [of, database.prepare(query).all()])
      return Object.fromEntries(rows) as Names
    } finally {
      database.close()
    }
  } catch {
    return null
  }
}

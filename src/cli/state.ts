import { BalanceError } from '../base/errors.ts'
import type { Catalog, Key } from '../model/catalog.ts'
import { keyStatuses, type OpenBreakers, providerStatuses } from '../model/key-status.ts'
import { rememberedBreakers } from '../model/outage.ts'
import { DEFAULT_SETTINGS, type Settings } from '../model/settings.ts'
import type { DaemonStatus, KeyStatus, ProviderStatus } from '../model/status.ts'
import type { Store } from '../model/store.ts'
import { type ExitOf, exitsOf } from '../snapshot/exits.ts'
import type { Session } from './session.ts'

/** What the store says of providers and keys now, with what a running daemon has learned. */
export interface State {
  readonly revision: number
  readonly settings: Settings
  readonly providers: readonly ProviderStatus[]
  readonly keys: readonly KeyStatus[]
  /** Null for all where no daemon runs. */
  readonly exitOf: ExitOf
  /** Whether a running daemon has proxies. */
  readonly proxied: boolean
}

/** Reads the state; without the master key too, for which all sealed keys are shown as `sealed`. */
export async function readState(session: Session): Promise<State> {
  await session.flush()
  const store = await session.store()
  const catalog = await readCatalog(session, store)
  const daemon = await session.daemon()
  const judged = daemon ? { ...catalog, keys: catalog.keys.map(leaveReference) } : catalog
  const wall = session.clock.wall()
  const status = daemon && (await daemon.call('status', {}).catch(() => null))
  const breakers = daemon ? openBreakers(status) : rememberedBreakers(catalog, wall)
  return {
    revision: catalog.revision,
    settings: catalog.settings,
    get providers() {
      return providerStatuses(judged, wall, breakers)
    },
    keys: keyStatuses(judged, wall),
    exitOf: exitsIn(catalog, status),
    proxied: (status?.proxies.length ?? 0) > 0,
  }
}

/** What is known of these keys now; those that were removed meanwhile are left out. */
export async function readKeys(
  session: Session,
  keys: readonly { readonly id: string }[],
): Promise<KeyStatus[]> {
  const ids = new Set(keys.map(key => key.id))
  return (await readState(session)).keys.filter(key => ids.has(key.id))
}

/** Every setting's value in the store, without opening any secret. */
export async function readSettings(store: Store): Promise<Settings> {
  const rows = await store.settings()
  return { ...DEFAULT_SETTINGS, ...Object.fromEntries(rows.map(row => [row.name, row.value])) }
}

/** Provider name → when the first of its keys that rest comes back (wall ms); none for what does not. */
export async function readReturns(store: Store, wall: number): Promise<Map<string, number>> {
  const keys = await store.keys()
  const memories = [...(await store.memories()).values()]
  const returns = new Map<string, number>()
  for (const { provider, until } of keyStatuses({ keys, memories }, wall)) {
    if (until === null) continue
    const soonest = returns.get(provider) ?? Number.POSITIVE_INFINITY
    returns.set(provider, Math.min(soonest, Date.parse(until)))
  }
  return returns
}

async function readCatalog(session: Session, store: Store): Promise<Catalog> {
  try {
    return await store.catalog()
  } catch (error) {
    const code = error instanceof BalanceError ? error.code : null
    if (code !== 'master_key_missing' && code !== 'master_key_wrong') throw error
    session.out.warn((error as Error).message)
    return unopened(store)
  }
}

async function unopened(store: Store): Promise<Catalog> {
  const keys = await store.keys()
  return {
    revision: await store.revision(),
    settings: await readSettings(store),
    providers: await store.providers(),
    keys: keys.map(key => (key.reference === null ? { ...key, fault: NOT_OPENED } : key)),
    tokens: [],
    routes: await store.routes(),
    memories: [...(await store.memories()).values()],
    outages: await store.outages(),
    proxies: await store.proxies(),
    direct: [],
  }
}

const NOT_OPENED = { state: 'sealed', reason: 'the master key is not at hand' } as const

/** A reference is resolved where the daemon runs; that this shell cannot do it says nothing. */
function leaveReference(key: Key): Key {
  return key.reference === null ? key : { ...key, fault: null }
}

/** Which proxies fail, and what its environment exempts, a running daemon alone knows. */
function exitsIn(catalog: Catalog, status: DaemonStatus | null): ExitOf {
  if (status === null) return () => null
  return exitsOf({ ...catalog, direct: status.no_proxy ?? [] }, status.proxies)
}

/** A running daemon alone knows how they are now; none are shown where it does not answer. */
function openBreakers(status: DaemonStatus | null): OpenBreakers {
  return new Map(status?.providers.map(({ name, breakers }) => [name, breakers]))
}

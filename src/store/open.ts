import type { Clock } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import type { Actor, Store } from '../model/store.ts'
import { adminVerbs } from './admin.ts'
import { auditVerbs } from './audit.ts'
import { backupVerbs } from './backup.ts'
import { catalogVerbs } from './catalog.ts'
import { changes, witness } from './change.ts'
import type { Engine } from './dialect.ts'
import { heldVerbs } from './held.ts'
import { keyVerbs } from './keys.ts'
import { leaseVerbs } from './leases.ts'
import { memoryVerbs } from './memories.ts'
import { moveVerbs } from './move.ts'
import { nodeVerbs } from './nodes.ts'
import { objectVerbs } from './objects.ts'
import { outageVerbs } from './outages.ts'
import type { StoreParts } from './parts.ts'
import { providerVerbs } from './providers.ts'
import { proxyVerbs } from './proxies.ts'
import { reconcileVerbs } from './reconcile.ts'
import { recordVerbs } from './records.ts'
import { retentionVerbs } from './retention.ts'
import { routeVerbs } from './routes.ts'
import { secretVerbs } from './secrets.ts'
import { settingVerbs } from './settings.ts'
import { statsVerbs } from './stats.ts'
import { tokenVerbs } from './tokens.ts'
import { trafficVerbs } from './traffic.ts'
import { parseStoreUrl } from './url.ts'
import { Vault } from './vault.ts'

/** Everything a store needs of its surroundings; the store itself reads no environment. */
export interface StoreOptions {
  /** `sqlite:PATH` or `mysql://user[:password]@host[:port]/database[?socket=PATH]`. */
  readonly url: string
  /** Where a master key is made when one is needed. */
  readonly dataDir: string
  /** The folder of the configuration file; `file:` references may point below it. */
  readonly configDir: string | null
  readonly env: {
    readonly credentialsDirectory: string | null
    readonly masterKeyFile: string | null
    readonly masterKey: Secret | null
    /** Used where the URL has no password. */
    readonly mysqlPassword: Secret | null
    /** What `env:` references are looked up in. */
    readonly variables: Readonly<Record<string, string>>
  }
  readonly clock: Clock
  readonly actor: Actor
  /** The host's master key; `/etc/balance/master-key` unless given. */
  readonly etcMasterKey?: string
  /** Opens a store that a restore left half-written too: another restore is to finish it. */
  readonly restoring?: boolean
}

/**
 * Opens a store in this thread, creating and migrating it where needed. Its SQLite calls block.
 * @throws BalanceError config_invalid, config_unsafe, store_unavailable, store_invalid, store_too_new,
 * restore_unfinished
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const engine = await openEngine(options)
  const { clock, actor } = options
  const parts: StoreParts = {
    engine,
    clock,
    change: changes(engine, clock, actor),
    witness: witness(engine, clock, actor),
    vault: new Vault({
      credentialsDirectory: options.env.credentialsDirectory,
      file: options.env.masterKeyFile,
      value: options.env.masterKey,
      etcFile: options.etcMasterKey ?? '/etc/balance/master-key',
      dataDir: options.dataDir,
    }),
    sources: {
      variables: options.env.variables,
      folders: [options.env.credentialsDirectory, options.configDir].filter(isFolder),
    },
  }
  const store: Store = {
    url: engine.url,
    as: (other, revision) => ({
      ...store,
      ...changeVerbs({ ...parts, change: changes(engine, clock, other, revision) }),
    }),
    ...changeVerbs(parts),
    ...catalogVerbs(parts),
    ...memoryVerbs(parts),
    ...outageVerbs(parts),
    ...objectVerbs(parts),
    ...heldVerbs(parts),
    ...auditVerbs(parts),
    ...adminVerbs(parts),
    ...recordVerbs(parts),
    ...statsVerbs(parts),
    ...trafficVerbs(parts),
    ...retentionVerbs(parts),
    ...nodeVerbs(parts),
    ...leaseVerbs(parts),
    close: () => engine.close(),
  }
  return store
}

/** Those of which the audit tells who made them; what keeps something between calls is not among them. */
function changeVerbs(parts: StoreParts) {
  return {
    ...providerVerbs(parts),
    ...keyVerbs(parts),
    ...secretVerbs(parts),
    ...tokenVerbs(parts),
    ...routeVerbs(parts),
    ...proxyVerbs(parts),
    ...settingVerbs(parts),
    ...reconcileVerbs(parts),
    ...moveVerbs(parts),
    ...backupVerbs(parts),
  }
}

/** Each engine is loaded only where it is used: a command should start at once. */
async function openEngine({ url, env, clock, restoring }: StoreOptions): Promise<Engine> {
  const address = parseStoreUrl(url, env.mysqlPassword)
  if (address.engine === 'sqlite') {
    const { openSqlite } = await import('./sqlite.ts')
    return openSqlite(address, clock, { restoring: restoring === true })
  }
  const { openMysql } = await import('./mysql.ts')
  return openMysql(address, clock)
}

function isFolder(folder: string | null): folder is string {
  return folder !== null
}

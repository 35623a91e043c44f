import type { Secret } from '../base/secret.ts'
import type { AdminPassword, AdminSession, FailedLogins, NewAdminSession } from './admin.ts'
import type { AuditEntry, AuditQuery } from './audit.ts'
import type { Backup, BackupOptions, ReadBackup, TellProgress } from './backup.ts'
import type {
  Catalog,
  Key,
  KeyMemory,
  Lessons,
  Origin,
  Provider,
  ProviderMemory,
  Route,
  Token,
} from './catalog.ts'
import type {
  AddedKeys,
  ImportedKeys,
  KeyChange,
  KeyGroup,
  Move,
  NewKey,
  NewProvider,
  NewTarget,
  NewToken,
  ProviderChange,
  RemovedProvider,
  SettingRow,
  TokenChange,
} from './changes.ts'
import type { Declared, Reconciled } from './declared.ts'
import type { EgressProxy, EgressProxyChange, NewEgressProxy } from './egress-proxy.ts'
import type { NewNode, Node } from './node.ts'
import type { ObjectNews, StoredObject } from './object.ts'
import type { Plan, Subject } from './plan.ts'
import type {
  ExchangeRecord,
  Faults,
  ImportedBatch,
  ImportedHeads,
  ImportedLog,
  Pruned,
  RecordFilter,
  RecordQuery,
  Retention,
  StatsQuery,
  StatsRow,
  StoredExchange,
  StoredFailure,
  TrafficQuery,
  TrafficRow,
  UsageSums,
} from './record.ts'
import type { TargetPlace } from './route-fields.ts'
import type { GivenMasterKey, RotatedMasterKey, SecretsState } from './secrets.ts'
import type { SettingName, Settings } from './settings.ts'

/** Who makes a change, for the audit row. */
export interface Actor {
  /** `user@host`, or which session of the dashboard. */
  readonly who: string
  /** The command as typed, without secrets, or the operation's name. */
  readonly what: string
}

/**
 * Where everything that must outlive the process is kept: SQLite or MySQL behind the same verbs.
 *
 * Every change writes an audit row and raises the revision in the same transaction. Verbs throw
 * BalanceError: `no_such` for a name or id that is not there, `name_taken`, `invalid_value`,
 * `store_unavailable` when the engine does not answer, `master_key_missing` / `master_key_wrong`
 * when a secret must be sealed and cannot be.
 */
export interface Store {
  /** `sqlite:/path/balance.db` or `mysql://user@host/db`; no password. */
  readonly url: string

  /**
   * The same store, whose changes are told to be this one's. Closing either closes both.
   * @param revision where it is given and the store has another one, a change throws stale_plan
   */
  as(actor: Actor, revision?: number): Store

  /** The number of the newest change; cheap, for polling. */
  revision(): Promise<number>
  /** The same together with the number of the newest lesson: one cheap read. */
  heads(): Promise<Heads>
  /** One consistent read of all that a gateway needs; keys opened, references resolved. */
  catalog(): Promise<Catalog>

  providers(): Promise<Provider[]>
  provider(name: string): Promise<Provider>
  addProvider(
    provider: NewProvider,
    options: { readonly makeDefault: boolean; readonly keys?: readonly NewKey[] },
  ): Promise<Provider>
  /** @param options.lockOrigin origin_locked where its keys would be sent to another origin */
  changeProvider(
    name: string,
    change: ProviderChange,
    options?: { readonly lockOrigin: boolean },
  ): Promise<Provider>
  /** Removes its keys too, and the targets that lead to it. */
  removeProvider(name: string): Promise<RemovedProvider>
  /** What was learned about providers; older generations left out. */
  outages(): Promise<ProviderMemory[]>

  /** Without opening any secret. */
  keys(provider?: string): Promise<Key[]>
  /** By id, or by label where one key has it. */
  key(idOrLabel: string): Promise<Key>
  /** What was learned about keys, by key id; older generations left out. */
  memories(): Promise<Map<string, KeyMemory>>
  addKeys(provider: string, keys: readonly NewKey[]): Promise<AddedKeys>
  /** The same for several providers: all of it or nothing. */
  importKeys(groups: readonly KeyGroup[]): Promise<ImportedKeys[]>
  changeKey(id: string, change: KeyChange): Promise<Key>
  /** The same change of several: of all or of none. */
  changeKeys(ids: readonly string[], change: KeyChange): Promise<Key[]>
  /** Forgets what was learned about these keys and raises their generation. */
  resetKeys(ids: readonly string[]): Promise<void>
  removeKeys(ids: readonly string[]): Promise<void>
  /** How the sealed keys stand; works without the master key too. */
  secrets(): Promise<SecretsState>
  /**
   * Makes a new master key, or takes the one given, and seals everything under it anew.
   * @throws BalanceError not_permitted where a new one cannot be put in the old one's place and none
   * is given; failed where another rotation was faster; invalid_value; no_such where nothing is sealed
   */
  rotateMasterKey(given?: GivenMasterKey): Promise<RotatedMasterKey>
  /**
   * Writes what was learned; rows of an older generation than the key's are dropped.
   * @param node who learned it: what another wrote so recently that this one cannot have heard of
   * it (`HEARD_WITHIN_MS`) is kept beside it
   */
  remember(memories: readonly KeyMemory[], node?: string): Promise<void>
  /** The same of providers: what is there already and what is new are merged. */
  rememberOutages(outages: readonly ProviderMemory[]): Promise<void>
  /**
   * What was learned after this number; {@link Heads.learned} is the next one to ask for.
   * @param notNode leaves out what this node alone learned about keys; of outages it may hear its own
   */
  learnedSince(learned: number, notNode?: string): Promise<Lessons & { readonly learned: number }>

  /**
   * Writes which objects were made and which are gone. Who made one first stays its maker; those of keys
   * that are not there any more are left out.
   */
  rememberObjects(news: ObjectNews): Promise<void>
  /** What is known of these ids, at any provider. */
  findObjects(ids: readonly string[]): Promise<StoredObject[]>
  /** Those that were made or used last, the oldest of them first. */
  newestObjects(most: number): Promise<StoredObject[]>
  /** How many live with a key. */
  countObjects(keyId: string): Promise<number>
  /**
   * Removes a small slice of those that were not used for `OBJECT_KEPT_MS`, or else of what is beyond `most`,
   * those not used for longest first.
   * @returns how many it removed; 0: there are no more to remove
   */
  pruneObjects(most: number): Promise<number>

  tokens(): Promise<Token[]>
  createToken(token: NewToken): Promise<{ readonly token: Token; readonly secret: Secret }>
  /** By id or name. */
  changeToken(idOrName: string, change: TokenChange): Promise<Token>
  /** By id or name. */
  revokeToken(idOrName: string): Promise<Token>

  /** In the order in which they were added; without opening any password. */
  proxies(): Promise<EgressProxy[]>
  addProxies(proxies: readonly NewEgressProxy[]): Promise<EgressProxy[]>
  /** By id or name. */
  changeProxy(idOrName: string, change: EgressProxyChange): Promise<EgressProxy>
  /** What {@link removeProxy} would remove now; throws as that does. */
  removableProxy(idOrName: string): Promise<EgressProxy>
  /** By id or name; returns it as it was. @throws BalanceError in_use where a setting `proxy` names it */
  removeProxy(idOrName: string): Promise<EgressProxy>

  /** In the order in which they were added. */
  routes(): Promise<Route[]>
  route(model: string): Promise<Route>
  /**
   * Adds targets to a route, which is there from its first one on. A target that it has already
   * takes the weight and tier given.
   */
  addTargets(model: string, targets: readonly NewTarget[]): Promise<Route>
  /** Returns what is left of the route; null where it has no other target, and is gone. */
  removeTargets(model: string, targets: readonly TargetPlace[]): Promise<Route | null>
  /** Returns the route as it was. */
  removeRoute(model: string): Promise<Route>

  settings(): Promise<SettingRow[]>
  setSetting<K extends SettingName>(name: K, value: Settings[K]): Promise<void>
  /** Gives the value back to the file, or to its default. */
  unsetSetting(name: SettingName): Promise<void>
  /** Writes what the file declares with origin `file`; values a command owns stay. One transaction. */
  reconcile(declared: Declared): Promise<Reconciled>
  /** What {@link apply} would do now. */
  plan(declared: Declared, options: { readonly prune: boolean }): Promise<Plan>
  /**
   * Makes the store as the file declares it, with origin `file`, also where a command owned it. One
   * transaction. Only with `prune` goes what has origin `file` and is declared no longer.
   * @param options.revision what the plan was made at; stale_plan where there is a newer one
   */
  apply(
    declared: Declared,
    options: { readonly prune: boolean; readonly revision: number },
  ): Promise<Plan>
  /** Makes one object as the file declares it, whoever owns it. @throws BalanceError no_such where it does not */
  giveBack(declared: Declared, subject: Subject): Promise<Plan>
  /** What the store holds, as a file would declare it: secrets sealed, hashed, or by reference. */
  held(origin: Origin | 'all'): Promise<Declared>
  /** What was changed, by whom; newest first. */
  audit(query: AuditQuery): Promise<AuditEntry[]>

  /** What is kept of the dashboard's password; null where there is none. */
  adminPassword(): Promise<(AdminPassword & { readonly changedAt: number }) | null>
  /** Ends every session. */
  setAdminPassword(password: AdminPassword): Promise<void>
  /** Ends every session. @throws BalanceError no_such where there is none */
  removeAdminPassword(): Promise<void>
  /** Begins a session, of {@link ADMIN_LIFE_MS} at most. */
  openAdminSession(session: NewAdminSession): Promise<AdminSession>
  /**
   * The session that a cookie belongs to; null for none, and for one that is over.
   * @param hash SHA-256 of what the cookie holds, hex
   * @param active whether it is seen at work, and so goes on for {@link ADMIN_IDLE_MS}
   */
  adminSession(hash: string, active: boolean): Promise<AdminSession | null>
  /** Those that are not over, oldest first. */
  adminSessions(): Promise<AdminSession[]>
  /** Ends a session at its own wish; nothing where it is over already. */
  closeAdminSession(id: string): Promise<void>
  /**
   * Ends sessions, all of them where no id is given.
   * @param actor where it is not who opened the store
   * @throws BalanceError no_such
   */
  revokeAdminSessions(id: string | null, actor?: Actor): Promise<AdminSession[]>
  /** For the audit. */
  noteFailedLogins(failed: FailedLogins): Promise<void>

  /**
   * Takes providers, keys, tokens and settings together, as a command's: all of it or nothing.
   * Where there is no default provider and none is given, the first new one that is enabled becomes it.
   */
  moveIn(move: Move): Promise<void>

  /**
   * Appends a batch that this node served; either all of it or none.
   * @param id names the batch: one that was written though nobody heard of it (the server froze, the
   * connection broke) is not written again where it is the node's last
   */
  record(batch: readonly ExchangeRecord[], node: string, id?: string): Promise<void>
  /**
   * Appends rows of another gateway's log; either all of them or none.
   * @param source names that log; `heads` are kept with it. Nothing is written where it is not as far
   * as the batch is `after`: another import was there meanwhile.
   */
  importLog(source: string, batch: ImportedBatch): Promise<ImportedLog>
  importedHeads(source: string): Promise<ImportedHeads>
  records(query: RecordQuery): Promise<StoredExchange[]>
  /** By id or request id. */
  recordOf(
    id: string,
  ): Promise<{ readonly exchange: StoredExchange; readonly failures: StoredFailure[] }>
  failures(
    query: RecordFilter & { readonly limit: number; readonly before?: number },
  ): Promise<StoredFailure[]>
  /** Sums from hourly rollups, largest first (hours: oldest first); cheap at any size of the log. */
  stats(query: StatsQuery): Promise<StatsRow[]>
  /** What a key did in the whole hours from `since` on, the first one included; cheap at any size. */
  keyUsage(id: string, since: number, until: number): Promise<UsageSums>
  /** Sums by step, the oldest first, from rollups; steps without a request are left out. */
  traffic(query: TrafficQuery): Promise<TrafficRow[]>
  /** Failed attempts by key, most first, of the newest {@link MOST_FAULTS} since then. */
  faults(since: number): Promise<Faults>
  /** Removes one small slice of what is too old, or oldest where there is too much, and gives its space back. */
  prune(retention: Retention): Promise<Pruned>

  /**
   * Writes all there is to one file, 0600, in the place of one that is there; without the master key,
   * and while others use the store. It sees the store as of one moment.
   * @param tell only where the store was opened in the caller's own thread
   */
  backup(file: string, options: BackupOptions, tell?: TellProgress): Promise<Backup>
  /** Reads a backup to its end; throws `failed` where it is not whole, `store_too_new`. */
  readBackup(file: string, tell?: TellProgress): Promise<ReadBackup>
  /**
   * Puts what a backup holds in the place of all there is, in one transaction. Nobody may serve the
   * store meanwhile. The log stays as it is where the backup has none. A process that is killed leaves
   * the old, the new, or a store that is refused with restore_unfinished until this has run again.
   */
  restore(file: string, tell?: TellProgress): Promise<Backup>

  /** Says that a node is there; those not heard of for `NODE_GONE_MS` are left out of {@link nodes}. */
  announce(node: NewNode): Promise<void>
  nodes(): Promise<Node[]>
  depart(node: string): Promise<void>
  /** Takes or renews work that one node does for all; false while another holds it. It ends by itself after `ms`. */
  takeLease(work: string, node: string, ms: number): Promise<boolean>

  close(): Promise<void>
}

/** The newest numbers of the store. */
export interface Heads {
  readonly revision: number
  readonly learned: number
}

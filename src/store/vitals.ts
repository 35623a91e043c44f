import type { Clock } from '../base/clock.ts'
import type { BalanceError, ErrorCode } from '../base/errors.ts'
import type { StoreHealth } from '../model/status.ts'
import type { Verb } from './message.ts'

/**
 * What a verb needs of the engine. Each is well or ill by itself: a store that is locked or full is
 * still read, and its log may lie on another disk than what operators wrote.
 */
type Work = 'read' | 'write' | 'read the log' | 'write the log'

const WORK: Readonly<Record<Verb, Work>> = {
  revision: 'read',
  heads: 'read',
  catalog: 'read',
  providers: 'read',
  provider: 'read',
  addProvider: 'write',
  changeProvider: 'write',
  removeProvider: 'write',
  outages: 'read',
  keys: 'read',
  key: 'read',
  memories: 'read',
  addKeys: 'write',
  importKeys: 'write',
  changeKey: 'write',
  changeKeys: 'write',
  resetKeys: 'write',
  removeKeys: 'write',
  secrets: 'read',
  rotateMasterKey: 'write',
  remember: 'write',
  rememberOutages: 'write',
  learnedSince: 'read',
  rememberObjects: 'write',
  findObjects: 'read',
  newestObjects: 'read',
  countObjects: 'read',
  pruneObjects: 'write',
  tokens: 'read',
  createToken: 'write',
  changeToken: 'write',
  revokeToken: 'write',
  routes: 'read',
  route: 'read',
  addTargets: 'write',
  removeTargets: 'write',
  removeRoute: 'write',
  proxies: 'read',
  addProxies: 'write',
  changeProxy: 'write',
  removableProxy: 'read',
  removeProxy: 'write',
  settings: 'read',
  setSetting: 'write',
  unsetSetting: 'write',
  reconcile: 'write',
  backup: 'read the log',
  readBackup: 'read',
  restore: 'write the log',
  moveIn: 'write',
  plan: 'read',
  apply: 'write',
  giveBack: 'write',
  held: 'read',
  audit: 'read',
  record: 'write the log',
  importLog: 'write the log',
  importedHeads: 'read the log',
  records: 'read the log',
  recordOf: 'read the log',
  failures: 'read the log',
  stats: 'read the log',
  keyUsage: 'read the log',
  traffic: 'read the log',
  faults: 'read the log',
  prune: 'write the log',
  announce: 'write',
  nodes: 'read',
  depart: 'write',
  takeLease: 'write',
  adminPassword: 'read',
  setAdminPassword: 'write',
  removeAdminPassword: 'write',
  openAdminSession: 'write',
  adminSession: 'read',
  adminSessions: 'read',
  closeAdminSession: 'write',
  revokeAdminSessions: 'write',
  noteFailedLogins: 'write',
  close: 'read',
}

/** All there are, but the last. */
export const VERBS = Object.keys(WORK).filter(verb => verb !== 'close') as Exclude<Verb, 'close'>[]

/** Errors that are the store's own, and not the caller's. */
const ILL: ReadonlySet<ErrorCode> = new Set(['store_unavailable', 'store_invalid'])
/** A call that takes longer is taken to hang: on a lock, a dead disk, a frozen server. Milliseconds. */
const HANGS_AFTER = 1_500
/**
 * An error that came no more for so long is forgotten: nobody does that work any longer, or it would
 * have failed or succeeded again. What a daemon does of itself it tries again within some 10 s.
 */
const FORGOTTEN_AFTER = 15_000

/** Judges a store by the calls made to it. */
export class Vitals {
  readonly #clock: Clock
  /** Call → when it was made, monotonic ms; in the order of making. */
  readonly #underWay = new Map<number, { readonly work: Work; readonly since: number }>()
  readonly #errors = new Map<Work, { readonly message: string; readonly at: number }>()
  /** The thread itself does not run. */
  #down: string | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get health(): StoreHealth {
    const trouble = this.#down ?? this.#failing() ?? this.#hanging()
    return { ok: trouble === null, error: trouble }
  }

  began(call: number, verb: Verb): void {
    this.#underWay.set(call, { work: WORK[verb], since: this.#clock.now() })
  }

  /** @param error what the call failed with; null where it succeeded */
  ended(call: number, error: BalanceError | null): void {
    const work = this.#underWay.get(call)?.work
    this.#underWay.delete(call)
    if (work === undefined) return
    if (error === null) this.#errors.delete(work)
    else if (ILL.has(error.code))
      this.#errors.set(work, { message: error.message, at: this.#clock.now() })
  }

  /** The thread ended, or could not be started. */
  down(reason: string): void {
    this.#down = reason
    this.#underWay.clear()
  }

  /** It runs, and is taken to be well until a call shows otherwise. */
  up(): void {
    this.#down = null
    this.#errors.clear()
  }

  #failing(): string | null {
    const oldest = this.#clock.now() - FORGOTTEN_AFTER
    return [...this.#errors.values()].find(({ at }) => at >= oldest)?.message ?? null
  }

  #hanging(): string | null {
    const [oldest] = this.#underWay.values()
    if (oldest === undefined) return null
    const waited = this.#clock.now() - oldest.since
    if (waited < HANGS_AFTER) return null
    const seconds = Math.floor(waited / 1_000)
    return `The store does not answer: to ${oldest.work} takes more than ${seconds} s.`
  }
}

import type { Clock, Timer } from '../base/clock.ts'
import { asBalanceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { Catalog, Key } from '../model/catalog.ts'
import type { EgressProxy } from '../model/egress-proxy.ts'
import type { Store } from '../model/store.ts'
import { check } from '../snapshot/check.ts'
import type { GatewayHost } from './gateway-host.ts'
import type { Learned } from './learned.ts'

const POLL_MS = 500

/**
 * Follows the store: a poll of its revision finds every change within half a second, a nudge at once.
 * A catalogue that does not compile changes nothing; which and why is kept for `status`.
 */
export class Follower {
  readonly #store: Store
  readonly #host: GatewayHost
  readonly #learned: Learned
  readonly #clock: Clock
  readonly #log: Logger
  #timer: Timer | null = null
  #following: Promise<void> | null = null
  #catalog: Catalog | null = null
  #pending: { revision: number; error: string } | null = null
  #unreachable = false

  constructor(store: Store, host: GatewayHost, learned: Learned, clock: Clock, log: Logger) {
    this.#store = store
    this.#host = host
    this.#learned = learned
    this.#clock = clock
    this.#log = log
  }

  /** What is in force; null before {@link start}. */
  get catalog(): Catalog | null {
    return this.#catalog
  }

  get revision(): number {
    return this.#catalog?.revision ?? 0
  }

  /** The newest revision where it could not be put into force, and why. */
  get pending(): { revision: number; error: string } | null {
    return this.#pending
  }

  /** Puts the present catalogue into force, or throws; from then on follows. */
  async start(): Promise<void> {
    await this.#apply(await this.#store.catalog())
    this.#timer = this.#clock.every(POLL_MS, () => void this.#poll())
  }

  stop(): void {
    this.#timer?.stop()
  }

  /** Resolves when the store's newest revision is in force, or is known not to compile. */
  async catchUp(): Promise<void> {
    // One under way may have read the store before the change that was nudged for.
    await this.#following?.catch(() => {})
    await this.#follow()
  }

  /** As {@link catchUp}, also at the same revision: what keys refer to may have changed. */
  async refresh(): Promise<void> {
    while (this.#following !== null) await this.#following.catch(() => {})
    await this.#begin(true)
  }

  async #poll(): Promise<void> {
    try {
      await this.#follow()
      if (this.#unreachable) this.#log.info('the store answers again')
      this.#unreachable = false
    } catch (error) {
      if (!this.#unreachable)
        this.#log.warn({ err: error }, 'the store does not answer; serving what is known')
      this.#unreachable = true
    }
  }

  #follow(): Promise<void> {
    return this.#following ?? this.#begin(false)
  }

  /** One at a time, or an older catalogue could come after a newer one. */
  #begin(again: boolean): Promise<void> {
    this.#following = this.#load(again).finally(() => {
      this.#following = null
    })
    return this.#following
  }

  async #load(again: boolean): Promise<void> {
    const revision = await this.#store.revision()
    const known = revision === this.revision || revision === this.#pending?.revision
    if (known && !again) return
    try {
      await this.#apply(await this.#store.catalog())
    } catch (error) {
      const reason = asBalanceError(error)
      if (reason.code === 'store_unavailable') throw reason
      this.#pending = { revision, error: reason.message }
      this.#log.error(
        { err: error, revision, in_force: this.revision },
        'this revision is not put into force',
      )
    }
  }

  async #apply(catalog: Catalog): Promise<void> {
    check(catalog, this.#catalog?.keys)
    // First: what is known now may be newer than what the store has been told.
    this.#learned.seed(catalog)
    await this.#host.apply({ ...catalog, ...this.#learned.lessons })
    this.#alarm(catalog)
    this.#catalog = catalog
    this.#pending = null
    this.#log.info(
      {
        revision: catalog.revision,
        providers: catalog.providers.length,
        keys: catalog.keys.length,
      },
      'in force',
    )
  }
  /** What does not open is told once, until something else does not. */
  #alarm({ revision, keys, proxies }: Catalog): void {
    const lost = damagedOf(keys, this.#catalog?.keys)
    if (lost.length > 0) {
      this.#log.error(
        { revision, keys: lost.map(({ provider, label }) => `${provider}/${label}`) },
        'these keys do not open: their rows were changed by other hands',
      )
    }
    const shut = damagedOf(proxies, this.#catalog?.proxies)
    if (shut.length > 0) {
      this.#log.error(
        { revision, proxies: shut.map(({ name }) => name) },
        'the passwords of these proxies do not open: their rows were changed by other hands',
      )
    }
  }
}

type Sealed = Pick<Key | EgressProxy, 'id' | 'fault'>

/** Those that do not open, but for what did not before. */
function damagedOf<T extends Sealed>(rows: readonly T[], before: readonly T[] = []): T[] {
  const isDamaged = ({ fault }: Sealed) => fault?.state === 'sealed'
  const known = new Set(before.filter(isDamaged).map(({ id }) => id))
  return rows.filter(row => isDamaged(row) && !known.has(row.id))
}

import { hostname } from 'node:os'
import { systemClock } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import { userName } from '../base/user.ts'
import { controlFolders } from '../control/address.ts'
import { DaemonClient } from '../control/client.ts'
import { type LoadedConfig, loadConfig } from '../model/config.ts'
import type { Store } from '../model/store.ts'
import { storeOptions } from '../store/options.ts'
import { parseStoreUrl } from '../store/url.ts'
import type { Output } from './output.ts'

/** The options that every command takes. */
export interface GlobalFlags {
  readonly store?: string
  readonly dataDir?: string
  readonly config?: string
  readonly json?: true
  readonly color: boolean
}

/**
 * One command's run: where configuration, store and daemon meet. Each is opened when it is first
 * asked for, so that a command which needs no store works without one.
 */
export class Session {
  readonly clock = systemClock
  readonly out: Output
  readonly flags: GlobalFlags
  readonly #doing: string
  #config: LoadedConfig | null = null
  #store: Promise<Store> | null = null
  #daemon: Promise<DaemonClient | null> | null = null

  /** @param doing the command as typed, without values: for the audit row */
  constructor(out: Output, flags: GlobalFlags, doing: string) {
    this.out = out
    this.flags = flags
    this.#doing = doing
  }

  config(): LoadedConfig {
    this.#config ??= loadConfig({ flags: bootstrapFlags(this.flags) })
    return this.#config
  }

  store(): Promise<Store> {
    this.#store ??= this.#open()
    return this.#store
  }

  /** The store for a restore, and whether an earlier one left it half-written: nothing else opens it then. */
  async storeToRestore(): Promise<{ readonly store: Store; readonly half: boolean }> {
    try {
      return { store: await this.store(), half: false }
    } catch (error) {
      if (!(error instanceof BalanceError) || error.code !== 'restore_unfinished') throw error
      this.#store = this.#open({ restoring: true })
      return { store: await this.#store, half: true }
    }
  }

  /** The daemon that serves this store on this host; null where none runs. */
  daemon(): Promise<DaemonClient | null> {
    this.#daemon ??= this.#connect()
    return this.#daemon
  }

  /** Looks for the daemon again when it is next asked for: one may have ended or begun. */
  forgetDaemon(): void {
    this.#daemon = null
  }

  /** @throws BalanceError daemon_unreachable */
  async requireDaemon(): Promise<DaemonClient> {
    const daemon = await this.daemon()
    if (daemon) return daemon
    throw new BalanceError('daemon_unreachable', `No daemon runs for ${this.config().store}.`, {
      hint: 'Start one: balance serve. If it serves another store, name that with --store or --data-dir.',
    })
  }

  /** Has a running daemon write down what it knows, so that the store tells the truth of now. */
  async flush(): Promise<void> {
    const daemon = await this.daemon()
    await daemon?.call('flush', {}).catch((error: Error) => {
      this.out.warn(`The daemon did not write down its latest state: ${error.message}`)
    })
  }

  /** The last word of a command that changed the store: whether the change is in force. */
  async inForce(): Promise<void> {
    const daemon = await this.daemon()
    if (!daemon) return this.out.say('saved; no daemon is running: balance serve')
    const revision = await (await this.store()).revision()
    try {
      const answer = await daemon.call('nudge', { revision })
      if (answer.error === null) this.out.say(`in force (revision ${answer.revision})`)
      else this.out.warn(`saved, but revision ${answer.revision} stays in force: ${answer.error}`)
    } catch (error) {
      this.out.warn(`saved, but the daemon did not take it: ${(error as Error).message}`)
    }
  }

  /** Has a running daemon take what was just learned about keys; one that is down reads it at its start. */
  async tellLearned(): Promise<void> {
    const daemon = await this.daemon()
    const revision = await (await this.store()).revision()
    await daemon?.call('nudge', { revision }).catch((error: Error) => {
      this.out.warn(`The daemon did not take what was learned yet: ${error.message}`)
    })
  }

  async close(): Promise<void> {
    const store = await this.#store?.catch(() => null)
    await store?.close()
  }

  /** The room is imported here: an engine's package costs most of a command's start. */
  async #open(further: { readonly restoring?: true } = {}): Promise<Store> {
    const { openStore } = await import('../store/open.ts')
    const who = `${userName()}@${hostname()}`
    const options = storeOptions(this.config(), this.clock, { who, what: this.#doing })
    return openStore({ ...options, ...further })
  }

  async #connect(): Promise<DaemonClient | null> {
    // As the daemon names it: one store may be spelled in several ways.
    const { url } = parseStoreUrl(this.config().store, null)
    return DaemonClient.connect(url, controlFolders(this.config()).searched)
  }
}

/** Those that decide where configuration and store are. */
export function bootstrapFlags({ store, dataDir, config }: Omit<GlobalFlags, 'color'>) {
  return {
    ...(store === undefined ? {} : { store }),
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(config === undefined ? {} : { config }),
  }
}

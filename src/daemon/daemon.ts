import type { Clock } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import type { LoadedConfig, Service } from '../model/config.ts'

export interface DaemonParts {
  readonly config: LoadedConfig
  /** Reads the configuration again, for `reload`. */
  readonly reread: () => LoadedConfig
  /** What a service manager gave. */
  readonly service: Service
  readonly clock: Clock
  readonly version: string
  /** Where log lines go. */
  readonly sink: { readonly isTTY?: boolean; write(text: string): unknown }
  /** Serve local callers without a token. */
  readonly anonymous: boolean
  /** Creates a first token where the store has none, for somebody who can be shown it. */
  readonly makeFirstToken: boolean
}

/** A daemon that serves. */
export interface Daemon {
  readonly url: string
  readonly controlPath: string
  /** The token that was made because there was none; shown once. */
  readonly firstToken: Secret | null
  readonly revision: number
  /** How many there are at the start. */
  readonly providers: number
  readonly tokens: number
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  /** Drains and ends; a second call ends at once. */
  stop(now: boolean): void
  /** Reads the configuration again; what is wrong with it is logged. */
  reload(): Promise<unknown>
  /** A defect ends the process: resolves once what is known is written down, a second later at most. */
  crash(error: unknown): Promise<void>
}

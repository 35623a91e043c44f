import type { Scope } from '../unit.ts'

/** `service install --json`, with `--print` too. */
export interface ServiceInstallShape {
  readonly scope: Scope
  readonly listen: string
  readonly store: string
  /** `content` is null for the master key. `written` is false for what was there and stays. */
  readonly files: readonly {
    readonly path: string
    readonly content: string | null
    readonly written: boolean
  }[]
  /** Whether systemd was told, and the service was started. */
  readonly started: boolean
}

/** `service status --json`. */
export interface ServiceStatusShape {
  readonly scope: Scope
  readonly units: readonly string[]
  /** Whether they are what `service install` of this version would write. */
  readonly current: boolean
  /** As `systemctl show` has it; null where systemd does not run here. */
  readonly state: {
    readonly service: string
    readonly socket: string
    readonly enabled: string
    readonly status: string
    readonly pid: number | null
  } | null
}

/** `service uninstall --json`. */
export interface ServiceRemovalShape {
  readonly scope: Scope
  readonly removed: readonly string[]
  /** What stays, and is the owner's to remove. */
  readonly left: readonly string[]
}

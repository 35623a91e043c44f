import { BalanceError } from '../../base/errors.ts'
import type { SettingRow } from '../../model/changes.ts'
import type { BootstrapName, LoadedConfig } from '../../model/config.ts'
import { formatSetting, SETTINGS, type SettingName, settingName } from '../../model/settings.ts'
import { formatDuration } from '../../model/units.ts'

/**
 * One value of `config list --json`. `value` is written as it would be typed. `origin` says where it
 * comes from: `default`, `file` or `command` for a setting, which lives in the store; for a start
 * option `default`, or the flag, variable or file and line that gives it. `file_value` is what the
 * file says where a command overrides it, else null.
 */
export interface SettingShape {
  readonly name: string
  /** `setting`: changed by `config set`, at once. `start`: read when `serve` starts. */
  readonly kind: 'setting' | 'start'
  readonly value: string
  readonly origin: string
  readonly file_value: string | null
  readonly doc: string
}

export function settingShape(row: SettingRow): SettingShape {
  return {
    name: row.name,
    kind: 'setting',
    value: formatSetting(row.name, row.value),
    origin: row.origin,
    file_value: row.fileValue === undefined ? null : formatSetting(row.name, row.fileValue),
    doc: SETTINGS[row.name].doc,
  }
}

/** What a daemon started here and now would be given. */
export function startShapes(config: LoadedConfig): SettingShape[] {
  return Object.entries(START_OPTIONS).map(([name, { doc, value }]) => ({
    name,
    kind: 'start',
    value: value(config),
    origin: config.origins[name as BootstrapName],
    file_value: null,
    doc,
  }))
}

interface StartOption {
  readonly doc: string
  readonly value: (config: LoadedConfig) => string
}

const START_OPTIONS: Readonly<Record<BootstrapName, StartOption>> = {
  host: { doc: 'address to listen on', value: config => config.listen.host },
  port: { doc: 'port to listen on', value: config => String(config.listen.port) },
  store: { doc: 'where everything is kept', value: config => config.store },
  data_dir: { doc: 'folder of the store and its master key', value: config => config.dataDir },
  workers: { doc: 'processes that serve', value: config => String(config.workers) },
  log_level: { doc: 'what is logged', value: config => config.logLevel },
  drain: {
    doc: 'time that requests in flight have at shutdown',
    value: config => formatDuration(config.drain),
  },
  tls_cert: {
    doc: 'certificate of an HTTPS listener, a file in PEM',
    value: config => config.tls?.cert ?? '',
  },
  tls_key: { doc: 'its private key, a file in PEM', value: config => config.tls?.key ?? '' },
  restart_drain: {
    doc: 'the same where systemd holds the listening socket, and new connections wait',
    value: config => formatDuration(config.restartDrain),
  },
}

/**
 * The setting of this name, dashes or not, that a command or an operation may change.
 * @throws BalanceError usage for a start option, no_such
 */
export function changeableSetting(given: string): SettingName {
  const name = given.replaceAll('-', '_')
  const hint = startOptionHint(name)
  if (hint === null) return settingName(name)
  throw new BalanceError('usage', `${name} is not kept in the store.`, { hint })
}

/** How a start option is given, as a hint for whoever tries to `config set` it; null for no such. */
export function startOptionHint(name: string): string | null {
  if (name !== 'listen' && !Object.hasOwn(START_OPTIONS, name)) return null
  const variable = `BALANCE_${name.toUpperCase()}`
  return `${name} is read when the daemon starts: from a flag of balance serve, ${variable}, or the configuration file.`
}

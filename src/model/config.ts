import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { BalanceError } from '../base/errors.ts'
import type { LogLevel } from '../base/log-level.ts'
import {
  parseDrain,
  parseFolder,
  parseHost,
  parseListen,
  parseLogLevel,
  parsePort,
  parseStore,
  parseWorkers,
} from './config/bootstrap.ts'
import { declaredIn } from './config/declared-in.ts'
import { type ConfigDocument, readDocument } from './config/document.ts'
import { type Surroundings, surroundings } from './config/environment.ts'
import { faultsOf } from './config/faults.ts'
import { FILE_SCHEMA, type FileContent } from './config/schema.ts'
import { findConfig, resolvePath, searchFolders } from './config/search.ts'
import { choose, Sources } from './config/sources.ts'
import { chooseTls, type TlsFiles } from './config/tls.ts'
import type { Declared } from './declared.ts'
import { parseDuration } from './units.ts'

export { parseListen, parseStore } from './config/bootstrap.ts'
export type { SecretSource, Surroundings } from './config/environment.ts'
export { configHome } from './config/search.ts'
export { NO_SERVICE, type Notify, type Service, takeService } from './config/service.ts'
export { spellDeclared } from './config/spelling.ts'
export type { TlsFiles } from './config/tls.ts'

/** Options of the command line that are known before a store is open, as they were typed. */
export interface BootstrapFlags {
  readonly config?: string
  readonly host?: string
  readonly port?: string
  readonly store?: string
  readonly dataDir?: string
  readonly workers?: string
  readonly logLevel?: string
  readonly drain?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly restartDrain?: string
}

export type BootstrapName =
  | 'host'
  | 'port'
  | 'store'
  | 'data_dir'
  | 'workers'
  | 'log_level'
  | 'drain'
  | 'tls_cert'
  | 'tls_key'
  | 'restart_drain'

/** Everything the process was told at its start; frozen. */
export interface LoadedConfig {
  /** The configuration file in force; null where there is none. */
  readonly file: string | null
  readonly listen: { readonly host: string; readonly port: number }
  /** `sqlite:` and a full path, or `mysql://user@host/database`; never a password. */
  readonly store: string
  readonly dataDir: string
  /** `auto`: one for each core. */
  readonly workers: number | 'auto'
  readonly logLevel: LogLevel
  /** Milliseconds that requests in flight are given at shutdown. */
  readonly drain: number
  /** Null: plain HTTP. */
  readonly tls: TlsFiles | null
  /** The same where the listening socket was given, so that new connections wait for the next daemon. */
  readonly restartDrain: number
  /** What the file asks of the store. */
  readonly declared: Declared
  /** Where each value came from: `flag --port`, `env BALANCE_PORT`, `file /x/balance.config.yaml:3`, `default`. */
  readonly origins: Readonly<Record<BootstrapName, string>>
  readonly environment: Surroundings
}

export interface ConfigInput {
  readonly flags: BootstrapFlags
  readonly env?: Readonly<NodeJS.ProcessEnv>
  readonly cwd?: string
  /** `/etc`; tests put another in its place. */
  readonly etc?: string
  /** `/run`, in the same way. */
  readonly run?: string
}

/**
 * Reads flags, environment and the configuration file, in this order of precedence.
 * @throws BalanceError config_invalid (with `file:line:column` where a file is wrong), config_unsafe
 */
export function loadConfig({
  flags,
  env = process.env,
  etc = '/etc',
  run = '/run',
  ...rest
}: ConfigInput): LoadedConfig {
  const cwd = rest.cwd ?? currentFolder()
  const home = env.HOME || homedir()
  const document = findDocument(flags, env, cwd, etc, home)
  const content = document ? validate(document) : {}
  const from = new Sources(env, cwd, document)

  const host = choose(LOOPBACK, [
    from.flag('--host', flags.host, parseHost),
    from.variable('BALANCE_HOST', parseHost),
    from.variable('BALANCE_LISTEN', text => parseListen(text).host),
    from.file('listen', text => parseListen(text).host),
  ])
  const port = choose(PORT, [
    from.flag('--port', flags.port, parsePort),
    from.variable('BALANCE_PORT', parsePort),
    from.variable('BALANCE_LISTEN', text => parseListen(text).port),
    from.file('listen', text => parseListen(text).port),
  ])
  const dataDir = choose(defaultDataDir(env, home), [
    from.flag('--data-dir', flags.dataDir, parseFolder),
    from.variable('BALANCE_DATA_DIR', parseFolder),
    from.file('data_dir', parseFolder),
    // systemd joins several folders by colons; the first is the main one.
    from.variable('STATE_DIRECTORY', text => parseFolder(text.split(':', 1)[0] ?? '')),
  ])
  const dataPath = resolvePath(dataDir.value, dataDir.folder ?? cwd, home)
  const store = choose(`sqlite:${join(dataPath, 'balance.db')}`, [
    from.flag('--store', flags.store, parseStore),
    from.variable('BALANCE_STORE', parseStore),
    from.file('store', parseStore),
  ])
  const workers = choose<number | 'auto'>(1, [
    from.flag('--workers', flags.workers, parseWorkers),
    from.variable('BALANCE_WORKERS', parseWorkers),
    from.file('workers', parseWorkers),
  ])
  const logLevel = choose<LogLevel>('info', [
    from.flag('--log-level', flags.logLevel, parseLogLevel),
    from.variable('BALANCE_LOG_LEVEL', parseLogLevel),
    from.file('log_level', parseLogLevel),
  ])
  const drain = choose(parseDuration('30s'), [
    from.flag('--drain', flags.drain, parseDrain),
    from.variable('BALANCE_DRAIN', parseDrain),
    from.file('drain', parseDrain),
  ])
  const tls = chooseTls(from, flags, cwd, home)
  const restartDrain = choose(parseDuration('5s'), [
    from.flag('--restart-drain', flags.restartDrain, parseDrain),
    from.variable('BALANCE_RESTART_DRAIN', parseDrain),
    from.file('restart_drain', parseDrain),
  ])

  return deepFreeze({
    file: document?.path ?? null,
    listen: { host: host.value, port: port.value },
    store: resolveStore(store.value, store.folder ?? cwd, home),
    dataDir: dataPath,
    workers: workers.value,
    logLevel: logLevel.value,
    drain: drain.value,
    tls: tls.files,
    restartDrain: restartDrain.value,
    declared: declaredIn(content, document),
    origins: {
      host: host.origin,
      port: port.origin,
      store: store.origin,
      data_dir: dataDir.origin,
      workers: workers.origin,
      log_level: logLevel.origin,
      drain: drain.origin,
      ...tls.origins,
      restart_drain: restartDrain.origin,
    },
    environment: surroundings(env, {
      dataDir: dataPath,
      etc,
      run,
      configFolder: document ? dirname(document.path) : null,
    }),
  })
}

const LOOPBACK = '127.0.0.1'
const PORT = 8077

function findDocument(
  flags: BootstrapFlags,
  env: Readonly<NodeJS.ProcessEnv>,
  cwd: string,
  etc: string,
  home: string,
): ConfigDocument | null {
  const given = flags.config ?? (env.BALANCE_CONFIG || null)
  const found = findConfig({
    named:
      given === null
        ? null
        : { path: resolvePath(given, cwd, home), byVariable: flags.config === undefined },
    folders: searchFolders(cwd, env, etc),
  })
  return found && readDocument(found)
}

function validate(document: ConfigDocument): FileContent {
  const checked = FILE_SCHEMA.safeParse(document.value ?? {})
  if (checked.success) return checked.data
  throw faultsOf(document, checked.error.issues)
}

/** `$XDG_DATA_HOME/balance`: XDG Base Directory Specification; relative paths are ignored. */
function defaultDataDir(env: Readonly<NodeJS.ProcessEnv>, home: string): string {
  const xdg = env.XDG_DATA_HOME
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.local/share'), 'balance')
}

function resolveStore(url: string, folder: string, home: string): string {
  if (!url.startsWith('sqlite:')) return url
  const path = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '')
  return `sqlite:${resolvePath(path, folder, home)}`
}

function currentFolder(): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new BalanceError('config_invalid', 'The current folder does not exist any more.', {
      hint: 'Go to one that does.',
      cause,
    })
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}

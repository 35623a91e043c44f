import { accessSync, constants, readFileSync } from 'node:fs'
import { platform } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { inspect } from 'node:util'
import { BalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'

/** What the environment gives besides bootstrap options. */
export interface Surroundings {
  /** Where the master key may be, in the order of its fields. */
  readonly masterKey: {
    readonly credentialsDirectory: string | null
    readonly file: string | null
    readonly value: Secret | null
    readonly etcFile: string
    readonly dataDir: string
  }
  /** What `env:NAME` and `file:/path` may refer to: no variable of our own, and these folders. */
  readonly references: {
    readonly variables: Readonly<Record<string, string>>
    readonly folders: readonly string[]
  }
  readonly storePassword: SecretSource | null
  /** The token that is created where a store has none. */
  readonly bootstrapToken: SecretSource | null
  /** Of the database that is imported from. */
  readonly importPassword: SecretSource | null
  /** A caller's own token, for the lines that point a client here. */
  readonly clientToken: SecretSource | null
  /** Where the control socket belongs, if the system has such a place; else it is the data folder. */
  readonly runtimeDir: string | null
  /** The program that opens pages in the browser of this desktop; null where there is none. */
  readonly desktop: 'xdg-open' | 'open' | null
  /** Where the daemon of this host's service has its own, whoever asks. */
  readonly serviceDir: string
}

/** A secret that the environment holds, or a file that it names. */
export interface SecretSource {
  readonly variable: string
  /** @throws BalanceError config_invalid when its file cannot be read, or it is empty. */
  read(): Secret
}

interface Places {
  readonly dataDir: string
  readonly etc: string
  readonly run: string
  /** The folder of the configuration file. */
  readonly configFolder: string | null
}

export function surroundings(env: Readonly<NodeJS.ProcessEnv>, places: Places): Surroundings {
  const credentialsDirectory = env.CREDENTIALS_DIRECTORY || null
  const value = env.BALANCE_MASTER_KEY
  return {
    masterKey: {
      credentialsDirectory,
      file: env.BALANCE_MASTER_KEY_FILE || null,
      value: value ? new Secret(value) : null,
      etcFile: join(places.etc, 'balance/master-key'),
      dataDir: places.dataDir,
    },
    references: {
      variables: othersVariables(env),
      folders: [credentialsDirectory, places.configFolder].filter(folder => folder !== null),
    },
    storePassword:
      secretIn(env, 'BALANCE_STORE_PASSWORD') ??
      secretAt(STORE_PASSWORD, credentialsDirectory, join(places.etc, 'balance')),
    bootstrapToken: secretIn(env, 'BALANCE_BOOTSTRAP_TOKEN'),
    importPassword: secretIn(env, 'BALANCE_IMPORT_PASSWORD'),
    clientToken: secretIn(env, 'BALANCE_TOKEN'),
    runtimeDir: runtimeDirIn(env),
    desktop: desktopIn(env),
    serviceDir: join(places.run, 'balance'),
  }
}

/** Under this name systemd gives a service its store's password. */
const STORE_PASSWORD = { credential: 'balance-store-password', file: 'store-password' }

/** systemd gives a service a folder of its own; a desktop session one that its programs share. */
function runtimeDirIn(env: Readonly<NodeJS.ProcessEnv>): string | null {
  const [own] = (env.RUNTIME_DIRECTORY ?? '').split(':')
  if (own) return own
  const shared = env.XDG_RUNTIME_DIR
  return shared && isAbsolute(shared) ? join(shared, 'balance') : null
}

/** By ssh the desktop is another's, unless it lends its display. */
function desktopIn(env: Readonly<NodeJS.ProcessEnv>): Surroundings['desktop'] {
  if (platform() === 'darwin') return env.SSH_CONNECTION ? null : 'open'
  return env.WAYLAND_DISPLAY || env.DISPLAY ? 'xdg-open' : null
}

function othersVariables(env: Readonly<NodeJS.ProcessEnv>): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !/^BALANCE_/i.test(name)) variables[name] = value
  }
  return unprinted(variables)
}

/** The same object, shown by its size alone: keys are among its values. */
function unprinted(variables: Record<string, string>): Record<string, string> {
  const shown = `${Object.keys(variables).length} variables`
  for (const how of [inspect.custom, 'toJSON']) {
    Object.defineProperty(variables, how, { value: () => shown })
  }
  return variables
}

function secretIn(env: Readonly<NodeJS.ProcessEnv>, variable: string): SecretSource | null {
  const value = env[variable]
  const file = env[`${variable}_FILE`]
  if (value && file) {
    throw new BalanceError('config_invalid', `Both ${variable} and ${variable}_FILE are set.`, {
      hint: 'Leave one of them out.',
    })
  }
  if (value) {
    const secret = new Secret(value)
    return { variable, read: () => secret }
  }
  return file
    ? { variable: `${variable}_FILE`, read: () => secretOf(`${variable}_FILE`, file) }
    : null
}

/** What the service's unit gives it, or the file that it comes from; of those we may read. */
function secretAt(
  { credential, file }: { readonly credential: string; readonly file: string },
  credentials: string | null,
  folder: string,
): SecretSource | null {
  const places = [
    ...(credentials === null ? [] : [join(credentials, credential)]),
    join(folder, file),
  ]
  const path = places.find(isReadable)
  return path === undefined ? null : { variable: path, read: () => secretOf(path, path) }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

function secretOf(variable: string, path: string): Secret {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new BalanceError('config_invalid', `${named(variable, path)} cannot be read.`, { cause })
  }
  if (text === '') throw new BalanceError('config_invalid', `${named(variable, path)} is empty.`)
  return new Secret(text)
}

function named(variable: string, path: string): string {
  return variable === path ? path : `${variable}: ${path}`
}

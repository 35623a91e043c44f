import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { BalanceError } from '../base/errors.ts'
import type { Address } from '../gateway/listeners.ts'
import {
  configHome,
  type LoadedConfig,
  loadConfig,
  parseListen,
  parseStore,
} from '../model/config.ts'
import type { Scope } from './unit.ts'

/** Where the parts of an installed service are, on the host that it is for. */
export interface Layout {
  readonly scope: Scope
  /** The folder that stands for `/`: another one where an image is made. */
  readonly root: string
  readonly unitFolder: string
  readonly configFolder: string
  readonly config: string
  readonly dataDir: string
}

export function layoutOf(scope: Scope, root: string): Layout {
  const [unitFolder, configFolder, dataDir] =
    scope === 'system'
      ? ['/etc/systemd/system', '/etc/balance', '/var/lib/balance']
      : [
          join(configHome(), 'systemd/user'),
          join(configHome(), 'balance'),
          loadConfig({ flags: {}, cwd: '/', etc: '/nowhere' }).dataDir,
        ]
  const config = join(configFolder, 'balance.config.yaml')
  return { scope, root, unitFolder, configFolder, config, dataDir }
}

/** What the service and the commands must agree on. */
export interface Agreement {
  readonly listen: Address
  /** Whether it speaks HTTPS. */
  readonly tls: boolean
  readonly store: string
  /** ms */
  readonly drain: number
  /** What is to be written; null where the file is there already. */
  readonly config: string | null
}

/**
 * From the configuration file that is there, else from what was asked for.
 * @throws BalanceError config_invalid where both are and differ
 */
export function agree(
  layout: Layout,
  asked: { readonly store: string | undefined; readonly listen: string | undefined },
): Agreement {
  const listen = asked.listen === undefined ? null : parseListen(asked.listen)
  const store = asked.store === undefined ? null : parseStore(asked.store)
  const path = join(layout.root, layout.config)
  if (!existsSync(path)) return written(layout, listen ?? DEFAULT, store)
  const found = loadConfig({
    flags: { config: path },
    // The shell of root has no say in what the service is given.
    ...(layout.scope === 'system' ? { env: { HOME: homedir() } } : {}),
    cwd: '/',
    etc: '/nowhere',
  })
  refuseOther(path, 'listen', spell(found.listen), listen && spell(listen))
  refuseOther(path, 'store', found.store, store)
  refuseUnnamed(layout, found)
  const { store: used, drain, tls } = found
  return { listen: numeric(found.listen), tls: tls !== null, store: used, drain, config: null }
}

const DEFAULT: Address = { host: '127.0.0.1', port: 8_077 }
const DEFAULT_DRAIN = 30_000

function written(layout: Layout, listen: Address, store: string | null): Agreement {
  const used = store ?? `sqlite:${join(layout.dataDir, 'balance.db')}`
  const reinstall = `balance service install${layout.scope === 'user' ? ' --user' : ''}`
  return {
    listen: numeric(listen),
    tls: false,
    store: used,
    drain: DEFAULT_DRAIN,
    config: `# What the service and the commands on this host agree on; all that can stand here is in
# balance.config.example.yaml. After a change of listen or store: ${reinstall}
listen: ${JSON.stringify(spell(listen))}
store: ${JSON.stringify(used)}
data_dir: ${JSON.stringify(layout.dataDir)}
`,
  }
}

function refuseOther(path: string, name: string, found: string, asked: string | null): void {
  if (asked === null || asked === found) return
  throw new BalanceError('config_invalid', `${path} says ${name}: ${found}, not ${asked}.`, {
    hint: `Change that line, or leave out --${name}.`,
  })
}

/** A default is another for root and for the user of the service. */
function refuseUnnamed({ scope, config, dataDir }: Layout, { origins }: LoadedConfig): void {
  const named = origins.store !== 'default' || origins.data_dir !== 'default'
  if (scope === 'user' || named) return
  throw new BalanceError(
    'config_invalid',
    `${config} names no store, so the service and the commands of root would each have their own.`,
    { hint: `Add a line to it: store: sqlite:${join(dataDir, 'balance.db')}` },
  )
}

/** systemd knows no names of hosts. */
function numeric({ host, port }: Address): Address {
  if (host === 'localhost') return { host: '127.0.0.1', port }
  if (isIP(host) !== 0 && port !== 0) return { host, port }
  throw new BalanceError('config_invalid', `A service cannot listen on ${spell({ host, port })}.`, {
    hint: 'Its socket needs an address and a port, like 127.0.0.1:8077.',
  })
}

export function spell({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** The folder of a SQLite store; null of another. */
export function storeFolder(store: string): string | null {
  return store.startsWith('sqlite:') ? dirname(store.slice('sqlite:'.length)) : null
}

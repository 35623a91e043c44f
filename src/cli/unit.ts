import type { Address } from '../gateway/listeners.ts'

export type Scope = 'system' | 'user'

/** What the units of one installation say. Paths are those of the host that they run on. */
export interface UnitParts {
  readonly scope: Scope
  readonly node: string
  readonly script: string
  readonly config: string
  readonly listen: Address
  /** Folders that must be writable besides the state folder. */
  readonly writable: readonly string[]
  /** Whether the store's password is a file that the service is given. */
  readonly storePassword: boolean
  /** Longest drain, ms. */
  readonly drain: number
}

/** What systemd may take on top of the drain before it kills, s. */
const STOP_GRACE = 30

/** The socket: it outlives the service, so that connections wait while that is restarted. */
export function socketUnit({ listen }: UnitParts): string {
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host
  return `${HEAD}
[Unit]
Description=balance, an LLM gateway: its socket

[Socket]
ListenStream=${host}:${listen.port}
Backlog=4096
# An address that an interface is only about to have.
FreeBind=yes

[Install]
WantedBy=sockets.target
`
}

export function serviceUnit(parts: UnitParts): string {
  const { scope, node, script, config, drain } = parts
  const balance = `${executed(node)} ${executed(script)}`
  return `${HEAD}
[Unit]
Description=balance, an LLM gateway
Requires=balance.socket
After=balance.socket
${scope === 'system' ? SYSTEM_ORDER : ''}
[Service]
Type=notify
# systemd-notify sends, which is a child.
NotifyAccess=all
ExecStart=${balance} serve
ExecReload=${balance} reload
Environment=${word(`BALANCE_CONFIG=${config}`)}
${scope === 'system' ? SYSTEM_IDENTITY : USER_IDENTITY}${credentials(parts)}
# A store of an older version is brought up to date first.
TimeoutStartSec=10min
# The daemon ends its workers itself.
KillMode=mixed
# Longer than the drain.
TimeoutStopSec=${Math.ceil(drain / 1_000) + STOP_GRACE}
WatchdogSec=30
Restart=on-failure
# Seldom enough for no start limit, which would close the socket too.
RestartSec=3
# A configuration that is wrong stays so.
RestartPreventExitStatus=78
LimitNOFILE=65536
LimitCORE=0
UMask=0077

${scope === 'system' ? systemHardening(parts) : HARDENING}
[Install]
WantedBy=${scope === 'system' ? 'multi-user.target' : 'default.target'}
Also=balance.socket
`
}

const HEAD = '# Written by "balance service install". To change something: systemctl edit.'

const SYSTEM_ORDER = `Wants=network-online.target
After=network-online.target mariadb.service mysql.service
`

const SYSTEM_IDENTITY = `User=balance
Group=balance
StateDirectory=balance
StateDirectoryMode=0700
RuntimeDirectory=balance
RuntimeDirectoryMode=0700
# Variables that keys may refer to (env:NAME).
EnvironmentFile=-/etc/balance/environment
`

const USER_IDENTITY = `RuntimeDirectory=balance
RuntimeDirectoryMode=0700
`

/** root reads them, and gives them to the service alone. */
function credentials({ scope, storePassword }: UnitParts): string {
  if (scope === 'user') return ''
  return [
    'LoadCredential=balance-master-key:/etc/balance/master-key\n',
    ...(storePassword
      ? ['LoadCredential=balance-store-password:/etc/balance/store-password\n']
      : []),
  ].join('')
}

/** What needs no mount namespace, which a user's systemd may not have. */
const HARDENING = `# No MemoryDenyWriteExecute: V8 compiles at run time.
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
`

function systemHardening({ node, script, writable }: UnitParts): string {
  const under = (folders: RegExp) => [node, script].find(path => folders.test(path))
  const home = under(/^\/(home|root|run\/user)\//)
  const temporary = under(/^\/(var\/)?tmp\//)
  return `${HARDENING}CapabilityBoundingSet=
AmbientCapabilities=
DevicePolicy=closed
KeyringMode=private
RemoveIPC=yes
ProtectSystem=strict
${writable.length === 0 ? '' : `ReadWritePaths=${writable.map(word).join(' ')}\n`}${home === undefined ? '' : `# ${home} is needed.\n`}ProtectHome=${home === undefined ? 'yes' : 'read-only'}
${temporary === undefined ? '' : `# ${temporary} is needed.\n`}PrivateTmp=${temporary === undefined ? 'yes' : 'no'}
PrivateDevices=yes
PrivateMounts=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
`
}

/** A word of a command line, in which no variable is meant. */
function executed(path: string): string {
  return word(path.replaceAll('$', '$$$$'))
}

/** A word of a unit, systemd.syntax(7), in which no specifier is meant. */
function word(text: string): string {
  const plain = text.replaceAll('%', '%%')
  return /^[\w./=:@%$+-]+$/.test(plain) ? plain : JSON.stringify(plain)
}

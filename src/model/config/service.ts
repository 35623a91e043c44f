import { BalanceError } from '../../base/errors.ts'

/** What a service manager gave this process at its start, and to no other. */
export interface Service {
  /** Descriptors of sockets that listen already, sd_listen_fds(3); none: the daemon opens its own. */
  readonly sockets: readonly number[]
  /** How it is told how the daemon does, sd_notify(3); null where nobody asks. */
  readonly notify: Notify | null
}

export interface Notify {
  /** What `systemd-notify` needs of the environment. */
  readonly env: Readonly<Record<string, string>>
  /** Longest time between two signs of life, ms; null where none is asked for. */
  readonly watchdog: number | null
}

export const NO_SERVICE: Service = { sockets: [], notify: null }

/** The first descriptor that is passed: SD_LISTEN_FDS_START. */
const FIRST = 3
const VARIABLES = [
  ...['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'],
  ...['NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC'],
]

/**
 * Reads it and takes it out of the environment, so that no child takes it for its own.
 * @throws BalanceError config_invalid
 */
export function takeService(env: NodeJS.ProcessEnv = process.env, pid = process.pid): Service {
  const service = { sockets: socketsIn(env, pid), notify: notifyIn(env, pid) }
  for (const name of VARIABLES) delete env[name]
  return service
}

function socketsIn(env: Readonly<NodeJS.ProcessEnv>, pid: number): number[] {
  if (env.LISTEN_PID !== String(pid)) return []
  const count = whole(env.LISTEN_FDS)
  if (count === null) {
    throw new BalanceError('config_invalid', 'LISTEN_FDS is not a number of sockets.', {
      hint: 'The service manager sets it; to listen on an address of its own, unset LISTEN_PID.',
    })
  }
  return Array.from({ length: count }, (_, n) => FIRST + n)
}

function notifyIn(env: Readonly<NodeJS.ProcessEnv>, pid: number): Notify | null {
  const socket = env.NOTIFY_SOCKET
  if (!socket) return null
  const ours = !env.WATCHDOG_PID || env.WATCHDOG_PID === String(pid)
  const microseconds = ours ? whole(env.WATCHDOG_USEC) : null
  return {
    env: { NOTIFY_SOCKET: socket, PATH: env.PATH || '/usr/bin:/bin' },
    watchdog: microseconds === null || microseconds === 0 ? null : microseconds / 1_000,
  }
}

function whole(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}

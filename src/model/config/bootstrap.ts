import { isIP } from 'node:net'
import { BalanceError } from '../../base/errors.ts'
import { LOG_LEVELS, type LogLevel } from '../../base/log-level.ts'
import { nearest } from '../../base/text.ts'
import { formatDuration, parseDuration } from '../units.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

const LONGEST_DRAIN = 3_600_000

/** The values that must be known before a store is open, by their names in the file. */
export const BOOTSTRAP_PARSERS = {
  listen: parseListen,
  store: parseStore,
  data_dir: parseFolder,
  workers: parseWorkers,
  log_level: parseLogLevel,
  drain: parseDrain,
  restart_drain: parseDrain,
} as const

/** `127.0.0.1:8077`, `[::1]:8077`, `localhost:8077`. */
export function parseListen(text: string): Address {
  const match = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(text.trim())
  if (!match) throw bad('an address to listen on', 'Write it like 127.0.0.1:8077 or [::1]:8077.')
  return { host: parseHost(match[1] ?? ''), port: parsePort(match[2] ?? '') }
}

export function parseHost(text: string): string {
  const host = text.trim().replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0 || /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host)) return host
  throw bad('a host', 'Write an address like 127.0.0.1, or a name like localhost.')
}

/** 0 lets the system choose. */
export function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw bad('a port', 'Write a number from 0 to 65535; 0 takes any free one.')
}

/** Never repeated in an error: it may hold a password. */
export function parseStore(text: string): string {
  if (!/^(sqlite:.|(mysql|mariadb):\/\/.)/s.test(text)) {
    throw bad('a store', 'Write it like sqlite:/path/balance.db or mysql://user@host/database.')
  }
  if (/^\w+:\/\/[^/?#:]*:[^/?#@]*@/.test(text)) {
    throw new BalanceError('config_invalid', 'A store URL holds no password.', {
      hint: 'Put it into BALANCE_STORE_PASSWORD, or a file named by BALANCE_STORE_PASSWORD_FILE.',
    })
  }
  return text
}

export function parseFolder(text: string): string {
  if (text !== '' && !text.includes('\0')) return text
  throw bad('a folder', 'Write its path.')
}

export function parseFile(text: string): string {
  if (text !== '' && !text.includes('\0')) return text
  throw bad('a file', 'Write its path.')
}

/** More processes than this serve nobody on one host. */
const MOST_WORKERS = 64

export function parseWorkers(text: string): number | 'auto' {
  if (text === 'auto') return text
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= MOST_WORKERS) return count
  throw new BalanceError('config_invalid', `"${text}" is not a number of workers.`, {
    hint: `Write a number from 1 to ${MOST_WORKERS}, or auto for one per core`,
  })
}

export function parseLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find(known => known === text)
  if (level) return level
  const near = nearest(text, LOG_LEVELS)
  throw bad(
    'a log level',
    near ? `Did you mean ${near}?` : `It is one of ${LOG_LEVELS.join(', ')}.`,
  )
}

/** Milliseconds. */
export function parseDrain(text: string): number {
  const ms = parseDuration(text)
  if (ms <= LONGEST_DRAIN) return ms
  throw bad('a drain time', `It is at most ${formatDuration(LONGEST_DRAIN)}.`)
}

function bad(what: string, hint: string): BalanceError {
  return new BalanceError('config_invalid', `This is not ${what}.`, { hint })
}

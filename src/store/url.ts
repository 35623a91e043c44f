import { basename, dirname, extname, join, resolve } from 'node:path'
import { BalanceError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'

export interface SqliteAddress {
  readonly engine: 'sqlite'
  /** Without any password: fit to be shown. */
  readonly url: string
  readonly file: string
  readonly logFile: string
}

export interface MysqlAddress {
  readonly engine: 'mysql'
  /** Without any password: fit to be shown. */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Secret | null
  readonly database: string
  /** Path of a local socket; it is used in place of host and port. */
  readonly socket: string | null
}

export type StoreAddress = SqliteAddress | MysqlAddress

/**
 * Where a store is: `sqlite:PATH`, or `mysql://user[:password]@host[:port]/database[?socket=PATH]`
 * (`mariadb://` means the same). A password in the URL wins over the given one.
 * @throws BalanceError config_invalid; its message never repeats the URL, which may hold a password.
 */
export function parseStoreUrl(url: string, password: Secret | null): StoreAddress {
  if (url.startsWith('sqlite:')) return sqliteAddress(url.slice('sqlite:'.length))
  if (/^(mysql|mariadb):\/\//.test(url)) return mysqlAddress(url, password)
  throw invalid('The store URL begins with neither sqlite: nor mysql://.')
}

function sqliteAddress(path: string): SqliteAddress {
  const given = path.replace(/^\/\/(?=\/)/, '')
  if (given === '' || given.includes(':memory:') || given.includes('\0')) {
    throw invalid('The store URL names no file.')
  }
  const file = resolve(given)
  const extension = extname(file)
  const stem = basename(file, extension)
  return {
    engine: 'sqlite',
    url: `sqlite:${file}`,
    file,
    logFile: join(dirname(file), `${stem}-log${extension}`),
  }
}

function mysqlAddress(url: string, given: Secret | null): MysqlAddress {
  const parsed = parseOrNull(url)
  if (!parsed) throw invalid('The store URL is malformed.')
  const user = decoded(parsed.username)
  const database = decoded(parsed.pathname.slice(1))
  const host = parsed.hostname.replace(/^\[|\]$/g, '') || 'localhost'
  const port = parsed.port === '' ? 3306 : Number(parsed.port)
  const socket = parsed.searchParams.get('socket')
  if (user === '') throw invalid('The store URL names no user.')
  if (database === '' || database.includes('/')) throw invalid('The store URL names no database.')
  for (const option of parsed.searchParams.keys()) {
    if (option !== 'socket') throw invalid(`The store URL has an unknown option "${option}".`)
  }
  const place = port === 3306 ? parsed.hostname || 'localhost' : `${parsed.hostname}:${port}`
  const shown = `mysql://${parsed.username}@${place}/${parsed.pathname.slice(1)}`
  return {
    engine: 'mysql',
    url: socket === null ? shown : `${shown}?socket=${socket}`,
    host,
    port,
    user,
    password: parsed.password === '' ? given : new Secret(decoded(parsed.password)),
    database,
    socket,
  }
}

function parseOrNull(url: string): URL | null {
  try {
    return new URL(url)
  } catch {
    return null
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('The store URL holds a malformed % escape.')
  }
}

function invalid(message: string): BalanceError {
  return new BalanceError('config_invalid', message, {
    hint: 'Write it like sqlite:/path/balance.db or mysql://user@host/database.',
  })
}

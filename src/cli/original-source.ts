import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { BalanceError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { OriginalSource } from '../model/moving/original.ts'
import { type OriginalDatabase, openOriginal } from '../store/original/database.ts'
import { agree, askSecrets, canAsk } from './prompts.ts'
import { readSecretFile } from './secret-lines.ts'
import type { Session } from './session.ts'
import type { ImportSources } from './shapes/import.ts'

export interface SourceOptions {
  readonly env?: string
  readonly storeFile?: string
  readonly mysql?: string
  readonly yes?: true
}

/** What there is of the original. The database stays open for its logs: whoever asked closes it. */
export interface OpenSource {
  readonly named: ImportSources
  readonly content: OriginalSource
  readonly database: OriginalDatabase | null
}

/**
 * Reads the original's `.env` and opens its database: those that are named, else `.env` in this
 * folder and the database that it names.
 * @throws BalanceError usage, store_unavailable, store_invalid
 */
export async function openSource(session: Session, options: SourceOptions): Promise<OpenSource> {
  const file = options.env ?? (existsSync('.env') && isAlone(options) ? '.env' : null)
  const env = file === null ? {} : await readEnv(file)
  const place = await databasePlace(session, options, file, env)
  if (file === null && place === null) throw NOTHING_TO_READ()
  const database = place && (await openOriginal(place.url, await place.password()))
  try {
    const rows = database && (await database.settings())
    const named = { env: file && resolve(file), database: database?.url ?? null }
    return { named, content: { rows, env }, database }
  } catch (error) {
    await database?.close()
    throw error
  }
}

/** A database that was named is not mixed with whatever this folder holds. */
function isAlone({ storeFile, mysql }: SourceOptions): boolean {
  return storeFile === undefined && mysql === undefined
}

type Env = Readonly<Record<string, string>>

/** The package is loaded by this command alone. */
async function readEnv(path: string): Promise<Env> {
  const { parse } = (await import('dotenv')).default
  return parse(await readSecretFile(path))
}

interface Place {
  readonly url: string
  readonly password: () => Promise<Secret | null>
}

async function databasePlace(
  session: Session,
  options: SourceOptions,
  file: string | null,
  env: Env,
): Promise<Place | null> {
  const { storeFile, mysql } = options
  if (storeFile !== undefined && mysql !== undefined) {
    throw new BalanceError('usage', 'Either --store-file or --mysql is given, not both.')
  }
  if (storeFile !== undefined) return sqlitePlace(resolve(storeFile))
  const given = session.config().environment.importPassword
  if (mysql !== undefined) {
    refusePassword(mysql)
    return { url: mysql, password: async () => given?.read() ?? askPassword(mysql) }
  }
  if (file === null) return null
  if (env.DATABASE_TYPE?.toLowerCase() === 'sqlite') {
    const path = join(dirname(resolve(file)), 'data', env.SQLITE_DATABASE || 'default_db')
    if (existsSync(path)) return sqlitePlace(path)
    session.out.warn(`There is no ${path}, which the .env names: the .env alone is read.`)
    return null
  }
  const url = mysqlUrl(env)
  if (url === null || !(await mayRead(session, url, options.yes === true))) return null
  const own = env.MYSQL_PASSWORD ? new Secret(env.MYSQL_PASSWORD) : null
  return { url, password: async () => given?.read() ?? own }
}

function sqlitePlace(path: string): Place {
  return { url: `sqlite:${path}`, password: async () => null }
}

/** The database that the variables name; null where they name none. */
function mysqlUrl(env: Env): string | null {
  const { MYSQL_HOST: host, MYSQL_USER: user, MYSQL_DATABASE: database } = env
  if (!host || !user || !database) return null
  const place = `${host}:${env.MYSQL_PORT || 3306}`
  const socket = env.MYSQL_SOCKET ? `?socket=${encodeURIComponent(env.MYSQL_SOCKET)}` : ''
  return `mysql://${encodeURIComponent(user)}@${place}/${encodeURIComponent(database)}${socket}`
}

async function mayRead({ out }: Session, url: string, yes: boolean): Promise<boolean> {
  if (yes) return true
  if (canAsk()) return agree(`The .env names a database, ${url}. Read it too?`, true)
  out.warn(`The database ${url} was not read: add --yes, or name one with --mysql or --store-file.`)
  return false
}

function refusePassword(url: string): void {
  if (!/^\w+:\/\/[^/?#:]*:[^/?#@]*@/.test(url)) return
  throw new BalanceError('usage', 'A password is never taken as an argument.', {
    hint: 'Put it into BALANCE_IMPORT_PASSWORD, or a file named by BALANCE_IMPORT_PASSWORD_FILE, or type it when asked.',
  })
}

async function askPassword(url: string): Promise<Secret | null> {
  if (!canAsk()) return null
  const [password = null] = await askSecrets(`password for ${url}`, 1)
  return password
}

function NOTHING_TO_READ(): BalanceError {
  return new BalanceError('usage', 'There is no .env in this folder, and no database was named.', {
    hint: 'Go to the folder of OpenAI Balance, or name them: --env FILE, --store-file PATH or --mysql URL.',
  })
}

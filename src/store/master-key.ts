import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { createPrivate, ensureFolder, readPrivate } from './private-file.ts'

/** Where the master key may be, in the order in which it is looked for. */
export interface MasterKeyPlaces {
  /** `$CREDENTIALS_DIRECTORY` of systemd (systemd.exec, "Credentials"). */
  readonly credentialsDirectory: string | null
  readonly file: string | null
  readonly value: Secret | null
  readonly etcFile: string
  readonly dataDir: string
}

export interface MasterKey {
  /** 32 bytes. */
  readonly bytes: Buffer
  /** The path it was read from, or the name of the variable that held it. */
  readonly source: string
}

/** A master key, or all the places where there was none and what one of them was like. */
export type MasterKeySearch =
  | { readonly found: MasterKey }
  | {
      readonly found: null
      readonly looked: readonly string[]
      /** A place where the owner seems to have meant one to be: there, a new one would be a second. */
      readonly meant: string | null
    }

const ANYONE_ELSE = 0o077
/** systemd lets a service user read its credentials through an ACL, which shows as group bits. */
const WORLD = 0o007

/**
 * The first master key there is. A file must be plain and readable by its owner alone.
 * @throws BalanceError config_unsafe, config_invalid
 */
export function findMasterKey(places: MasterKeyPlaces): MasterKeySearch {
  const looked: string[] = []
  let meant: string | null = null
  for (const place of inOrder(places)) {
    const content = place.read()
    if (typeof content === 'string') return { found: parse(content, place.name) }
    looked.push(content === null ? place.name : `${place.name} (${content.error})`)
    if (content !== null || place.explicit) meant ??= place.name
  }
  return { found: null, looked, meant }
}

/** A new master key in the data folder; if another process was faster, that one's. */
export function createMasterKey(dataDir: string): MasterKey {
  const path = join(dataDir, 'master-key')
  ensureFolder(dataDir)
  createPrivate(path, `${randomBytes(32).toString('base64')}\n`)
  return parse(readPrivate(path, ANYONE_ELSE) ?? '', path)
}

interface Place {
  readonly name: string
  /** Named by the owner: a key must be there, not merely may. */
  readonly explicit: boolean
  read(): string | { readonly error: string } | null
}

function inOrder(places: MasterKeyPlaces): Place[] {
  const { credentialsDirectory, file, value, etcFile, dataDir } = places
  const list: Place[] = []
  if (credentialsDirectory !== null) {
    list.push(filePlace(join(credentialsDirectory, 'balance-master-key'), WORLD, false))
  }
  if (file !== null) list.push(filePlace(file, ANYONE_ELSE, true))
  if (value !== null) {
    list.push({ name: 'BALANCE_MASTER_KEY', explicit: true, read: () => value.reveal() })
  }
  list.push(filePlace(etcFile, ANYONE_ELSE, false))
  list.push(filePlace(join(dataDir, 'master-key'), ANYONE_ELSE, false))
  return list
}

function filePlace(path: string, refused: number, explicit: boolean): Place {
  return {
    name: path,
    explicit,
    read() {
      try {
        return readPrivate(path, refused)
      } catch (error) {
        if (error instanceof BalanceError) throw error
        return { error: (error as NodeJS.ErrnoException).code ?? 'not readable' }
      }
    },
  }
}

function parse(content: string, source: string): MasterKey {
  const text = content.trim()
  const bytes = /^[0-9a-f]{64}$/i.test(text)
    ? Buffer.from(text, 'hex')
    : /^[\w+/-]{43}=?$/.test(text)
      ? Buffer.from(text, 'base64')
      : null
  if (bytes?.length === 32) return { bytes, source }
  throw new BalanceError('config_invalid', `${source} holds no master key.`, {
    hint: 'It must be 32 random bytes in base64 or hex, as openssl rand -base64 32 makes them.',
  })
}

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import {
  createPrivate,
  ensureFolder,
  movePrivate,
  readPrivate,
  replacePrivate,
} from './private-file.ts'
import { isSecretMount } from './secret-mount.ts'

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
  /** The file that another may take the place of; null where only the owner can put one there. */
  readonly home: string | null
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
/** An engine lets every user of a container read its secrets, and there is nobody else in it. */
const WRITERS = 0o022

/**
 * The first master key there is. A file must be plain and readable by its owner alone, unless a container
 * engine has put it there.
 * @param fits whether it is the one of a store; asked where a file may have a successor beside it
 * @throws BalanceError config_unsafe, config_invalid
 */
export function findMasterKey(places: MasterKeyPlaces, fits: Fits = () => true): MasterKeySearch {
  const looked: string[] = []
  let meant: string | null = null
  for (const place of inOrder(places)) {
    const content = place.read(fits)
    if (content !== null && 'bytes' in content) return { found: content }
    looked.push(content === null ? place.name : `${place.name} (${content.error})`)
    if (content !== null || place.explicit) meant ??= place.name
  }
  return { found: null, looked, meant }
}

/** A new master key in the data folder; if another process was faster, that one's. */
export function createMasterKey(dataDir: string): MasterKey {
  const path = join(dataDir, 'master-key')
  ensureFolder(dataDir)
  createPrivate(path, text(randomBytes(32)))
  return { ...parseMasterKey(readPrivate(path, ANYONE_ELSE) ?? '', path), home: path }
}

/**
 * Writes down which key is to take the place of the one in this file, beside it. Until
 * {@link promote} both are found: whichever fits.
 */
export function writeSuccessor(home: string, bytes: Buffer): void {
  replacePrivate(successorOf(home), text(bytes), home)
}

/** The successor takes the place, and the one before is gone. */
export function promote(home: string): void {
  movePrivate(successorOf(home), home)
}

function successorOf(home: string): string {
  return `${home}.new`
}

type Fits = (masterKey: Buffer) => boolean

interface Place {
  readonly name: string
  /** Named by the owner: a key must be there, not merely may. */
  readonly explicit: boolean
  read(fits: Fits): MasterKey | { readonly error: string } | null
}

function inOrder(places: MasterKeyPlaces): Place[] {
  const { credentialsDirectory, file, value, etcFile, dataDir } = places
  const list: Place[] = []
  if (credentialsDirectory !== null) {
    const path = join(credentialsDirectory, 'balance-master-key')
    list.push({ name: path, explicit: false, read: () => readAt(path, WORLD, null) })
  }
  if (file !== null) list.push(filePlace(file, true))
  if (value !== null) {
    const name = 'BALANCE_MASTER_KEY'
    const read = () => ({ ...parseMasterKey(value.reveal(), name), home: null })
    list.push({ name, explicit: true, read })
  }
  list.push(filePlace(etcFile, false))
  list.push(filePlace(join(dataDir, 'master-key'), false))
  return list
}

/**
 * A file, and while a key takes its place the one beside it. Whoever read the file just before it was
 * replaced finds nothing beside it any more, but the right one when it reads the file again.
 */
function filePlace(path: string, explicit: boolean): Place {
  // Nobody but the engine can put another into its place.
  if (isSecretMount(path)) {
    return { name: path, explicit, read: () => readAt(path, WRITERS, null) }
  }
  return {
    name: path,
    explicit,
    read(fits) {
      const first = readAt(path, ANYONE_ELSE, path)
      if (first === null || 'error' in first || fits(first.bytes)) return first
      for (const other of [successorOf(path), path]) {
        const found = readAt(other, ANYONE_ELSE, path)
        if (found !== null && 'bytes' in found && fits(found.bytes)) return found
      }
      return first
    },
  }
}

function readAt(
  path: string,
  refused: number,
  home: string | null,
): MasterKey | { readonly error: string } | null {
  try {
    const content = readPrivate(path, refused)
    return content === null ? null : { ...parseMasterKey(content, path), home }
  } catch (error) {
    if (error instanceof BalanceError) throw error
    return { error: (error as NodeJS.ErrnoException).code ?? 'not readable' }
  }
}

/** @throws BalanceError config_invalid, which does not repeat it */
export function parseMasterKey(content: string, source: string): Omit<MasterKey, 'home'> {
  const given = content.trim()
  const bytes = /^[0-9a-f]{64}$/i.test(given)
    ? Buffer.from(given, 'hex')
    : /^[\w+/-]{43}=?$/.test(given)
      ? Buffer.from(given, 'base64')
      : null
  if (bytes?.length === 32) return { bytes, source }
  throw new BalanceError('config_invalid', `${source} holds no master key.`, {
    hint: 'It must be 32 random bytes in base64 or hex, as openssl rand -base64 32 makes them.',
  })
}

function text(bytes: Buffer): string {
  return `${bytes.toString('base64')}\n`
}

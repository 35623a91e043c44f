import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { BalanceError } from '../base/errors.ts'

const STICKY = 0o1000
/** More than any secret or reference needs. */
const LONGEST = 16_384

/** Makes the folder, and those above it that are missing, for its owner alone. */
export function ensureFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
}

/**
 * Creates the file with mode 0600 whatever the umask, owned by the owner of its folder
 * (root creates files in a daemon's folder that the daemon must be able to open).
 * The content is there in full or the file is not; false when the file existed before.
 */
export function createPrivate(path: string, content: string): boolean {
  // Nearly always; and a draft that a kill leaves behind is nobody's to remove.
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false
  const draft = draftOf(path, content, dirname(path))
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    unlinkSync(draft)
  }
}

/**
 * Writes the file with mode 0600, in the place of one that is there. It has the old content or the
 * new one, also after a power cut.
 * @param like the file or folder whose owner it gets
 */
export function replacePrivate(path: string, content: string, like: string): void {
  const draft = draftOf(path, content, like)
  try {
    movePrivate(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

/** Renames a file within its folder, for good. */
export function movePrivate(from: string, to: string): void {
  renameSync(from, to)
  const folder = openSync(dirname(to), constants.O_RDONLY)
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** A finished file of another name beside this one; removed again where it cannot be finished. */
function draftOf(path: string, content: string, like: string): string {
  const draft = join(dirname(path), `.${randomBytes(9).toString('base64url')}.new`)
  const file = openSync(draft, 'wx', 0o600)
  try {
    fchmodSync(file, 0o600)
    const { uid, gid } = statSync(like)
    if (process.geteuid?.() === 0) fchownSync(file, uid, gid)
    writeSync(file, content)
    fsyncSync(file)
    return draft
  } catch (error) {
    unlinkSync(draft)
    throw error
  } finally {
    closeSync(file)
  }
}

/**
 * Reads a file that only its owner may: not a symbolic link, owned by us or root, none of the
 * mode bits in `refused`. Null when there is no such file.
 * @throws BalanceError config_unsafe; the system's own error when it cannot be read.
 */
export function readPrivate(path: string, refused: number): string | null {
  const file = openNoFollow(path)
  if (file === null) return null
  try {
    const { mode, uid, size } = fstatSync(file)
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw unsafe(path, 'is not a plain file')
    if (uid !== 0 && uid !== process.geteuid?.()) throw unsafe(path, 'belongs to another user')
    if ((mode & refused) !== 0) throw unsafe(path, `can be read by others (mode ${octal(mode)})`)
    if (size > LONGEST) throw unsafe(path, 'is far too large for a secret')
    const content = Buffer.alloc(size)
    const length = readSync(file, content, 0, size, 0)
    return content.toString('utf8', 0, length)
  } finally {
    closeSync(file)
  }
}

/** Refuses a file that others could write or replace: what it says could be anybody's words. */
export function refuseWritableByOthers(path: string): void {
  if ((statSync(path).mode & 0o022) !== 0) throw writable(path, `chmod 600 ${path}`)
  const folder = dirname(path)
  const { mode } = statSync(folder)
  // In a sticky folder, as /tmp is, nobody can replace what is another's.
  if ((mode & 0o002) !== 0 && (mode & STICKY) === 0) {
    throw writable(folder, `chmod 700 ${folder}`)
  }
}

function writable(path: string, hint: string): BalanceError {
  return new BalanceError('config_unsafe', `${path} can be written by others.`, { hint })
}

function openNoFollow(path: string): number | null {
  try {
    // O_NONBLOCK: opening a FIFO somebody put there must not hang.
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    if (code === 'ELOOP') throw unsafe(path, 'is a symbolic link')
    throw error
  }
}

function unsafe(path: string, why: string): BalanceError {
  return new BalanceError('config_unsafe', `${path} ${why}.`, {
    hint: `Make it a plain file that only its owner can read: chmod 600 ${path}`,
  })
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}

import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { userId } from '../base/user.ts'
import type { LoadedConfig } from '../model/config.ts'

/** A Unix socket's path takes at most 107 bytes on Linux (`sun_path`, unix(7)). */
const LONGEST = 107

/** Where control sockets of one configuration are. */
export interface ControlFolders {
  /** Where a daemon puts its own, likeliest first. */
  readonly own: readonly string[]
  /** Where one may be found: the service's daemon has a folder that a shell is not told of. */
  readonly searched: readonly string[]
}

export function controlFolders({ environment, dataDir }: LoadedConfig): ControlFolders {
  const { runtimeDir, serviceDir } = environment
  const own = runtimeDir === null ? [dataDir] : [runtimeDir, dataDir]
  return { own, searched: [...own, serviceDir] }
}

/**
 * Where a daemon of this store may be reached, likeliest first: it listens at the first path it can
 * use, and whoever looks for it tries them all.
 */
export function socketPaths(storeUrl: string, directories: readonly string[]): string[] {
  const name = `${createHash('sha256').update(storeUrl).digest('hex').slice(0, 16)}.sock`
  // A data folder deep in the tree is too long for a socket; this one never is.
  const last = join(tmpdir(), `balance-${userId()}`)
  return (mayBeOurs(last) ? [...directories, last] : directories)
    .map(directory => join(directory, name))
    .filter(path => Buffer.byteLength(path) <= LONGEST)
}

/** Anybody can make a folder in a shared place; in one of theirs nobody listens and nobody asks. */
function mayBeOurs(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (found === undefined) return true
  return found.isDirectory() && found.uid === userId() && (found.mode & 0o077) === 0
}

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { BalanceError } from '../base/errors.ts'
import { createMasterKey } from '../store/master-key.ts'
import { type Agreement, type Layout, storeFolder } from './service-layout.ts'
import { ensureServiceUser, type Ids, SYSUSERS } from './service-user.ts'
import { serviceUnit, socketUnit } from './unit.ts'

/** A file of the installation. */
export interface ServiceFile {
  readonly path: string
  /** Null for what is made of chance, and never shown. */
  readonly content: string | null
  /** What is there stays. */
  readonly kept: boolean
}

/** The program as the unit starts it. */
export interface ServiceProgram {
  readonly node: string
  readonly script: string
}

export function thisProgram(): ServiceProgram {
  return { node: realpathSync(process.execPath), script: realpathSync(process.argv[1] ?? '') }
}

/** All that an installation writes, in its order. */
export function serviceFiles(
  layout: Layout,
  agreement: Agreement,
  program: ServiceProgram,
): ServiceFile[] {
  const { scope, root, unitFolder, configFolder, config, dataDir } = layout
  const folder = storeFolder(agreement.store)
  const parts = {
    ...{ scope, config, ...program },
    listen: agreement.listen,
    writable: folder === null || within(folder, dataDir) ? [] : [folder],
    storePassword: existsSync(join(root, PASSWORD)),
    drain: agreement.drain,
  }
  const files: ServiceFile[] = []
  if (scope === 'system') {
    files.push({ path: DECLARED_USER, content: SYSUSERS, kept: false })
    files.push({ path: join(configFolder, 'master-key'), content: null, kept: true })
  }
  if (agreement.config !== null) files.push({ path: config, content: agreement.config, kept: true })
  files.push({ path: join(unitFolder, 'balance.socket'), content: socketUnit(parts), kept: false })
  files.push({
    path: join(unitFolder, 'balance.service'),
    content: serviceUnit(parts),
    kept: false,
  })
  return files
}

/** Where root keeps the password of a MySQL store, for the service and for commands. */
export const PASSWORD = '/etc/balance/store-password'
export const DECLARED_USER = '/etc/sysusers.d/balance.conf'

/**
 * Writes them, and makes the user, the folders and the master key that they need.
 * @throws BalanceError failed, not_permitted
 */
export async function writeService(
  layout: Layout,
  { store }: Agreement,
  files: readonly ServiceFile[],
): Promise<void> {
  const { scope, root, configFolder, dataDir } = layout
  if (scope === 'system') refuseSecondKey(layout)
  for (const { path, content, kept } of files) {
    const place = join(root, path)
    mkdirSync(dirname(place), { recursive: true, mode: 0o755 })
    if (content !== null && !(kept && existsSync(place))) writeWhole(place, content)
  }
  if (scope === 'user') return
  const ids = await ensureServiceUser(root, join(root, DECLARED_USER))
  // Its folder is root's, and so is the key.
  createMasterKey(join(root, configFolder))
  for (const folder of new Set([dataDir, storeFolder(store) ?? dataDir]))
    own(join(root, folder), ids)
}

/** It has the old content or the new one, whoever reads it; its mode is 0644 whatever the umask. */
function writeWhole(path: string, content: string): void {
  const draft = `${path}.${process.pid}.new`
  writeFileSync(draft, content)
  chmodSync(draft, 0o644)
  renameSync(draft, path)
}

/** @throws BalanceError not_permitted where the service's user could not start the program */
export function refuseHidden({ node, script }: ServiceProgram): void {
  for (const path of [node, script]) {
    const closed = closedAbove(path)
    if (closed === null) continue
    throw new BalanceError(
      'not_permitted',
      `The service cannot start ${path}: ${closed} is closed to other users.`,
      {
        hint: 'Install Node and balance for the whole host (npm install -g, as root), and run that: sudo balance service install.',
      },
    )
  }
}

/** The file itself, or the folder above it, that not everybody may read or enter. */
function closedAbove(path: string): string | null {
  if ((statSync(path).mode & 0o004) === 0) return path
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return folder
    if (folder === dirname(folder)) return null
  }
}

/** A store that was sealed by the key in its folder is not opened by another one. */
function refuseSecondKey({ root, dataDir, configFolder }: Layout): void {
  const [theirs, ours] = [dataDir, configFolder].map(folder => join(folder, 'master-key'))
  if (!existsSync(join(root, `${theirs}`)) || existsSync(join(root, `${ours}`))) return
  throw new BalanceError('failed', `The store in ${dataDir} has a master key of its own.`, {
    hint: `Give it to the service first: install -D -m 600 ${theirs} ${ours}`,
  })
}

/** Made for the service alone; one that is there and another's is left to whoever made it so. */
function own(folder: string, { uid, gid }: Ids): void {
  if (!existsSync(folder)) {
    mkdirSync(dirname(folder), { recursive: true, mode: 0o755 })
    mkdirSync(folder, { mode: 0o700 })
    chownSync(folder, uid, gid)
    chmodSync(folder, 0o700)
  }
  const { uid: owner } = statSync(folder)
  if (owner === uid) return
  throw new BalanceError('not_permitted', `${folder} belongs to another user than the service's.`, {
    hint: `The store lies there, which the service must write: chown -R balance: ${folder}`,
  })
}

function within(folder: string, parent: string): boolean {
  return folder === parent || folder.startsWith(`${parent}/`)
}

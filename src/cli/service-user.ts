import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BalanceError } from '../base/errors.ts'
import { runQuietly } from './systemctl.ts'

export const SERVICE_USER = 'balance'

/** systemd-sysusers makes the user of it where an image starts for the first time, too. */
export const SYSUSERS = `# Written by "balance service install".
u ${SERVICE_USER} - "balance, an LLM gateway" /var/lib/balance
`

export interface Ids {
  readonly uid: number
  readonly gid: number
}

/**
 * The user that the service runs as; made where there is none. One that lasts, not DynamicUser:
 * root's commands write the store, too, and files must have an owner while the service is down.
 * @param sysusers the file that declares it, below the root
 */
export async function ensureServiceUser(root: string, sysusers: string): Promise<Ids> {
  const known = idsOf(root)
  if (known !== null) return known
  await create(root, sysusers)
  const made = idsOf(root)
  if (made !== null) return made
  throw new BalanceError('failed', `There is no user ${SERVICE_USER}, and none could be made.`, {
    hint: `Make it and try again: useradd --system --no-create-home --home-dir /var/lib/balance ${SERVICE_USER}`,
  })
}

async function create(root: string, sysusers: string): Promise<void> {
  const image = root === '' ? [] : [`--root=${root}`]
  if (await runQuietly('systemd-sysusers', [...image, sysusers])) return
  await runQuietly('useradd', [
    ...(root === '' ? [] : ['--prefix', root]),
    ...['--system', '--user-group', '--no-create-home', '--home-dir', '/var/lib/balance'],
    ...['--shell', '/usr/sbin/nologin', SERVICE_USER],
  ])
}

/** Of that name in the root's own file. */
export function idsOf(root: string): Ids | null {
  const path = join(root, '/etc/passwd')
  if (!existsSync(path)) return null
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name === SERVICE_USER) return { uid: Number(uid), gid: Number(gid) }
  }
  return null
}

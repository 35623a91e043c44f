import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import { VERSION } from '../../base/version.ts'
import type { ReadBackup } from '../../model/backup.ts'
import type { Store } from '../../model/store.ts'
import { formatMoment } from '../moment.ts'
import type { Run } from '../program.ts'
import { withProgress } from '../progress.ts'
import { confirm } from '../prompts.ts'
import type { Session } from '../session.ts'
import { backupShape, contentsOf } from '../shapes/backup.ts'

export function define(command: Command, run: Run): void {
  command
    .argument('<file>', 'what balance backup has written')
    .option('--yes', 'replace what the store holds, without a question')
    .addHelpText('after', HELP)
    .action(run(restore))
}

const HELP = `
The backup is read to its end and checked first, then takes the place of all that the store
holds, in one transaction: there is the old or the new. What was there is written to a backup
in the data folder before. A restore that was cut short between the two files of SQLite is
finished by running it again; until then nothing else opens the store. No daemon may serve
the store meanwhile. The master key of the backup must be put back by you; a backup without
logs leaves the log as it is.

Examples:
  $ balance restore balance-2026-01-31.backup
  $ balance restore balance-2026-01-31.backup --store mysql://balance@db.example/balance`

async function restore(session: Session, given: string, { yes }: { yes?: true }): Promise<void> {
  const file = resolve(given)
  const { out } = session
  const { store, half } = await session.storeToRestore()
  const backup = await withProgress(out, ['checking', 'rows'], tell => store.readBackup(file, tell))
  await refuseServed(session, store)
  const { problem, hint } = backup.masterKey
  if (problem !== null) out.warn(`The backup's sealed keys will not open: ${problem} ${hint ?? ''}`)
  const isKept = !half && !(await isEmpty(store))
  const kept = isKept ? await keep(session, store, backup, yes === true) : null
  const put = await withProgress(out, ['restoring', 'rows'], tell => store.restore(file, tell))
  const restored = backupShape(file, put)
  out.show({ restored, kept, master_key: backup.masterKey.state }, () => '')
  out.say(`restored ${contentsOf(restored)}, of ${formatMoment(backup.created)}`)
  if (kept !== null) out.say(`What was there before is in ${kept}`)
}

/** @throws BalanceError already_running */
async function refuseServed(session: Session, store: Store): Promise<void> {
  const daemon = await session.daemon()
  const [node] = await store.nodes()
  if (!daemon && !node) return
  const where = daemon ? 'on this host' : `as ${node?.id}`
  throw new BalanceError('already_running', `A daemon serves this store ${where}.`, {
    hint: daemon
      ? 'End it first: balance stop'
      : 'End it first. One that died is taken to be gone after 15 s.',
  })
}

async function isEmpty(store: Store): Promise<boolean> {
  return (await store.revision()) === 0 && (await store.records({ limit: 1 })).length === 0
}

/** Writes what is there to a backup of its own; where. */
async function keep(
  session: Session,
  store: Store,
  { created, revision }: ReadBackup,
  yes: boolean,
): Promise<string> {
  const { dataDir } = session.config()
  const there = await store.revision()
  await confirm(
    `${store.url} holds revision ${there}. Replace it by revision ${revision} of ${formatMoment(created)}?`,
    yes,
  )
  const stamp = new Date(session.clock.wall()).toISOString().replace(/\D/g, '').slice(0, 17)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const path = join(dataDir, `before-restore-${stamp}.backup`)
  await withProgress(session.out, ['keeping', 'rows'], tell =>
    store.backup(path, { logs: true, version: VERSION }, tell),
  )
  return path
}

import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { VERSION } from '../../base/version.ts'
import { formatBytes } from '../amount.ts'
import type { Run } from '../program.ts'
import { withProgress } from '../progress.ts'
import { confirm } from '../prompts.ts'
import type { Session } from '../session.ts'
import { backupShape, contentsOf } from '../shapes/backup.ts'

export function define(command: Command, run: Run): void {
  command
    .argument('<file>', 'where to write it')
    .option('--no-logs', 'leave out requests, failures and sums')
    .option('--yes', 'write over a file that is there')
    .addHelpText('after', HELP)
    .action(run(backup))
}

const HELP = `
One file with all that the store holds, as of one moment, while the gateway serves. It is
restored by balance restore, to SQLite or MySQL. The master key is not in it: without the
key, sealed secrets in it open for nobody, you included. Keep a copy of it elsewhere.

Examples:
  $ balance backup balance-$(date +%F).backup
  $ balance backup config-only.backup --no-logs`

async function backup(
  session: Session,
  given: string,
  { logs, yes }: { logs: boolean; yes?: true },
): Promise<void> {
  const file = resolve(given)
  const { out } = session
  if (existsSync(file)) await confirm(`${given} is there. Write over it?`, yes === true)
  await session.flush()
  const store = await session.store()
  const written = await withProgress(out, ['writing', 'rows'], tell =>
    store.backup(file, { logs, version: VERSION }, tell),
  )
  const shape = backupShape(file, written)
  out.show(shape, () => '')
  out.say(`wrote ${given} (${formatBytes(statSync(file).size)}): ${contentsOf(shape)}`)
  const { source } = (await store.secrets()).masterKey
  out.say(
    `The master key is not in it${source === null ? '' : `: keep a copy of ${source} apart`}.`,
  )
}

import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

export function define(command: Command, run: Run): void {
  command
    .addHelpText(
      'after',
      `
The running daemon reads its configuration file again. Values set by a command stay
as they are; "balance config unset NAME" gives one back to the file.

Example:
  $ balance reload`,
    )
    .action(run(reload))
}

async function reload(session: Session): Promise<void> {
  const daemon = await session.requireDaemon()
  const { revision, taken, overridden, left, error } = await daemon.call('reload', {})
  if (error !== null) {
    throw new BalanceError('config_invalid', `The configuration was not taken: ${error}`, {
      hint: `Revision ${revision} stays in force. Check the file: balance config validate`,
    })
  }
  const { out } = session
  out.show({ revision, taken, overridden, left }, () => '')
  if (taken.length > 0) out.say(`taken from the file: ${taken.join(', ')}`)
  if (overridden.length > 0) out.say(`left as commands set them: ${overridden.join(', ')}`)
  if (left.length > 0)
    out.say(`kept, though the file does not declare it any more: ${left.join(', ')}`)
  out.say(`in force (revision ${revision})`)
}

import type { Command } from 'commander'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

/** How often it is looked whether the daemon has ended. */
const LOOK_EVERY = 50

export function define(command: Command, run: Run): void {
  command
    .option('--now', 'cut what is in flight instead of letting it end')
    .addHelpText(
      'after',
      `
Waits until the daemon has ended. Exits 69 when none runs.

Example:
  $ balance stop`,
    )
    .action(run(stop))
}

async function stop(session: Session, options: { now?: true }): Promise<void> {
  const daemon = await session.requireDaemon()
  const { pid } = await daemon.call('stop', { now: options.now ?? false })
  if (isRunning(pid)) session.out.say(`stopping pid ${pid} …`)
  while (isRunning(pid)) await session.clock.sleep(LOOK_EVERY)
  session.out.show({ stopped: pid }, () => '')
  session.out.say('stopped')
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

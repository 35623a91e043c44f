import { readFile } from 'node:fs/promises'
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
  session.out.say(`stopping pid ${pid} …`)
  while (await isRunning(pid)) await session.clock.sleep(LOOK_EVERY)
  session.out.show({ stopped: pid }, () => '')
  session.out.say('stopped')
}

async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return !(await isZombie(pid))
}

/** In a container whose first process reaps nobody, an ended daemon keeps its pid for ever. */
async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return /\) Z /.test(stat)
}

import { interruption, pause } from './interrupt.ts'
import type { Session } from './session.ts'

/**
 * Shows something again and again until Ctrl-C; a daemon that ended or began meanwhile is noticed.
 * Only the first time may fail: later, what is wrong is said and it is tried again.
 * @param every ms between two rounds
 */
export async function watch(
  session: Session,
  every: number,
  show: () => Promise<void>,
): Promise<void> {
  const end = interruption()
  await show()
  for (;;) {
    await pause(session.clock, every, end)
    if (end.aborted) return
    session.forgetDaemon()
    await show().catch((error: Error) => session.out.warn(error.message))
  }
}

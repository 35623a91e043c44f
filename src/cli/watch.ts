import { interruption, pause } from './interrupt.ts'
import { Screen } from './screen.ts'
import type { Session } from './session.ts'

/**
 * Shows something again and again until Ctrl-C: in place on a terminal, else as a paragraph, or with
 * `--json` a line, each time. A daemon that ended or began meanwhile is noticed. Only the first time
 * may fail: later, what is wrong is said and it is tried again.
 * @param every ms between two rounds
 */
export async function watch(
  session: Session,
  every: number,
  read: () => Promise<string>,
): Promise<void> {
  const { out, clock } = session
  const end = interruption()
  const screen = out.onTerminal && !out.json ? new Screen(out) : null
  const draw = (text: string) =>
    screen === null ? out.line(out.json ? text : `${text}\n`) : screen.draw(text)
  let shown = ''
  try {
    for (;;) {
      const text = await read().catch((error: Error) => {
        if (shown === '') throw error
        out.warn(error.message)
        return null
      })
      if (text !== null || screen !== null) {
        shown = text ?? shown
        draw(shown)
      }
      await pause(clock, every, end)
      if (end.aborted) return
      session.forgetDaemon()
    }
  } finally {
    screen?.close()
  }
}

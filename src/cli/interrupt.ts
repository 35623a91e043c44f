import type { Clock } from '../base/clock.ts'

/** Fires when the operator ends a command that goes on by itself (Ctrl-C): no error. */
export function interruption(): AbortSignal {
  const end = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort())
  return end.signal
}

/** Waits so long, or until the signal fires; an unfinished sleep would keep the process alive. */
export async function pause(clock: Clock, ms: number, end: AbortSignal): Promise<void> {
  const until = clock.now() + ms
  for (let left = ms; left > 0 && !end.aborted; left = until - clock.now()) {
    await clock.sleep(Math.min(left, LOOK_EVERY))
  }
}

/** How often it is looked whether the signal has fired. */
const LOOK_EVERY = 100

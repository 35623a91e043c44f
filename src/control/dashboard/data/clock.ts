/** The dashboard's only reader of the clock and setter of timers. */

/** Wall time, milliseconds since the epoch. */
export function now(): number {
  return Date.now()
}

/** Calls once, after so many ms; gives what calls it off. */
export function after(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms)
  return () => clearTimeout(timer)
}

const listeners = new Set<() => void>()
let ticking: ReturnType<typeof setInterval> | null = null

/** Calls each second: one timer for all who count down. Gives what ends it. */
export function eachSecond(call: () => void): () => void {
  listeners.add(call)
  ticking ??= setInterval(() => {
    for (const listener of listeners) listener()
  }, 1_000)
  return () => {
    listeners.delete(call)
    if (listeners.size > 0 || ticking === null) return
    clearInterval(ticking)
    ticking = null
  }
}

/** A timer that can be stopped; stopping twice is harmless. */
export interface Timer {
  stop(): void
}

/**
 * The only source of time. Durations are taken from {@link Clock.now}, which never jumps;
 * {@link Clock.wall} is for what is shown or written down.
 */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start. */
  now(): number
  /** Milliseconds since the Unix epoch. */
  wall(): number
  /** Calls once after `ms`; does not keep the process alive. */
  after(ms: number, call: () => void): Timer
  /** Calls every `ms`; does not keep the process alive. */
  every(ms: number, call: () => void): Timer
  /** Resolves after `ms`, and keeps the process alive until then. */
  sleep(ms: number): Promise<void>
}

/** The largest delay a Node timer takes; beyond it, it would fire at once. */
const LONGEST = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, Math.min(ms, LONGEST))
    timer.unref()
    return { stop: () => clearTimeout(timer) }
  },
  every(ms, call) {
    const timer = setInterval(call, Math.min(ms, LONGEST))
    timer.unref()
    return { stop: () => clearInterval(timer) }
  },
  sleep: ms => new Promise(resolve => setTimeout(resolve, Math.min(ms, LONGEST))),
}

/** Resolves in the next turn of the event loop, behind all that has come by then. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** The host's monotonic clock, as systemd counts it: microseconds since its start. */
export function monotonicMicroseconds(): bigint {
  return process.hrtime.bigint() / 1_000n
}

/** What a promise gives; where it takes longer than `ms`, what `late` gives or throws instead. */
export function within<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  late: () => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => {
      try {
        resolve(late())
      } catch (error) {
        reject(error)
      }
    })
    promise.then(resolve, reject).finally(() => timer.stop())
  })
}

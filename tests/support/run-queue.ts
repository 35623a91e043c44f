import { existsSync, readFileSync } from 'node:fs'

import type { Time } from './steady-load.ts'

const SAMPLE_MS = 20

/**
 * How long the main threads of these processes were ready to run while the host's processors did
 * something else (https://docs.kernel.org/scheduler/sched-stats.html). It tells a busy host from
 * a program that is slow; where the kernel does not count, nothing has waited.
 */
export class RunQueue {
  readonly #files: readonly string[]
  readonly #timer: NodeJS.Timeout
  readonly #samples: { readonly at: number; readonly waited: number }[] = []
  /** Of each of the files; of a process that has ended, until then. */
  readonly #waited = new Map<string, number>()

  /** Watches from now on. */
  constructor(pids: readonly number[]) {
    this.#files = pids.map(pid => `/proc/${pid}/task/${pid}/schedstat`).filter(existsSync)
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS)
    this.#sample()
  }

  /** Of the time between these two moments, or little more, ms. */
  waited(from: number, to: number): number {
    const first = this.#samples.findLast(({ at }) => at <= from) ?? this.#samples[0]
    const last = this.#samples.find(({ at }) => at >= to) ?? this.#samples.at(-1)
    return (last?.waited ?? 0) - (first?.waited ?? 0)
  }

  /** How long this took, but for the time that was waited then, ms. */
  unwaited({ from, to }: Time): number {
    return to - from - this.waited(from, to)
  }

  /** Those that took longer than this many ms, also without the time that was waited then. */
  slow(times: readonly Time[], most: number): Time[] {
    const long = times.filter(({ from, to }) => to - from > most)
    return long.filter(time => this.unwaited(time) > most)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sample(): void {
    for (const file of this.#files) {
      try {
        this.#waited.set(file, waitedSoFar(file))
      } catch {
        // Its process has ended, and waits no more.
      }
    }
    const waited = [...this.#waited.values()].reduce((sum, each) => sum + each, 0)
    this.#samples.push({ at: performance.now(), waited })
  }
}

/** In ms; the kernel counts in ns. */
function waitedSoFar(schedstat: string): number {
  return Number(readFileSync(schedstat, 'utf8').split(' ')[1]) / 1e6
}

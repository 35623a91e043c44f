import { usedBy } from '../../src/bench/process-tree.ts'

/** Resident memory at a time. */
export interface Sample {
  readonly minutes: number
  readonly mb: number
}

/** Looks at what a process and its children hold, once a second. */
export class MemoryWatch {
  readonly samples: Sample[] = []
  readonly #began = performance.now()
  readonly #timer: NodeJS.Timeout

  /** Begins at once. */
  constructor(pid: number) {
    this.#timer = setInterval(() => {
      const minutes = (performance.now() - this.#began) / 60_000
      this.samples.push({ minutes, mb: usedBy(pid).rss / 2 ** 20 })
    }, 1_000)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** Least-squares slope, MB a minute. */
export function slopeOf(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
  const middle = { minutes: mean(one => one.minutes), mb: mean(one => one.mb) }
  const both = mean(one => (one.minutes - middle.minutes) * (one.mb - middle.mb))
  return both / mean(one => (one.minutes - middle.minutes) ** 2)
}

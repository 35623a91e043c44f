import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { GCProfiler, getHeapStatistics } from 'node:v8'
import { isMainThread } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'
import type { Gauged, GaugeOrder } from './gauge.ts'

/** Of the timer whose lateness is the event loop's delay, ms. */
const EVERY_MS = 1

const NOTHING: Gauged = { loopP99: 0, loopMost: 0, allocated: 0 }

/** From `begin` to `tell`. */
class Watch {
  readonly #loop: IntervalHistogram
  readonly #collections = new GCProfiler()
  readonly #heap: number

  constructor() {
    this.#loop = monitorEventLoopDelay({ resolution: EVERY_MS })
    this.#loop.enable()
    this.#collections.start()
    this.#heap = getHeapStatistics().used_heap_size
  }

  /** Calls back when the event loop is watched: its delay counts from the timer's second time on. */
  begun(callback: () => void): void {
    if (this.#loop.count > 0) callback()
    else systemClock.after(EVERY_MS, () => this.begun(callback))
  }

  tell(): Gauged {
    const left = getHeapStatistics().used_heap_size - this.#heap
    const { statistics } = this.#collections.stop()
    const freed = statistics.map(
      ({ beforeGC, afterGC }) =>
        beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
    )
    this.#loop.disable()
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - EVERY_MS)
    return {
      loopP99: late(this.#loop.percentile(99)),
      loopMost: late(this.#loop.max),
      allocated: freed.reduce((sum, bytes) => sum + bytes, left),
    }
  }
}

/** Entry of what is loaded into a contender ahead of its own program; threads of it load it too. */
if (isMainThread && process.channel) {
  let watch: Watch | null = null
  process.on('message', ({ gauge }: GaugeOrder) => {
    if (gauge === 'begin') {
      watch = new Watch()
      watch.begun(() => process.send?.(NOTHING))
      return
    }
    process.send?.(watch?.tell() ?? NOTHING)
    watch = null
  })
  // It keeps no contender alive.
  process.channel.unref()
}

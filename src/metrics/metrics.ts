import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Clock } from '../base/clock.ts'
import type { Route } from '../model/catalog.ts'
import type { Exposition } from '../model/exposition.ts'
import type { ExchangeRecord } from '../model/record.ts'
import type { DaemonStatus } from '../model/status.ts'
import { Standing } from './standing.ts'
import { Traffic } from './traffic.ts'

/** Whoever asks again sooner is given the same answer: to make one costs the loop some ms. */
const FRESH_MS = 500
/** Gauges whose names Prometheus keeps for counters; `nodejs_active_resources` tells the same. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

export interface MetricsParts {
  readonly clock: Clock
  readonly version: string
  /** Those in force; a new list where they have changed. */
  readonly routes: () => readonly Route[]
  /** How the daemon stands now, and a word to its gateways that they tell what they know first. */
  readonly status: () => Promise<DaemonStatus>
}

/** All metrics of a daemon: counted from its records as they come, and from its state when asked. */
export class Metrics {
  readonly registry = new Registry()
  readonly #parts: MetricsParts
  readonly #traffic: Traffic
  readonly #standing: Standing
  #watching = false
  #answer: Promise<Exposition> | null = null
  /** Monotonic ms: when the making of the answer began. */
  #askedAt = 0

  constructor(parts: MetricsParts) {
    this.#parts = parts
    this.#traffic = new Traffic(this.registry, parts.routes)
    this.#standing = new Standing(this.registry)
    new Gauge({
      name: 'balance_build_info',
      help: 'Always 1: which version runs, on which Node.js.',
      labelNames: ['version', 'node'],
      registers: [this.registry],
    }).set({ version: parts.version, node: process.versions.node }, 1)
  }

  add(batch: readonly ExchangeRecord[]): void {
    this.#traffic.add(batch)
  }

  /** Half a second old at most. */
  expose(): Promise<Exposition> {
    const now = this.#parts.clock.now()
    if (this.#answer === null || now - this.#askedAt >= FRESH_MS) {
      this.#askedAt = now
      const answer = this.#expose()
      this.#answer = answer
      answer.catch(() => {
        if (this.#answer === answer) this.#answer = null
      })
    }
    return this.#answer
  }

  async #expose(): Promise<Exposition> {
    this.#watchProcess()
    this.#standing.set(await this.#parts.status())
    this.#traffic.settle()
    return { contentType: this.registry.contentType, text: await this.registry.metrics() }
  }

  /** From the first scrape on: who asks for nothing does not pay for a watch on the event loop. */
  #watchProcess(): void {
    if (this.#watching) return
    this.#watching = true
    collectDefaultMetrics({ register: this.registry })
    for (const name of MISNAMED) this.registry.removeSingleMetric(name)
  }
}

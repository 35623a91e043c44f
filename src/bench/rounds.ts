import { systemClock } from '../base/clock.ts'
import type { Child } from './child.ts'
import type { Contender } from './contender.ts'
import type { Drive, Order } from './load.ts'
import { usedBy } from './process-tree.ts'
import { EVENTS_A_STREAM, type Traffic } from './traffic.ts'

/** What is asked of every contender, again and again. */
export interface Scenario {
  readonly name: 'json' | 'stream' | 'latency'
  readonly traffic: Traffic['name']
  readonly connections: number
  /** In each round. */
  readonly requests: number
  readonly rounds: number
}

/** One contender's rounds. */
export interface Measured {
  readonly name: Contender['name']
  /** CPU of the whole process tree for one request (`stream`: one event), µs; null for `direct`. */
  readonly cpu: Spread | null
  /** The same as a multiple of what `bare` spent in the same turn; null without one of them. */
  readonly ratio: Spread | null
  readonly requestsPerSecond: Spread
  /** Request sent to answer complete, ms. */
  readonly p50: Spread
  readonly p99: Spread
}

/** Over all rounds. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/**
 * Measures the contenders in turns, one round each, so that whatever else happens on the host
 * happens to all of them. A round before the first is not counted: it warms up.
 */
export async function measure(
  scenario: Scenario,
  contenders: readonly Contender[],
  load: Child<Drive>,
): Promise<Measured[]> {
  const rounds = new Map(contenders.map(contender => [contender, [] as Round[]]))
  for (let number = 0; number <= scenario.rounds; number++) {
    for (const [contender, done] of rounds) {
      const round = await oneRound(scenario, contender, load)
      if (number > 0) done.push(round)
    }
  }
  const bare = Array.from(rounds).find(([{ name }]) => name === 'bare')?.[1] ?? []
  return Array.from(rounds, ([contender, done]) => summary(contender, done, bare))
}

/** Longer than records wait before they are stored. */
const SETTLING_MS = 300

interface Round extends Drive {
  readonly cpu: number
}

async function oneRound(
  { traffic, connections, requests }: Scenario,
  { pid, port, token }: Contender,
  load: Child<Drive>,
): Promise<Round> {
  const order: Order = { traffic, connections, requests, port, token }
  const before = pid === null ? 0 : usedBy(pid).cpu
  const drive = await load.ask(order)
  // What is written down is written a little later.
  await systemClock.sleep(SETTLING_MS)
  const after = pid === null ? 0 : usedBy(pid).cpu
  const units = traffic === 'stream' ? requests * EVENTS_A_STREAM : requests
  return { ...drive, cpu: ((after - before) * 1_000) / units }
}

function summary(
  { name, pid }: Contender,
  rounds: readonly Round[],
  bare: readonly Round[],
): Measured {
  return {
    name,
    cpu: pid === null ? null : spread(rounds.map(({ cpu }) => cpu)),
    ratio: pid === null ? null : spread(rounds.map(({ cpu }, i) => cpu / (bare[i]?.cpu ?? cpu))),
    requestsPerSecond: spread(rounds.map(({ requests, ms }) => (requests * 1_000) / ms)),
    p50: spread(rounds.map(({ p50 }) => p50)),
    p99: spread(rounds.map(({ p99 }) => p99)),
  }
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? 0
  const median = sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2
  return { median, least: sorted[0] ?? 0, most: sorted[sorted.length - 1] ?? 0 }
}

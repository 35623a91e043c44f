import type { Child } from './child.ts'
import type { Drive, DriveOrder } from './driver.ts'
import type { Measured, Round } from './figures.ts'
import type { Gauge } from './gauge.ts'
import { driven, type Loaded } from './load.ts'
import { cpuOf } from './process-tree.ts'
import type { Door } from './request.ts'
import { measure, type Pace, type Player, settle } from './rounds.ts'
import type { Scenario } from './scenarios.ts'
import { unitsOf } from './traffic.ts'
import type { UpstreamCount } from './upstream.ts'

/** A contender as one scenario sees it. */
export interface Entrant extends Player {
  /** None: no CPU is counted. */
  readonly pids: readonly number[]
  readonly gauge: Gauge | null
  readonly door: Door
  /** Asked for in place of the scenario's; null: that one. */
  readonly model: string | null
}

/** A peer may take a millisecond for what others do in some microseconds. */
const PEER_SHARE = 10

/**
 * Rounds of requests, and what all processes of an entrant spent on them; then one more in which its
 * main thread is watched, for that costs something itself.
 */
export function measureRequests(
  scenario: Scenario,
  entrants: readonly Entrant[],
  pace: Pace,
  load: Child<Loaded>,
  upstream: Child<UpstreamCount>,
): Promise<Measured[]> {
  const play = async (entrant: Entrant): Promise<Round> => {
    const { pids } = entrant
    const order = orderFor(entrant, scenario)
    const [before, refusals] = [cpuOf(pids), await upstream.ask({ tell: true })]
    const drive = driven(await load.ask({ drive: order }))
    if (pids.length > 0) await settle(pace)
    const { refused } = await upstream.ask({ tell: true })
    return {
      ...(pids.length === 0
        ? {}
        : { cpu: ((cpuOf(pids) - before) * 1_000) / unitsIn(order, scenario) }),
      ...timesOf(drive, scenario),
      ...(scenario.who === 'failing'
        ? { refused: (refused - refusals.refused) / order.requests }
        : {}),
    }
  }
  const watch = async (entrant: Entrant): Promise<Round> => {
    const order = orderFor(entrant, scenario)
    const drive = async () => {
      driven(await load.ask({ drive: order }))
      return unitsIn(order, scenario)
    }
    return (await entrant.gauge?.during(drive)) ?? {}
  }
  return measure(scenario.name, pace, entrants, play, watch)
}

export function orderFor({ door, model, peer }: Entrant, scenario: Scenario): DriveOrder {
  const { connections, requests, rate } = scenario
  const traffic = { ...scenario.traffic, model: model ?? scenario.traffic.model }
  const fewer = Math.max(Math.min(connections, requests), Math.round(requests / PEER_SHARE))
  return { door, traffic, connections, rate, requests: peer ? fewer : requests, exact: !peer }
}

/** What CPU and memory of an order are divided by. */
export function unitsIn({ requests }: DriveOrder, { traffic, unit }: Scenario): number {
  return requests * (unit === 'request' ? 1 : unitsOf(traffic))
}

function timesOf(drive: Drive, { latency, rate }: Scenario): Round {
  const perSecond = rate === null ? { perSecond: (drive.requests * 1_000) / drive.ms } : {}
  return latency === 'first'
    ? { p50: drive.firstP50, p99: drive.firstP99 }
    : { ...perSecond, p50: drive.p50, p99: drive.p99 }
}

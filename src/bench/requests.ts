import type { Child } from './child.ts'
import type { Drive } from './driver.ts'
import type { Measured, Round } from './figures.ts'
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
  readonly door: Door
  /** Asked for in place of the scenario's; null: that one. */
  readonly model: string | null
}

/** A peer may take a millisecond for what others do in some microseconds. */
const PEER_SHARE = 10

/** Rounds of requests, and what all processes of an entrant spent on them. */
export function measureRequests(
  scenario: Scenario,
  entrants: readonly Entrant[],
  pace: Pace,
  load: Child<Loaded>,
  upstream: Child<UpstreamCount>,
): Promise<Measured[]> {
  const play = async ({ pids, door, model, peer }: Entrant): Promise<Round> => {
    const { connections, requests, rate } = scenario
    const traffic = { ...scenario.traffic, model: model ?? scenario.traffic.model }
    const fewer = Math.max(Math.min(connections, requests), Math.round(requests / PEER_SHARE))
    const given = peer ? fewer : requests
    const order = { door, traffic, connections, rate, requests: given, exact: !peer }
    const [before, refusals] = [cpuOf(pids), await upstream.ask({ tell: true })]
    const drive = driven(await load.ask({ drive: order }))
    if (pids.length > 0) await settle(pace)
    const { refused } = await upstream.ask({ tell: true })
    return {
      ...(pids.length === 0
        ? {}
        : { cpu: spentOn(order.requests, cpuOf(pids) - before, scenario) }),
      ...timesOf(drive, scenario),
      ...(scenario.who === 'failing'
        ? { refused: (refused - refusals.refused) / order.requests }
        : {}),
    }
  }
  return measure(scenario.name, pace, entrants, play)
}

/** µs for one unit of a number of requests that took so many ms. */
function spentOn(requests: number, ms: number, { traffic, unit }: Scenario): number {
  const units = unit === 'request' ? 1 : unitsOf(traffic)
  return (ms * 1_000) / (requests * units)
}

function timesOf(drive: Drive, { latency, rate }: Scenario): Round {
  const perSecond = rate === null ? { perSecond: (drive.requests * 1_000) / drive.ms } : {}
  return latency === 'first'
    ? { p50: drive.firstP50, p99: drive.firstP99 }
    : { ...perSecond, p50: drive.p50, p99: drive.p99 }
}

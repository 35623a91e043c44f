import { systemClock } from '../base/clock.ts'
import type { Child } from './child.ts'
import type { Contender } from './contender.ts'
import type { Measured, Round } from './figures.ts'
import { driven, gathered, type Loaded } from './load.ts'
import { cpuOf, pssOf } from './process-tree.ts'
import { measure, type Pace, type Player } from './rounds.ts'
import { MANY_STREAMS, paceOf } from './scenarios.ts'
import { streamed } from './traffic.ts'
import type { UpstreamCount } from './upstream.ts'

/** A contender that is started anew for each round: memory once taken is seldom given back. */
export interface Starter extends Player {
  start(): Promise<Contender>
}

/** Streams that are open at once, and for how long they are watched. */
export interface Crowding {
  readonly streams: number
  /** ms in which CPU is counted. */
  readonly window: number
  /** ms after those in which the main thread is watched. */
  readonly watched: number
  /** Streams begun each second, while no more than `most` wait for their first event. */
  readonly rate: number
  readonly most: number
  /** ms between the first event of the last stream and the window. */
  readonly settling: number
  /** Streams before, in turns of {@link WARM_UP}. */
  readonly warmUp: number
}

/**
 * What many open streams cost: memory for each, CPU for an event, and whether all end as they should.
 * @param broke is told why a stream of a contender did not
 */
export function measureCrowds(
  starters: readonly Starter[],
  crowding: Crowding,
  pace: Pace,
  load: Child<Loaded>,
  upstream: Child<UpstreamCount>,
  broke: (name: string, fault: string) => void,
): Promise<Measured[]> {
  // A process that was just started has had no warm-up to lose: every round has its own.
  const once = { ...pace, warmUps: 0 }
  return measure(MANY_STREAMS, once, starters, async starter => {
    const contender = await starter.start()
    try {
      const { round, fault } = await oneCrowd(contender, crowding, load, upstream)
      if (fault !== null) broke(starter.name, fault)
      return round
    } finally {
      await contender.end()
    }
  })
}

async function oneCrowd(
  { pids, paced: door, peer, gauge }: Contender,
  { streams, window, watched, rate, most, settling, warmUp }: Crowding,
  load: Child<Loaded>,
  upstream: Child<UpstreamCount>,
): Promise<{ readonly round: Round; readonly fault: string | null }> {
  const exact = !peer
  driven(await load.ask({ drive: { ...WARM_UP, requests: warmUp, door, exact } }))
  const pace = paceOf(streams)
  const traffic = streamed({ kind: 'held', count: 3, pace })
  await systemClock.sleep(settling)
  const before = pssOf(pids)
  gathered(await load.ask({ gather: { door, traffic, streams, rate, most, exact } }))
  await systemClock.sleep(settling)
  const [cpu, first] = [cpuOf(pids), await upstream.ask({ tell: true })]
  await systemClock.sleep(window)
  const [spent, last] = [cpuOf(pids) - cpu, await upstream.ask({ tell: true })]
  const { open } = gathered(await load.ask({ look: true }))
  const during = pssOf(pids)
  const events = async () => {
    const { sent } = await upstream.ask({ tell: true })
    await systemClock.sleep(watched)
    return (await upstream.ask({ tell: true })).sent - sent
  }
  const seen = await gauge?.during(events)
  await upstream.ask({ letGo: true })
  const { broken, fault } = gathered(await load.ask({ finish: true }))
  if (open === 0) throw new Error(`No stream was open: ${fault ?? 'all had ended'}.`)
  const round = {
    open,
    broken,
    ...seen,
    cpu: (spent * 1_000) / (last.sent - first.sent),
    ...(before === null || during === null ? {} : { perStream: (during - before) / open }),
  }
  return { round, fault }
}

/** Enough that what a process makes once is not counted as the streams'. */
const WARM_UP = {
  traffic: streamed({ kind: 'prompt', count: 4, pace: 5 }),
  connections: 32,
  rate: null,
} as const

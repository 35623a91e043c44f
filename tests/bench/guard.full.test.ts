import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { canPin } from '../../src/bench/child.ts'
import type { Figure, Measured } from '../../src/bench/figures.ts'
import { driven } from '../../src/bench/load.ts'
import { type Entrant, measureRequests, orderFor, unitsIn } from '../../src/bench/requests.ts'
import { type Scenario, scenarios } from '../../src/bench/scenarios.ts'
import { World } from '../../src/bench/world.ts'
import { hasStrace, SystemCalls } from '../support/system-calls.ts'

/*
 * What a request costs, by counts that do not wander and by quotients of one run: the bench's own
 * processes and scenarios, with a fraction of its time. docs/benchmarks.md has what was measured.
 */
const JSON_MOST = {
  /** Bytes of the main thread's heap, more than the bare pass-through takes. */
  heap: 14_800,
  /** CPU of all threads, of that of the bare pass-through. */
  cpu: 2.6,
  /** System calls of all threads but those that wait: how often a thread waits is the host's to say. */
  calls: 6,
}
/** How many events come in one piece is the host's to say: its own heap is held, not what is more than bare's. */
const EVENT_MOST = { heap: 4_200, cpu: 1.6, calls: 2.9 }

const settings = { quick: false, only: [], rounds: 3, streams: 0, keys: 0, peers: [] }
const world = new World(settings, null, canPin())
beforeAll(() => world.open())
afterAll(() => world.end())

const PACE = { rounds: 3, warmUps: 1, settling: 150 }
type Bench = Record<'bare' | 'balance', Measured['figures']>

describe('a JSON request', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await measured(named('json', { requests: 10_000 }))
  })

  it('takes no more heap', () => {
    const [own, bare] = [middle(bench.balance, 'allocated'), middle(bench.bare, 'allocated')]
    expect(own - bare).toBeLessThan(JSON_MOST.heap)
  })

  it('takes no more CPU', () => {
    expect(middle(bench.balance, 'toBare')).toBeLessThan(JSON_MOST.cpu)
  })

  it.runIf(hasStrace)('makes no more system calls', async () => {
    const scenario = named('json', { requests: 1_500, connections: 1 })
    expect(await leastCalls(scenario, JSON_MOST.calls)).toBeLessThan(JSON_MOST.calls)
  })
})

describe('an event of a stream', () => {
  let bench: Bench
  beforeAll(async () => {
    // So many that a hundredth of a second, in which CPU is counted, is little.
    bench = await measured(named('stream', { requests: 256 }))
  })

  it('takes no more heap', () => {
    expect(middle(bench.balance, 'allocated')).toBeLessThan(EVENT_MOST.heap)
  })

  it('takes no more CPU', () => {
    expect(middle(bench.balance, 'toBare')).toBeLessThan(EVENT_MOST.cpu)
  })

  it.runIf(hasStrace)('makes no more system calls', async () => {
    // Few at a time, so that no two share a call.
    const scenario = named('stream', { requests: 48, connections: 8 })
    expect(await leastCalls(scenario, EVENT_MOST.calls)).toBeLessThan(EVENT_MOST.calls)
  })
})

async function measured(scenario: Scenario): Promise<Bench> {
  const entrants = await world.entrants(scenario)
  const all = await measureRequests(scenario, entrants, PACE, world.load, world.upstream)
  for (const { name, figures } of all) {
    const shown = (['cpu', 'toBare', 'allocated'] as const).map(one => {
      return `${one} ${middle(figures, one).toFixed(2)}`
    })
    console.log(`${scenario.name}: ${name}: ${shown.join(', ')}`)
  }
  return Object.fromEntries(all.map(({ name, figures }) => [name, figures])) as Bench
}

function middle(figures: Measured['figures'], figure: Figure): number {
  return figures[figure]?.median ?? Number.NaN
}

/**
 * System calls for one unit of the scenario. A host that is busy adds those of the time that it takes,
 * and takes none away: the least of three runs, where the first makes too many.
 */
async function leastCalls(scenario: Scenario, most: number): Promise<number> {
  const [bare, balance] = (await world.entrants(scenario)) as [Entrant, Entrant]
  await callsOf(bare, scenario)
  let calls = Number.POSITIVE_INFINITY
  for (let times = 0; times < 3 && calls >= most; times++) {
    calls = Math.min(calls, await callsOf(balance, scenario))
  }
  return calls
}

async function callsOf(entrant: Entrant, scenario: Scenario): Promise<number> {
  const order = orderFor(entrant, scenario)
  const calls = new SystemCalls(entrant.pids[0] as number)
  await calls.attached()
  driven(await world.load.ask({ drive: order }))
  // What is written down later counts too.
  await systemClock.sleep(PACE.settling)
  const counts = Object.entries(await calls.stop())
  const units = unitsIn(order, scenario)
  const sum = counts.reduce((sum, [name, count]) => sum + (WAITS.has(name) ? 0 : count), 0)
  const most = counts.sort(([, a], [, b]) => b - a).slice(0, 10)
  const words = most.map(([name, count]) => `${name} ${(count / units).toFixed(2)}`)
  const who = `${scenario.name}: ${entrant.name}`
  console.log(`${who}: ${(sum / units).toFixed(2)} system calls: ${words.join(', ')}`)
  return sum / units
}

/** By architecture. */
const WAITS: ReadonlySet<string> = new Set(['epoll_pwait', 'epoll_wait'])

function named(name: string, change: Partial<Scenario>): Scenario {
  const found = scenarios(false).find(scenario => scenario.name === name)
  if (found === undefined) throw new Error(`The bench has no scenario ${name}.`)
  return { ...found, ...change }
}

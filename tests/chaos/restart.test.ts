import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { count, PATIENCE } from '../support/count.ts'
import { type Daemon, World } from '../support/daemon.ts'
import { type ListeningSocket, listeningSocket } from '../support/listening-socket.ts'
import { RunQueue } from '../support/run-queue.ts'
import { SteadyLoad, type Time } from '../support/steady-load.ts'
import { StandingStreams } from './standing-streams.ts'

const KEYS = ['sk-a-0123456789abcdef', 'sk-b-0123456789abcdef']
const ROUNDS = count(5, 100)
const RESTART_DRAIN = count(1_000, 5_000)
const STREAMS = 100
const REQUESTS_PER_SECOND = 100
/** What a daemon serves between two restarts or reloads, ms. */
const BETWEEN = 1_000
/** What it may take on top of the drain until the next daemon answers, ms. */
const START_MS = 1_000

let mock: Mock
let world: World
let socket: ListeningSocket
let load: SteadyLoad
let streams: StandingStreams
/** Of this process and of each daemon, from its very start. */
let queues: RunQueue[]

beforeEach(async () => {
  // A stream takes 4 s.
  mock = await startMock({ rate: 25, tokens: 100, keep: 0 })
  world = new World()
  socket = await listeningSocket('127.0.0.1')
  world.sockets = [socket]
  queues = [new RunQueue([process.pid])]
})
afterEach(async () => {
  for (const queue of queues) queue.stop()
  streams.leave()
  await load.stop()
  socket.close()
  await world.remove()
  await mock.close()
})

/** 100 streams, each replaced when it ends, and 100 requests a second on connections of their own. */
async function beginLoad(token: string): Promise<void> {
  load = new SteadyLoad(() => socket.port, token, REQUESTS_PER_SECOND, { keepAlive: false })
  streams = await StandingStreams.open(STREAMS, socket.port, token)
}

describe.each([1, 2])('a given socket, with --workers %i', workers => {
  it(
    `${ROUNDS} restarts refuse nobody and cut off only what is longer than restart_drain`,
    async ({ annotate }) => {
      const token = await world.furnish(mock.url, ...KEYS)
      const serve = () => {
        const started = world.serve(
          ...['--workers', `${workers}`, '--restart-drain', `${RESTART_DRAIN}ms`],
          ...['--log-level', 'warn'],
        )
        queues.push(new RunQueue(world.pids))
        return started
      }
      let daemon: Daemon = await serve()
      await beginLoad(token)
      const stops: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        await new Promise(resolve => setTimeout(resolve, BETWEEN))
        stops.push(performance.now())
        await daemon.stop()
        daemon = await serve()
      }
      const cut = await streams.end()
      const { sent, statuses, longest, times } = await load.stop()

      await annotate(
        `${workers} worker(s), ${ROUNDS} restarts: ${sent} requests ${JSON.stringify(statuses)}, the longest ${Math.round(longest)} ms (${Math.round(Math.max(...times.map(ownTime)))} ms without the wait for a processor); ${streams.whole} streams whole, ${cut.length} cut off`,
      )
      expect(statuses).toEqual({ 200: sent })
      expect(times.filter(time => ownTime(time) > RESTART_DRAIN + START_MS)).toEqual([])
      expect(streams.refused).toEqual([])
      expect(cut.length).toBeGreaterThanOrEqual(ROUNDS)
      for (const { text, at } of cut) {
        expect(text).toMatch(/data: \{"error":\{[^\n]*"code":"overloaded"[^\n]*\}\n\n$/)
        const stop = stops.findLast(time => time < at) ?? Number.POSITIVE_INFINITY
        expect(at - stop).toBeGreaterThanOrEqual(RESTART_DRAIN - 20)
      }
    },
    PATIENCE,
  )
})

/** How long it took, without what was waited for a processor, ms. */
function ownTime({ from, to }: Time): number {
  return queues.reduce((time, queue) => time - queue.waited(from, to), to - from)
}

it(
  `balance reload ×${ROUNDS} with two workers fails and cuts off nothing`,
  async ({ annotate }) => {
    const token = await world.furnish(mock.url, ...KEYS)
    await world.serve('--workers', '2', '--log-level', 'warn')
    await beginLoad(token)
    for (let round = 0; round < ROUNDS; round++) {
      await new Promise(resolve => setTimeout(resolve, BETWEEN))
      writeFileSync(join(world.cwd, 'balance.config.yaml'), `max_body: ${round + 1}MiB\n`)
      const { taken } = await world.json<{ taken: string[] }>(['reload'])
      expect(taken).toEqual(['max_body'])
    }
    const cut = await streams.end()
    const { sent, statuses, longest } = await load.stop()
    await annotate(
      `${ROUNDS} reloads: ${sent} requests ${JSON.stringify(statuses)}, the longest ${Math.round(longest)} ms; ${streams.whole} streams whole`,
    )
    expect(statuses).toEqual({ 200: sent })
    expect(streams.refused).toEqual([])
    expect(cut).toEqual([])
    expect(streams.whole).toBeGreaterThanOrEqual(STREAMS)
  },
  PATIENCE,
)

import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DaemonClient } from '../../src/control/client.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { count, PATIENCE } from '../support/count.ts'
import { eventually, type World } from '../support/daemon.ts'
import { type Answered, SteadyLoad } from '../support/steady-load.ts'
import { ENGINES } from './engines.ts'
import { LogBook } from './log-book.ts'

const ROUNDS = count(20, 500)
/** From when both workers are ready to the next kill, at most. */
const LONGEST_WAIT_MS = 600
/** A request without a word for so long hangs. */
const HUNG_MS = 5_000
/** A dead process keeps its connections until the kernel has cleared it away. */
const CLEARING_MS = 250
const KEYS = ['sk-a-0123456789abcdef', 'sk-b-0123456789abcdef']

describe.each(ENGINES.map(make => make()))('two workers, their store on $name', engine => {
  let mock: Mock
  let world: World
  const loads: SteadyLoad[] = []

  beforeEach(async () => {
    mock = await startMock({ tokens: 4, keep: 0 })
    world = await engine.world()
  })
  afterEach(async () => {
    await Promise.all(loads.splice(0).map(load => load.stop()))
    await world.remove()
    await mock.close()
  })
  afterAll(() => engine.close())

  async function control(): Promise<DaemonClient> {
    const store = await world.openStore()
    await store.close()
    const client = await DaemonClient.connect(store.url, [world.dataDir])
    if (client === null) throw new Error('The daemon does not answer.')
    return client
  }

  it(
    'killed at any moment are replaced, and cost nobody more than what they were serving',
    async ({ annotate }) => {
      const token = await world.furnish(mock.url, ...KEYS)
      const daemon = await world.serve('--workers', '2', '--log-level', 'warn')
      const client = await control()
      const port = () => daemon.port
      const kept = new SteadyLoad(port, token, 100, { patience: HUNG_MS })
      const fresh = new SteadyLoad(port, token, 100, { patience: HUNG_MS, keepAlive: false })
      loads.push(kept, fresh)
      const kills: number[] = []
      const dead = new Set<number>()
      const bothReady = () =>
        eventually(
          async () => {
            const { workers } = await client.call('status', {})
            const pids = workers.map(({ pid }) => pid).filter(pid => !dead.has(pid))
            return pids.length === 2 ? pids : null
          },
          'two workers',
          15_000,
        )

      for (let round = 0; round < ROUNDS; round++) {
        const pids = await bothReady()
        await new Promise(resolve => setTimeout(resolve, Math.random() * LONGEST_WAIT_MS))
        // Now and then nobody is left, and connections wait.
        const victims = round % 5 === 4 ? pids : [pids[Math.random() < 0.5 ? 0 : 1] as number]
        kills.push(performance.now())
        for (const pid of victims) process.kill(pid, 'SIGKILL')
        for (const pid of victims) dead.add(pid)
      }
      await bothReady()
      const reports = await Promise.all([kept.stop(), fresh.stop()])
      await client.call('flush', {})

      const answers = [...kept.answers, ...fresh.answers]
      const store = await world.openStore()
      const log = new LogBook()
      await log.read(store)
      await store.close()
      log.compare(answers, answers.length, kills)
      const broken = answers.filter(({ status }) => status === 0)
      await annotate(
        `${engine.name}, ${dead.size} workers killed: ${answers.length} requests, ${broken.length} broken, ` +
          `the longest took ${Math.round(Math.max(...reports.map(({ longest }) => longest)))} ms; ` +
          `${log.lost} answers without a record, the oldest ${Math.round(log.longestLost)} ms before the kill`,
      )
      expect(answers.filter(({ code }) => code === 'LATE' || code === 'ECONNREFUSED')).toEqual([])
      expect(answers.filter(({ status }) => status !== 200 && status !== 0)).toEqual([])
      expect(broken.filter(answer => !servedByDead(answer, kills))).toEqual([])
      expect(log.longestLost).toBeLessThanOrEqual(1_000)
      expect(log.doubled).toEqual([])
      expect(daemon.stderr.match(/a worker died/g)).toHaveLength(dead.size)
      expect((await daemon.stop()).code).toBe(0)
    },
    PATIENCE,
  )
})

/** It was under way when a worker died; a connection to one may be used a moment longer. */
function servedByDead({ sent, ended, reused }: Answered, kills: readonly number[]): boolean {
  return kills.some(kill => kill <= ended && sent <= kill + (reused ? CLEARING_MS : 0))
}

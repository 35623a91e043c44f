import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { KeyStatus } from '../../src/model/status.ts'
import { count, PATIENCE } from '../support/count.ts'
import { type Daemon, eventually, type World } from '../support/daemon.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { Edits } from './edits.ts'
import { ENGINES } from './engines.ts'
import { LogBook } from './log-book.ts'

const ROUNDS = count(20, 500)
/** So long a daemon lives, at random: some die while they have just begun, some later. */
const SHORTEST_LIFE_MS = 50
const LONGEST_LIFE_MS = 1_600
const GOOD = 'sk-good-0123456789abcdef'
const REVOKED = 'sk-revoked-0123456789abcdef'
const WAVERING = 'sk-wavering-0123456789abcdef'
/** Its every answer is news of the key, so that the daemon has something to write of it. */
const WAVER = Array(50_000).fill('401,ok').join(',')

/** How a round goes: who changes the store, and who is killed besides the daemon. */
const ROUND_KINDS = [
  { hand: 'store', all: false },
  { hand: 'command', all: false },
  // With nobody left who has the files open, the next one to open them finds them as they fell.
  { hand: 'command', all: true },
] as const

describe.each(ENGINES.map(make => make()))('a daemon on $name', engine => {
  let mock: Mock
  let world: World
  let load: SteadyLoad | null = null

  beforeEach(async () => {
    mock = await startMock({
      tokens: 4,
      keep: 0,
      scripts: { [REVOKED]: '401', [WAVERING]: WAVER },
    })
    world = await engine.world()
  })
  afterEach(async () => {
    await load?.stop()
    await world.remove()
    await mock.close()
  })
  afterAll(() => engine.close())

  async function kill(daemon: Daemon, all: boolean): Promise<void> {
    for (const pid of all ? world.pids : [daemon.pid]) process.kill(pid, 'SIGKILL')
    await daemon.ended
  }

  /** A random one; every other time it is when the store is written next. */
  async function moment(): Promise<void> {
    const life = SHORTEST_LIFE_MS + Math.random() * (LONGEST_LIFE_MS - SHORTEST_LIFE_MS)
    await new Promise(resolve => setTimeout(resolve, life))
    if (Math.random() < 0.5) await engine.writing(world)
  }

  it(
    'killed under load at any moment comes back at once with all that was accepted',
    async ({ annotate }) => {
      const token = await world.furnish(mock.url, GOOD, REVOKED, WAVERING)
      const [edits, log] = [new Edits(world), new LogBook()]
      const kills: number[] = []
      const ready: number[] = []
      let daemon = await world.serve('--log-level', 'warn')
      load = new SteadyLoad(() => daemon.port, token)
      await eventually(async () => {
        const keys = await world.json<KeyStatus[]>(['keys', 'list'])
        return keys.some(({ state }) => state === 'invalid')
      }, 'the revoked key noticed')

      for (let round = 0; round < ROUNDS; round++) {
        const { hand, all } = ROUND_KINDS[round % ROUND_KINDS.length] as (typeof ROUND_KINDS)[0]
        const over = new AbortController()
        const editing = edits.keep(hand, over.signal)
        await moment()
        over.abort()
        kills.push(performance.now())
        await kill(daemon, all)
        await editing
        daemon = await world.serve('--log-level', 'warn')
        // The new one was asked nothing yet.
        const answered = load.answers.length
        ready.push(daemon.readyAfter)
        engine.expectSound(world)
        const store = await world.openStore()
        expect(await edits.lost(store)).toEqual([])
        await log.read(store)
        await store.close()
        log.compare(load.answers, answered, kills)
        expect(log.longestLost).toBeLessThanOrEqual(1_000)
      }

      ready.sort((a, b) => a - b)
      const at = (share: number) => Math.round(ready[Math.floor((ready.length - 1) * share)] ?? 0)
      const { statuses } = await load.stop()
      const keys = await world.json<KeyStatus[]>(['keys', 'list'])
      await annotate(
        `${engine.name}, ${ROUNDS} kills: ready after ${at(0.5)} ms, p95 ${at(0.95)}, at most ${at(1)}; ` +
          `${statuses[200]} answers, ${log.lost} of them without a record, the oldest ` +
          `${Math.round(log.longestLost)} ms before the kill; ${edits.acknowledged} changes acknowledged`,
      )
      // Not each single one: the host may have been busy with something else.
      expect(at(0.95)).toBeLessThanOrEqual(engine.readyWithin)
      expect(log.doubled).toEqual([])
      expect(edits.refused).toEqual([])
      expect(edits.acknowledged).toBeGreaterThan(ROUNDS)
      expect(keys.find(({ label }) => label === 'key-2')).toMatchObject({ state: 'invalid' })
      // Clients met broken connections, never a wrong answer.
      expect(Object.keys(statuses)).toEqual(['0', '200'])
      expect((await daemon.stop()).code).toBe(0)
      engine.expectSound(world)
    },
    PATIENCE,
  )
})

import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { DaemonClient } from '../../src/control/client.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { Store } from '../../src/model/store.ts'
import { count } from '../support/count.ts'
import { World } from '../support/daemon.ts'
import { ILL_PROVIDERS, MixedLoad } from './mixed-load.ts'
import { MemoryWatch, slopeOf } from './trend.ts'

const SECONDS = count(180, 3_600)
const RATE = 120
const MOST_RETRIES = 9
/** Caches and pools have filled, and code is compiled, after this share of the time. */
const WARM_UP = 1 / 3
/**
 * At this rate V8 collects what is old every 100 s or less often, memory rises by 35 MB in between,
 * and the space for what is new takes minutes to reach its 16 MB. Two minutes have one of these
 * teeth, and that of three processes may take a quarter of an hour. So they collect by themselves,
 * in the short run with little space for what is new: what is left then is what a leak adds to.
 */
const COLLECT_MS = count(5_000, 60_000)
const NEW_SPACE_MB = count(1, 16)
const NODE_OPTIONS = [
  '--expose-gc',
  `--max-semi-space-size=${NEW_SPACE_MB}`,
  ...['--import', `data:text/javascript,setInterval(gc,${COLLECT_MS}).unref()`],
]
/**
 * MB a minute, of all processes together. The short run's leaves each that serves what 450 bytes a
 * request of its clients would add: pools and arenas of each fill for longer than it lasts.
 */
const steepest = (workers: number) => count(3_000 * workers, 500) / 1_000

const GOOD = 'sk-good-0123456789abcdef'
const FLAKY = 'sk-flaky-0123456789abcdef'

describe.runIf(existsSync('/proc/self/stat'))('memory under everything that clients do', () => {
  let mock: Mock
  beforeAll(async () => {
    mock = await startMock({ tokens: 8, keep: 100, scripts: { [FLAKY]: 'flaky:0.1' } })
  })
  afterAll(() => mock.close())

  it.concurrent.for([1, 2])(
    'does not grow with %i workers',
    { timeout: SECONDS * 1_000 + 60_000 },
    async (workers, { expect, annotate }) => {
      const world = new World()
      world.nodeOptions = NODE_OPTIONS
      const token = await world.furnish(mock.url, GOOD, FLAKY)
      const store = await world.openStore()
      await furnishMore(store, mock)
      const daemon = await world.serve('--workers', String(workers))
      const tail = await startTail(world, store)
      const load = new MixedLoad(daemon.port, token, RATE)
      const watch = new MemoryWatch(daemon.pid)

      await operate(world, store, tail.client)

      watch.stop()
      await load.stop()
      const { records } = await tail.client.call('status', {})
      await tail.stop()
      await store.close()
      await daemon.stop()
      await world.remove()
      const late = watch.samples.filter(({ minutes }) => minutes > (WARM_UP * SECONDS) / 60)
      const slope = slopeOf(late)
      await annotate(
        `${workers} workers, ${load.sent} requests in ${SECONDS} s: ${slope.toFixed(2)} MB a minute at ${Math.round(late.at(-1)?.mb ?? 0)} MB`,
      )
      expect(load.surprises).toEqual([])
      expect(load.sent).toBeGreaterThan(0.95 * RATE * SECONDS)
      expect(tail.lines()).toBeGreaterThan(0.95 * load.sent)
      expect(records).toMatchObject({ dropped: 0 })
      expect(slope).toBeLessThanOrEqual(steepest(workers))
    },
  )
})

async function furnishMore(store: Store, { url }: Mock): Promise<void> {
  await store.setSetting('forward_headers', ['x-mock-script'])
  // Of three attempts all meet the flaky key's 500 once in some thousand requests.
  await store.setSetting('max_retries', MOST_RETRIES)
  for (const name of ILL_PROVIDERS) {
    const provider = { name, kind: 'openai', baseUrl: url, path: name, overrides: {} } as const
    await store.addProvider(provider, { makeDefault: false })
    await store.addKeys(name, [{ value: new Secret(`sk-${name}-0123456789abcdef`) }])
  }
}

/** Follows all exchanges; a command would be asked to keep what it printed. */
async function startTail(world: World, store: Store) {
  const client = (await DaemonClient.connect(store.url, [world.dataDir])) as DaemonClient
  const enough = new AbortController()
  let lines = 0
  const reading = (async () => {
    for await (const line of client.tail({}, enough.signal)) lines += 'exchange' in line ? 1 : 0
  })()
  return {
    client,
    lines: () => lines,
    async stop() {
      enough.abort()
      await reading
    },
  }
}

/** What an operator does all day: looks each second, changes something every five. */
async function operate(world: World, store: Store, client: DaemonClient): Promise<void> {
  const end = performance.now() + SECONDS * 1_000
  for (let second = 1; performance.now() < end; second++) {
    await client.call('status', {})
    if (second % 5 === 0) {
      await store.setSetting('max_retries', MOST_RETRIES - (second % 2))
      await client.call('nudge', { revision: await store.revision() })
    }
    if (second % 20 === 0)
      await world.balance(['keys', second % 40 ? 'disable' : 'enable', 'key-2'])
    await pause(1_000)
  }
}

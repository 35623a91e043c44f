import { describe, expect, it } from 'vitest'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { Upkeep } from '../../src/daemon/upkeep.ts'
import type { Retention } from '../../src/model/record.ts'
import type { Settings } from '../../src/model/settings.ts'
import type { Store } from '../../src/model/store.ts'
import { ManualClock } from '../support/manual-clock.ts'

const SETTINGS = { log_max_age: 30, error_max_age: 7, log_max_bytes: 100 } as Settings

/** A store whose lease and work the test decides; the real one is tried in tests/store. */
function upkeeping() {
  const clock = new ManualClock()
  const world = {
    lease: true,
    fails: false,
    slices: 0,
    objectSlices: 0,
    objectPrunes: 0,
    settings: SETTINGS as Settings | null,
  }
  const renewals: number[] = []
  const pruned: Retention[] = []
  const lines: string[] = []
  const store = {
    takeLease: async (_: string, __: string, ms: number) => {
      if (world.fails) throw new Error('gone')
      renewals.push(clock.now())
      expect(ms).toBe(10_000)
      return world.lease
    },
    pruneObjects: async () => {
      world.objectPrunes++
      return --world.objectSlices > 0 ? 250 : 0
    },
    prune: async (bounds: Retention) => {
      pruned.push(bounds)
      return { exchanges: 0, failures: 0, bytes: 0, more: --world.slices > 0 }
    },
  } as unknown as Store
  const upkeep = new Upkeep({
    store,
    node: 'a:1',
    settings: () => world.settings,
    clock,
    log: createLogger('warn', new Redactor(), { write: line => lines.push(line) }),
  })
  /** Lets time pass in small steps, with turns of the loop between them. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 20) {
      clock.advance(20)
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    }
  }
  return { upkeep, world, renewals, pruned, lines, pass }
}

describe('who keeps the log within its bounds', () => {
  it('looks at it every half a minute', async () => {
    const { pruned, pass } = upkeeping()
    await pass(3_000)
    expect(pruned).toEqual([{ maxAge: 30, errorMaxAge: 7, maxBytes: 100 }])
    await pass(29_000)
    expect(pruned).toHaveLength(1)
    await pass(2_000)
    expect(pruned).toHaveLength(2)
  })

  it('looks for old objects every ten minutes, slice by slice, while it holds the lease', async () => {
    const { world, pass } = upkeeping()
    world.objectSlices = 3
    await pass(3_100)
    expect(world.objectPrunes).toBe(3)
    await pass(590_000)
    expect(world.objectPrunes).toBe(3)
    world.lease = false
    await pass(20_000)
    expect(world.objectPrunes).toBe(3)
    world.lease = true
    await pass(4_000)
    expect(world.objectPrunes).toBe(4)
  })

  it('does so within moments of a change of these bounds', async () => {
    const { world, pruned, pass } = upkeeping()
    await pass(3_000)
    world.settings = { ...SETTINGS, max_body: 5 }
    await pass(3_000)
    expect(pruned).toHaveLength(1)
    world.settings = { ...SETTINGS, log_max_bytes: 50 }
    await pass(3_000)
    expect(pruned.slice(1)).toEqual([{ maxAge: 30, errorMaxAge: 7, maxBytes: 50 }])
  })

  it('renews its lease every three seconds, also while it works', async () => {
    const { world, renewals, pruned, pass } = upkeeping()
    world.slices = 10_000
    await pass(30_000)
    expect(pruned.length).toBeGreaterThan(1_000)
    expect(renewals.map((at, n) => at - (renewals[n - 1] ?? at)).slice(1)).toEqual(
      Array.from({ length: 9 }, () => 3_000),
    )
  })

  it('leaves it to another one that holds the lease, also amid its work', async () => {
    const { world, pruned, pass } = upkeeping()
    world.lease = false
    await pass(60_000)
    expect(pruned).toEqual([])
    world.lease = true
    world.slices = 10_000
    await pass(3_100)
    const done = pruned.length
    expect(done).toBeGreaterThan(0)
    world.lease = false
    await pass(3_000)
    const atLoss = pruned.length
    await pass(60_000)
    expect(pruned).toHaveLength(atLoss)
    world.lease = true
    await pass(3_000)
    expect(pruned.length).toBeGreaterThan(atLoss)
  })

  it('ends after the present slice', async () => {
    const { upkeep, world, pruned, pass } = upkeeping()
    world.slices = 10_000
    await pass(3_100)
    const ended = upkeep.stop()
    await pass(40)
    await ended
    const done = pruned.length
    await pass(10_000)
    expect(pruned).toHaveLength(done)
  })

  it('says once that the store is gone, and goes on when it is back', async () => {
    const { world, pruned, lines, pass } = upkeeping()
    world.fails = true
    await pass(30_000)
    expect(lines).toHaveLength(1)
    world.fails = false
    await pass(3_000)
    expect(pruned).toHaveLength(1)
  })

  it('does nothing before it knows the bounds', async () => {
    const { world, pruned, pass } = upkeeping()
    world.settings = null
    await pass(6_000)
    expect(pruned).toEqual([])
    world.settings = SETTINGS
    await pass(3_000)
    expect(pruned).toHaveLength(1)
  })
})

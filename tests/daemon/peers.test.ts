import { describe, expect, it } from 'vitest'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { Peers } from '../../src/daemon/peers.ts'
import type { StoredExchange } from '../../src/model/record.ts'
import type { NewNode, Store } from '../../src/model/store.ts'
import { ManualClock } from '../support/manual-clock.ts'

const SELF: NewNode = { id: 'a:1', url: '', version: '1', workers: 1, revision: 1, started: 0 }
const quiet = createLogger('silent', new Redactor(), { write: () => {} })

/** A node that follows others through a store whose rows the test decides. */
async function following() {
  const clock = new ManualClock()
  let rows: { id: number; node: string }[] = [{ id: 9, node: 'b:2' }]
  const seen: number[] = []
  const world = { followed: true, gone: false, announced: 0 }
  const store = {
    heads: async () => ({ revision: 1, learned: 0 }),
    announce: async () => {
      if (world.gone) throw new Error('gone')
      world.announced++
    },
    depart: async () => {},
    nodes: async () => [SELF, { ...SELF, id: 'b:2' }],
    learnedSince: async () => ({ learned: 0, memories: [] }),
    records: async ({ after, limit }: { after?: number; limit: number }) =>
      (after === undefined ? rows.slice(-1) : rows.filter(({ id }) => id > after)).slice(0, limit),
  } as unknown as Store
  const peers = new Peers({
    store,
    clock,
    log: quiet,
    self: () => SELF,
    onLearned: () => {},
    onRecords: batch => void seen.push(...(batch as StoredExchange[]).map(({ id }) => id)),
    followed: () => world.followed,
  })
  await peers.start()
  const look = async (after = 50) => {
    clock.advance(after)
    // Each look is a few turns of the loop.
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
  const add = (...ids: number[]) => {
    rows = [...rows, ...ids.map(id => ({ id, node: 'b:2' }))].sort((a, b) => a.id - b.id)
  }
  return { peers, look, add, seen, world }
}

describe('who follows the requests of other nodes', () => {
  it('is given each once, from where following began', async () => {
    const { look, add, seen } = await following()
    await look()
    add(10, 11)
    await look()
    add(12)
    for (let turn = 0; turn < 20; turn++) await look()
    expect(seen).toEqual([10, 11, 12])
  })

  it('is given one whose number was taken before another was written', async () => {
    const { look, add, seen } = await following()
    await look()
    add(20, 21)
    await look()
    add(15)
    await look()
    expect(seen).toEqual([20, 21, 15])
  })

  it('begins anew where nobody followed for a while', async () => {
    const { look, add, seen, world } = await following()
    await look()
    world.followed = false
    await look()
    add(10)
    world.followed = true
    await look()
    add(11)
    await look()
    expect(seen).toEqual([11])
  })

  it('keeps up with more than one look can give', async () => {
    const { look, add, seen } = await following()
    await look()
    add(...Array.from({ length: 5_000 }, (_, n) => 10 + n))
    for (let turn = 0; turn < 4; turn++) await look()
    expect(seen).toHaveLength(5_000)
    expect(new Set(seen).size).toBe(5_000)
  })
})

describe('a node', () => {
  it('announces itself every five seconds, and soon after the store is back', async () => {
    const { look, world } = await following()
    for (let second = 0; second < 9; second++) await look(1_000)
    expect(world.announced).toBe(2)
    world.gone = true
    for (let second = 0; second < 3; second++) await look(1_000)
    world.gone = false
    await look(1_000)
    expect(world.announced).toBe(3)
    await look(1_000)
    expect(world.announced).toBe(3)
  })
})

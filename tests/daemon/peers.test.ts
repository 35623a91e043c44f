import { describe, expect, it } from 'vitest'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { Peers } from '../../src/daemon/peers.ts'
import type { KeyMemory } from '../../src/model/catalog.ts'
import type { NewNode } from '../../src/model/node.ts'
import type { StoredExchange } from '../../src/model/record.ts'
import type { Store } from '../../src/model/store.ts'
import { keyMemory } from '../support/catalog.ts'
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
    learnedSince: async () => ({ learned: 0, memories: [], outages: [] }),
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

/** A node with nobody beside it, on a store where the test decides what was learned. */
async function alone() {
  const clock = new ManualClock()
  const world = { learned: 4, memories: [] as KeyMemory[], gone: false }
  const asked: number[] = []
  const taken: KeyMemory[] = []
  /** Holds back what the store answers, as a slow one does. */
  let held: (() => void)[] | null = null
  const store = {
    heads: async () => {
      if (world.gone) throw new Error('gone')
      return { revision: 1, learned: world.learned }
    },
    announce: async () => {},
    depart: async () => {},
    nodes: async () => [SELF],
    learnedSince: async (since: number, notNode: string) => {
      expect(notNode).toBe('a:1')
      asked.push(since)
      const answer = { learned: world.learned, memories: world.memories, outages: [] }
      if (held !== null) await new Promise<void>(resolve => held?.push(resolve))
      return answer
    },
  } as unknown as Store
  const peers = new Peers({
    store,
    clock,
    log: quiet,
    self: () => SELF,
    onLearned: ({ memories }) => void taken.push(...memories),
    onRecords: () => {},
    followed: () => false,
  })
  await peers.start()
  const turns = async () => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
  return {
    peers,
    world,
    asked,
    taken,
    turns,
    look: async () => {
      clock.advance(500)
      await turns()
    },
    hold: () => {
      held = []
    },
    release: () => {
      const waiting = held ?? []
      held = null
      for (const call of waiting) call()
    },
  }
}

describe('a node alone on its store', () => {
  it('takes what a command learned, and asks for no more than there is', async () => {
    const { world, asked, taken, look } = await alone()
    for (let turn = 0; turn < 5; turn++) await look()
    expect(asked).toEqual([])
    world.learned = 5
    world.memories = [keyMemory()]
    await look()
    expect(taken).toEqual([keyMemory()])
    await look()
    expect(asked).toEqual([4])
  })

  it('takes it at once when it is nudged, also where an older look is under way', async () => {
    const { peers, world, asked, taken, look, turns, hold, release } = await alone()
    world.learned = 5
    hold()
    await look()
    world.learned = 6
    world.memories = [keyMemory({ keyId: 'b' })]
    const caught = peers.catchUp()
    await turns()
    expect(asked).toEqual([4])
    release()
    await caught
    expect(taken).toEqual([keyMemory({ keyId: 'b' })])
  })

  it('says when it is nudged that the store does not answer, and goes on when it does', async () => {
    const { peers, world, taken, look } = await alone()
    world.gone = true
    await expect(peers.catchUp()).rejects.toThrow('gone')
    world.gone = false
    world.learned = 5
    world.memories = [keyMemory()]
    await look()
    expect(taken).toHaveLength(1)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Mock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import { type Daemon, eventually } from '../support/daemon.ts'
import type { DatabaseWorld } from '../support/database-world.ts'
import { hasMariadb } from '../support/mariadb.ts'
import { startTwoNodes, type TwoNodes } from './two-nodes.ts'

const KEYS = ['sk-a-0123456789abcdef', 'sk-b-0123456789abcdef']

const statusOf = (world: DatabaseWorld) => world.json<DaemonStatus>(['status'])

describe.runIf(hasMariadb)('two daemons on one MariaDB', () => {
  let nodes: TwoNodes
  let mock: Mock
  let here: DatabaseWorld
  let there: DatabaseWorld
  let first: Daemon
  let second: Daemon
  let token: string

  beforeAll(async () => {
    nodes = await startTwoNodes(KEYS)
    ;({ mock, here, there, first, second, token } = nodes)
  })
  afterAll(() => nodes.remove())

  it('serve the same, and each lists both', async () => {
    for (const daemon of [first, second]) expect((await daemon.ask(token)).status).toBe(200)
    const { nodes } = await statusOf(there)
    expect(nodes.map(({ self, url }) => [self, url]).sort()).toEqual([
      [false, first.url],
      [true, second.url],
    ])
  })

  it('put a change made at one into force at the other within a second', async ({ annotate }) => {
    const times: number[] = []
    for (const limit of ['2KiB', '32MiB', '2KiB', '32MiB']) {
      await here.balance(['config', 'set', 'max_body', limit])
      const changed = performance.now()
      const body = JSON.stringify({ model: 'mock-large', input: 'x'.repeat(5_000) })
      await eventually(
        async () => {
          const { status } = await second.ask(token, { body })
          return (status === 413) === (limit === '2KiB')
        },
        'in force at the other',
        3_000,
      )
      times.push(performance.now() - changed)
    }
    await annotate(`in force at the other node after ${times.map(Math.round).join(', ')} ms`)
    expect(Math.max(...times)).toBeLessThanOrEqual(1_000)
  })

  it('share what they learn about keys within a second', async ({ annotate }) => {
    mock.setScript(KEYS[0] as string, '402')
    for (let turn = 0; turn < 2; turn++) expect((await first.ask(token)).status).toBe(200)
    const learned = performance.now()
    await eventually(
      async () => (await statusOf(there)).providers[0]?.keys.exhausted === 1,
      'known at the other',
      3_000,
    )
    const after = performance.now() - learned
    await annotate(`known at the other node after ${Math.round(after)} ms`)
    const before = mock.requests.length
    for (let turn = 0; turn < 4; turn++) expect((await second.ask(token)).status).toBe(200)
    expect(mock.requests.slice(before).every(({ key }) => key === KEYS[1])).toBe(true)
    await here.balance(['keys', 'reset', 'key-1'])
    mock.setScript(KEYS[0] as string, 'ok')
  })

  it('share what they learn about providers within 1.5 s', async ({ annotate }) => {
    const model = JSON.stringify({ model: 'failing', messages: [] })
    await here.balance(['config', 'set', 'max_retries', '1'])
    for (const key of KEYS) mock.setScript(key, '500')
    for (let turn = 0; turn < 5; turn++) {
      expect((await first.ask(token, { body: model })).status).toBe(500)
    }
    const opened = performance.now()
    const breakers = async () => (await statusOf(there)).providers[0]?.breakers
    await eventually(async () => (await breakers())?.failing === 'open', 'open at the other')
    const heardOpen = performance.now() - opened
    for (const key of KEYS) mock.setScript(key, 'ok')
    await eventually(
      async () => (await first.ask(token, { body: model })).status === 200,
      'a probe that works',
      10_000,
      50,
    )
    const closed = performance.now()
    await eventually(async () => !('failing' in ((await breakers()) ?? {})), 'closed at the other')
    const heardClosed = performance.now() - closed
    await here.balance(['config', 'unset', 'max_retries'])
    await annotate(`known after ${Math.round(heardOpen)} and ${Math.round(heardClosed)} ms`)
    expect(Math.max(heardOpen, heardClosed)).toBeLessThanOrEqual(1_500)
  })

  it('one that ends is no longer listed', async () => {
    await second.stop()
    await eventually(async () => (await statusOf(here)).nodes.length === 1, 'one left', 20_000)
    expect((await first.ask(token)).status).toBe(200)
  })

  it('one takes over the work of another that was killed within 15 s', async ({ annotate }) => {
    second = await there.serve()
    const holder = async () => {
      const [row] = await nodes.database.sql(
        `select node from ${nodes.name}.leases where work = 'upkeep'`,
      )
      return row?.node
    }
    const daemons = [first, second]
    const idOf = ({ pid }: Daemon) => new RegExp(`:${pid}$`)
    const held = await eventually(holder, 'held by one', 10_000)
    const killed = daemons.find(daemon => idOf(daemon).test(String(held))) as Daemon
    const other = daemons.find(daemon => daemon !== killed) as Daemon
    await killed.kill()
    const died = performance.now()
    await eventually(
      async () => idOf(other).test(String(await holder())),
      'held by the other',
      20_000,
    )
    const after = performance.now() - died
    await annotate(`taken over after ${(after / 1_000).toFixed(1)} s`)
    expect(after).toBeLessThanOrEqual(15_000)
  })
})

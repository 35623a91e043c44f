import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import { type Daemon, eventually } from '../support/daemon.ts'
import { DatabaseWorld } from '../support/database-world.ts'
import { hasMariadb, Mariadb } from '../support/mariadb.ts'

const KEYS = ['sk-a-0123456789abcdef', 'sk-b-0123456789abcdef']

const statusOf = (world: DatabaseWorld) => world.json<DaemonStatus>(['status'])

describe.runIf(hasMariadb)('two daemons on one MariaDB', () => {
  let database: Mariadb
  let mock: Mock
  let here: DatabaseWorld
  let there: DatabaseWorld
  let first: Daemon
  let second: Daemon
  let token: string

  beforeAll(async () => {
    database = await Mariadb.start()
    mock = await startMock({ tokens: 4 })
    const [name, masterKey] = [await database.database(), randomBytes(32).toString('base64')]
    here = new DatabaseWorld(database, name, masterKey)
    there = new DatabaseWorld(database, name, masterKey)
    await here.balance(['providers', 'add', 'mock', '--base-url', mock.url])
    await here.balance(['keys', 'add', 'mock'], KEYS.join('\n'))
    token = (await here.json<{ token: string }>(['tokens', 'create', 'test'])).token
    ;[first, second] = await Promise.all([here.serve(), there.serve()])
    await eventually(
      async () =>
        [await statusOf(here), await statusOf(there)].every(({ nodes }) => nodes.length === 2),
      'each knows the other',
      15_000,
    )
  })

  afterAll(async () => {
    await here.remove()
    await there.remove()
    await mock.close()
    await database.stop()
  })

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

  it('are followed both by one tail', async ({ annotate }) => {
    const tail = here.start(['logs', 'tail', '--json'])
    await tail.said(/./).catch(() => {})
    const times: number[] = []
    for (let turn = 0; turn < 12; turn++) {
      const id = `from-the-other-${turn}`
      await second.ask(token, { headers: { 'x-request-id': id } })
      const answered = performance.now()
      // Where nobody followed, the first look only finds out where to begin.
      if (turn < 2) continue
      await eventually(() => tail.stdout.includes(id), 'followed', 3_000)
      times.push(performance.now() - answered)
    }
    await first.ask(token, { headers: { 'x-request-id': 'from-this-one' } })
    await eventually(() => tail.stdout.includes('from-this-one'), 'followed here', 3_000)
    tail.process.kill('SIGINT')
    expect((await tail.ended).code).toBe(0)
    await annotate(`seen after ${times.map(Math.round).join(', ')} ms`)
    times.sort((a, b) => a - b)
    expect(times[Math.floor(times.length / 2)]).toBeLessThanOrEqual(250)
  })

  it('one that ends is no longer listed', async () => {
    await second.stop()
    await eventually(async () => (await statusOf(here)).nodes.length === 1, 'one left', 20_000)
    expect((await first.ask(token)).status).toBe(200)
  })
})

import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { DaemonClient } from '../../src/control/client.ts'
import { REFUSALS } from '../../src/mock/refusal.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus, KeyStatus } from '../../src/model/status.ts'
import { count, PATIENCE } from '../support/count.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { Flood } from './flood.ts'

const ROUNDS = count(5, 50)
const REQUESTS = 1_000
/** Over so long refusals are spread, so that a command (some 250 ms) returns among them, ms. */
const SPREAD_MS = 400
const REVOKED = 'sk-revoked-0123456789abcdef'
const GOOD = 'sk-good-0123456789abcdef'

let mock: Mock
let world: World
/** Requests with the revoked key that wait for their refusal; null: it is none, and answered. */
let held: ServerResponse[] | null

beforeEach(async () => {
  held = null
  mock = await startMock({
    tokens: 4,
    respond: ({ key }, response) => {
      if (key !== REVOKED || held === null) return false
      held.push(response)
      return true
    },
  })
  world = new World()
})
afterEach(async () => {
  await world.remove()
  await mock.close()
})

describe.each([1, 2])('with %i gateway processes, a late refusal', gateways => {
  let daemon: Daemon
  let client: DaemonClient
  let token: string
  let flood: Flood

  beforeEach(async () => {
    token = await world.furnish(mock.url, REVOKED)
    const store = await world.openStore()
    // Used only where the other can't be.
    await store.addKeys('mock', [{ value: new Secret(GOOD), tier: 2 }])
    await store.close()
    daemon = await world.serve('--workers', String(gateways))
    client = (await DaemonClient.connect(store.url, [world.dataDir])) as DaemonClient
    await eventually(async () => (await status()).workers.length === gateways, 'all ready', 15_000)
    flood = new Flood(token, REQUESTS)
  })
  afterEach(() => flood.close())

  const status = (): Promise<DaemonStatus> => client.call('status', {})

  /** Sends them all with the revoked key; resolves when none is answered yet, with what is to come. */
  async function sendAll(): Promise<{ waiting: ServerResponse[]; answered: Promise<void> }> {
    const waiting: ServerResponse[] = []
    held = waiting
    const answered = flood.send(daemon, REQUESTS, REQUESTS)
    await eventually(() => waiting.length === REQUESTS, 'all under way', 20_000)
    return { waiting, answered }
  }

  /** From now on the upstream takes the key; what it holds it refuses all the same. */
  function takeKey(): void {
    held = null
  }

  /** A command of the owner, begun at a random moment; refusals go on meanwhile. */
  async function say(verb: string, meanwhile: ServerResponse[]): Promise<void> {
    const refused = spread(meanwhile)
    await new Promise(resolve => setTimeout(resolve, (Math.random() * SPREAD_MS) / 4))
    const { code, stderr } = await world.balance(['keys', verb, 'key-1'])
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('in force')
    await refused
  }

  async function expectKey(wanted: Partial<KeyStatus>): Promise<void> {
    const keys = await world.json<KeyStatus[]>(['keys', 'list'])
    expect(keys.find(({ label }) => label === 'key-1')).toMatchObject(wanted)
  }

  /** New requests are served by this key, at once. */
  async function expectServedBy(label: string): Promise<void> {
    const keys = await world.json<KeyStatus[]>(['keys', 'list'])
    const id = keys.find(key => key.label === label)?.id
    const answers = await Promise.all(Array.from({ length: 40 }, () => daemon.ask(token)))
    const used = answers.map(({ status, headers }) =>
      [status, headers['x-balance-key'], headers['x-balance-attempts']].join(' '),
    )
    expect([...new Set(used)]).toEqual([`200 ${id} 1`])
  }

  it(
    'of a key that was reset meanwhile counts no more',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { waiting, answered } = await sendAll()
        await refuse(waiting.splice(0, 10))
        await eventually(
          async () => (await status()).providers[0]?.keys.invalid === 1,
          'the key known as invalid',
        )
        takeKey()
        await say('reset', waiting.splice(0, REQUESTS / 2))
        await spread(waiting)
        await answered
        await expectKey({ state: 'active', failures: 0, reason: '' })
        await expectServedBy('key-1')
      }
      expect([...flood.statuses]).toEqual([[200, ROUNDS * REQUESTS]])
    },
    PATIENCE,
  )

  it(
    'of a key that was disabled meanwhile changes nothing, nor when it is enabled again',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { waiting, answered } = await sendAll()
        await say('disable', waiting.splice(0, REQUESTS / 4))
        await expectServedBy('key-2')
        await spread(waiting.splice(0, REQUESTS / 4))
        await expectKey({ state: 'disabled' })
        takeKey()
        await say('enable', waiting.splice(0, REQUESTS / 4))
        await spread(waiting)
        await answered
        await expectKey({ state: 'active', failures: 0, reason: '' })
        await expectServedBy('key-1')
      }
      expect([...flood.statuses]).toEqual([[200, ROUNDS * REQUESTS]])
    },
    PATIENCE,
  )
})

/** Refuses each at a random time of its own. */
async function spread(responses: ServerResponse[]): Promise<void> {
  await Promise.all(
    responses.map(async response => {
      await new Promise(resolve => setTimeout(resolve, Math.random() * SPREAD_MS))
      await refuse([response])
    }),
  )
}

/** Resolves when the refusals are on their way. */
async function refuse(responses: ServerResponse[]): Promise<void> {
  const { status, body } = REFUSALS['401']
  const text = JSON.stringify(body(REVOKED, 'mock-large'))
  await Promise.all(
    responses.map(
      response =>
        new Promise<void>(resolve => {
          response.writeHead(status, { 'content-type': 'application/json' }).end(text, resolve)
        }),
    ),
  )
}

import { Agent } from 'node:http'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DaemonClient } from '../../src/control/client.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import type { Store } from '../../src/model/store.ts'
import { count, PATIENCE } from '../support/count.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { type Change, changes, REFUSED, SPOILS } from './changes.ts'

const CHANGES = count(100, 500)
/** A change is in force so soon after its command returned, ms. */
const IN_FORCE_MS = 250
const KEYS = ['sk-a-0123456789abcdef', 'sk-b-0123456789abcdef', 'sk-c-0123456789abcdef']

let mock: Mock
let world: World
let store: Store
let load: SteadyLoad | null = null

beforeEach(async () => {
  mock = await startMock({ tokens: 4, keep: 200_000 })
  world = new World()
  store = await world.openStore()
})
afterEach(async () => {
  await load?.stop()
  await store.close()
  await world.remove()
  await mock.close()
})

describe.each([1, 2])('changes at 200 requests a second, %i gateway processes', gateways => {
  /** Clients with one connection each, one for each process: it stays there. */
  async function connect(daemon: Daemon, token: string, client: DaemonClient): Promise<Agent[]> {
    const workers = async () => (await client.call('status', {})).workers
    await eventually(async () => (await workers()).length === gateways, 'all ready', 15_000)
    const agents = Array.from(
      { length: gateways },
      () => new Agent({ keepAlive: true, maxSockets: 1 }),
    )
    for (const agent of agents) expect((await daemon.ask(token, { agent })).status).toBe(200)
    expect((await workers()).map(({ requests }) => requests)).toEqual(agents.map(() => 1))
    return agents
  }

  it(
    'cost no request, are in force at once, or are refused',
    async ({ annotate }) => {
      const token = await world.furnish(mock.url, ...KEYS)
      const daemon = await world.serve('--workers', String(gateways))
      const client = (await DaemonClient.connect(store.url, [world.dataDir])) as DaemonClient
      const agents = await connect(daemon, token, client)
      const key = await store.key('key-2')
      load = new SteadyLoad(() => daemon.port, token)
      const valid = changes({ daemon, token, mockUrl: mock.url, key })
      const made: Made[] = []
      for (let turn = 0; turn < CHANGES; turn++) {
        if (turn % 20 === 9) await beRefused((turn - 9) / 20)
        else if (turn % 20 === 19) await spoil(daemon, client, (turn - 19) / 20)
        else made.push(await make(valid.next().value, agents))
      }
      const { statuses, p99, longest } = await load.stop()
      for (const agent of agents) agent.destroy()

      const after = [...made.map(({ after }) => after), ...lateUses(made, key.label)]
      after.sort((a, b) => a - b)
      const at = (share: number) => Math.round(after[Math.floor((after.length - 1) * share)] ?? 0)
      await annotate(
        `${gateways} gateway processes, ${CHANGES} changes: in force after at most ${at(1)} ms ` +
          `(p99 ${at(0.99)} ms, median ${at(0.5)} ms); ${statuses[200]} requests, ` +
          `answered after ${Math.round(p99)} ms (p99), the longest after ${Math.round(longest)} ms`,
      )
      expect(Object.keys(statuses)).toEqual(['200'])
      expect(at(1)).toBeLessThanOrEqual(IN_FORCE_MS)
    },
    PATIENCE,
  )
})

interface Made {
  readonly change: Change
  readonly began: number
  readonly returned: number
  /** When the first requests that were served by it were sent, ms after its command returned. */
  readonly after: number
}

async function make(change: Change, agents: readonly Agent[]): Promise<Made> {
  const what = change.args.join(' ')
  const began = performance.now()
  const { code, stderr } = await world.balance(change.args, change.stdin)
  const returned = performance.now()
  expect(code, `${what}: ${stderr}`).toBe(0)
  const inForce = async (agent: Agent) => {
    const sent = performance.now()
    return (await change.seen(agent)) ? sent : null
  }
  const sent = await Promise.all(agents.map(agent => eventually(() => inForce(agent), what, 2_000)))
  return { change, began, returned, after: Math.max(...sent) - returned }
}

/** How long after `keys disable` returned the load still used the key; empty where it never did. */
function lateUses(made: readonly Made[], label: string): number[] {
  const times = mock.requests.filter(({ key }) => key === KEYS[1]).map(({ time }) => time)
  const of = (verb: string) =>
    made.filter(({ change: { args } }) => args[1] === verb && args[2] === label)
  const enabled = of('enable')
  return of('disable').flatMap(({ returned }, index) => {
    const end = enabled[index]?.began ?? returned
    return times.filter(time => time > returned && time < end).map(time => time - returned)
  })
}

async function beRefused(nth: number): Promise<void> {
  const before = await store.revision()
  const { args, stdin } = REFUSED[nth % REFUSED.length] as (typeof REFUSED)[0]
  const { code, stderr } = await world.balance(args, stdin)
  expect(code, args.join(' ')).toBeGreaterThan(0)
  expect(stderr).toMatch(/^error: /)
  expect(stderr).not.toContain('defect of balance')
  expect(await store.revision()).toBe(before)
}

/** Writes past the commands what does not compile, sees that nothing happens, and mends it. */
async function spoil(daemon: Daemon, client: DaemonClient, nth: number): Promise<void> {
  const { spoil, mend, row } = SPOILS[nth % SPOILS.length] as (typeof SPOILS)[0]
  const revision = await store.revision()
  writeDirectly(spoil)
  const pending = async () => (await client.call('status', {})).pending
  await eventually(pending, 'a pending revision')
  expect(await world.json<DaemonStatus>(['status'])).toMatchObject({
    revision,
    pending: { revision: revision + 1, error: expect.stringContaining(row) },
  })
  const said = daemon.stderr.split('\n').filter(line => line.includes('is not put into force'))
  expect(JSON.parse(said.at(-1) ?? '{}')).toMatchObject({
    revision: revision + 1,
    in_force: revision,
    err: { message: expect.stringContaining(row) },
  })
  writeDirectly(mend(mock.url))
  await eventually(async () => (await pending()) === null, 'nothing pending')
}

function writeDirectly(statement: string): void {
  const db = new Sqlite(join(world.dataDir, 'balance.db'))
  db.transaction(() => {
    db.exec(statement)
    db.exec('update revision set number = number + 1')
  })()
  db.close()
}

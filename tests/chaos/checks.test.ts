import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DaemonStatus } from '../../src/model/status.ts'
import { type Daemon, eventually } from '../support/daemon.ts'
import { hasMariadb } from '../support/mariadb.ts'
import { startTwoNodes, type TwoNodes } from './two-nodes.ts'

const [GOOD, FLAWED] = ['sk-good-0123456789abcdef', 'sk-flawed-0123456789abcdef'] as const
const INTERVAL = 2_000

describe.runIf(hasMariadb)('two daemons that check refused keys on one MariaDB', () => {
  let nodes: TwoNodes

  beforeAll(async () => {
    nodes = await startTwoNodes([GOOD, FLAWED])
  })
  afterAll(() => nodes.remove())

  const checks = () => nodes.mock.requests.filter(({ method }) => method === 'GET')

  /** The daemon that does the work of both, and the other one. */
  async function standing(): Promise<[holder: Daemon, other: Daemon]> {
    const { database, name, first, second } = nodes
    const holder = await eventually(async () => {
      const [row] = await database.sql(`select node from ${name}.leases where work = 'upkeep'`)
      return row?.node
    }, 'a holder of the lease')
    return String(holder).endsWith(`:${first.pid}`) ? [first, second] : [second, first]
  }

  it('ask once between them, also when one is killed, and both use a key that is back', async () => {
    const { mock, here, there, token } = nodes
    mock.setScript(FLAWED, '401')
    await here.balance(['config', 'set', 'check_interval', `${INTERVAL}ms`])
    for (let turn = 0; turn < 8; turn++) await nodes.first.ask(token)
    const isInvalid = async (world: typeof here) =>
      (await world.json<DaemonStatus>(['status'])).providers[0]?.keys.invalid === 1
    await eventually(async () => (await isInvalid(here)) && (await isInvalid(there)), 'invalid')
    await eventually(() => checks().length >= 3, 'three checks', 20_000)

    const [holder, other] = await standing()
    await holder.kill()
    const asked = checks().length
    await eventually(() => checks().length >= asked + 2, 'two checks by the other', 30_000)
    const times = checks().map(({ time }) => time)
    const gaps = times.slice(1).map((time, n) => time - (times[n] ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThan(INTERVAL - 250)
    expect(new Set(checks().map(({ key }) => key))).toEqual(new Set([FLAWED]))

    const world = holder === nodes.first ? here : there
    const again = await world.serve()
    mock.setScript(FLAWED, 'ok')
    await other.program.said('a refused key is accepted again')
    expect(again.stderr).not.toContain('a refused key')
    for (const daemon of [again, other]) {
      await eventually(async () => {
        const before = mock.requests.length
        for (let turn = 0; turn < 4; turn++) await daemon.ask(token)
        return mock.requests.slice(before).some(({ key }) => key === FLAWED)
      }, 'it is used')
    }
  })
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus, KeyStatus } from '../../src/model/status.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { Flood } from './flood.ts'

const REQUESTS = 10_000
const KEYS = ['a', 'b', 'c', 'd', 'e'].map(name => `sk-${name}-0123456789abcdef`)
const REVOKED = 'sk-revoked-0123456789abcdef'
const WIDTH = 32

let mock: Mock
let world: World

beforeEach(async () => {
  mock = await startMock({ keep: 2 * REQUESTS, tokens: 4, scripts: { [REVOKED]: '401' } })
  world = new World()
})
afterEach(async () => {
  await world.remove()
  await mock.close()
})

function uses(key: string): number {
  return mock.requests.filter(request => request.key === key).length
}

async function flood(daemon: Daemon, token: string): Promise<Flood> {
  const flood = new Flood(token)
  const began = performance.now()
  await flood.send(daemon, REQUESTS, WIDTH)
  const seconds = (performance.now() - began) / 1_000
  console.log(
    `${REQUESTS} requests, ${Math.round(REQUESTS / seconds)} a second; by key: ${KEYS.map(uses).join(', ')}`,
  )
  flood.close()
  return flood
}

/** Within 1 % of an even share. */
function expectEvenShares(): void {
  for (const key of KEYS) {
    expect(Math.abs(uses(key) - REQUESTS / KEYS.length)).toBeLessThanOrEqual(REQUESTS / 500)
  }
}

describe('10,000 requests over five keys', () => {
  it('give each key its share, and are all written down', async () => {
    const token = await world.furnish(mock.url, ...KEYS)
    const daemon = await world.serve('--log-level', 'warn')
    const { statuses } = await flood(daemon, token)
    expect([...statuses]).toEqual([[200, REQUESTS]])
    expectEvenShares()
    const status = await eventually(async () => {
      const now = await world.json<DaemonStatus>(['status'])
      return now.records?.waiting === 0 ? now : null
    }, 'all records written')
    expect(status.records).toEqual({ written: REQUESTS, waiting: 0, dropped: 0 })
  })

  it('show no client that one more key is revoked', async () => {
    const token = await world.furnish(mock.url, REVOKED, ...KEYS)
    const daemon = await world.serve('--log-level', 'warn')
    const { statuses } = await flood(daemon, token)
    expect([...statuses]).toEqual([[200, REQUESTS]])
    expectEvenShares()
    // Those under way when the third fault came were not called back.
    expect(uses(REVOKED)).toBeGreaterThanOrEqual(3)
    expect(uses(REVOKED)).toBeLessThanOrEqual(3 + WIDTH)
    const keys = await world.json<KeyStatus[]>(['keys', 'list'])
    expect(keys.map(({ state }) => state).sort()).toEqual([
      ...['active', 'active', 'active', 'active', 'active', 'invalid'],
    ])
  })
})

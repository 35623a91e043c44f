import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { KeyStatus } from '../../src/model/status.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { Flood } from './flood.ts'

const ROUNDS = 10
const GOOD = 'sk-good-0123456789abcdef'
const REVOKED = 'sk-revoked-0123456789abcdef'

let mock: Mock
let world: World

beforeEach(async () => {
  mock = await startMock({ tokens: 4, scripts: { [REVOKED]: '401' } })
  world = new World()
})
afterEach(async () => {
  await world.remove()
  await mock.close()
})

function expectSound(): void {
  for (const name of ['balance.db', 'balance-log.db']) {
    const db = new Sqlite(join(world.dataDir, name), { readonly: true })
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    db.close()
  }
}

/** Adds keys one after the other until it is told to stop; gives the labels of those accepted. */
async function editKeys(signal: AbortSignal): Promise<string[]> {
  const accepted: string[] = []
  for (let turn = 0; !signal.aborted; turn++) {
    const label = `edit-${turn}`
    const args = ['keys', 'add', 'mock', '--label', label]
    const { code } = await world.balance(args, `sk-${label}-0123456789abcdef`)
    if (code === 0) accepted.push(label)
  }
  return accepted
}

describe('a daemon killed under load, again and again', () => {
  it('comes back at once with all that was accepted', async () => {
    const token = await world.furnish(mock.url, GOOD, REVOKED)
    let daemon: Daemon = await world.serve()
    const flood = new Flood(token)
    const over = new AbortController()
    const load = flood.keep(() => daemon.port, 8, over.signal)
    const edits = editKeys(over.signal)
    await eventually(async () => {
      const keys = await world.json<KeyStatus[]>(['keys', 'list'])
      return keys.some(({ state }) => state === 'invalid')
    }, 'the revoked key noticed')

    const ready: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const enough = (flood.statuses.get(200) ?? 0) + 1 + Math.floor(Math.random() * 500)
      await eventually(() => (flood.statuses.get(200) ?? 0) >= enough, 'answers', 20_000)
      await daemon.kill()
      expectSound()
      daemon = await world.serve()
      ready.push(daemon.readyAfter)
    }
    over.abort()
    const accepted = await edits
    await load
    flood.close()

    const keys = await world.json<KeyStatus[]>(['keys', 'list'])
    console.log(
      `ready after ${ready.map(Math.round).join(', ')} ms; ${flood.statuses.get(200)} answers, ${accepted.length} keys added`,
    )
    expect(Math.max(...ready)).toBeLessThanOrEqual(1_500)
    expect(accepted.length).toBeGreaterThan(ROUNDS / 2)
    expect(keys.map(({ label }) => label)).toEqual(expect.arrayContaining(accepted))
    expect(keys.find(({ label }) => label === 'key-2')).toMatchObject({ state: 'invalid' })
    // Clients met broken connections, never a wrong answer.
    expect([...flood.statuses.keys()].sort((a, b) => a - b)).toEqual([0, 200])
    await daemon.stop()
    expectSound()
  })
})

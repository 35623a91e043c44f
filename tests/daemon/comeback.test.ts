import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestShape } from '../../src/control/shapes/test.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { KeyStatus } from '../../src/model/status.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'

const GOOD = 'sk-good-0123456789abcdef'
const FLAWED = 'sk-flawed-0123456789abcdef'

let mock: Mock
let world: World
let daemon: Daemon
let token: string

beforeAll(async () => {
  mock = await startMock()
  world = new World()
  token = await world.furnish(mock.url, GOOD, FLAWED)
  daemon = await world.serve()
})
afterAll(async () => {
  await world.remove()
  await mock.close()
})

/** As its owner sees it. */
async function flawed(): Promise<KeyStatus> {
  const keys = await world.json<KeyStatus[]>(['keys', 'list'])
  return keys.find(({ label }) => label === 'key-2') as KeyStatus
}

/** Has traffic find out that the key is refused. */
async function revoke(): Promise<void> {
  mock.setScript(FLAWED, '401')
  await eventually(async () => {
    expect((await daemon.ask(token)).status).toBe(200)
    return (await flawed()).state === 'invalid'
  }, 'the key to be invalid')
}

/** Requests of clients that came with this key from now on. */
async function isUsed(): Promise<boolean> {
  const before = mock.requests.length
  for (let turn = 0; turn < 4; turn++) await daemon.ask(token)
  return mock.requests.slice(before).some(({ key }) => key === FLAWED)
}

const checksOf = (secret: string) =>
  mock.requests.filter(({ method, key }) => method === 'GET' && key === secret)

describe('a key that was refused', () => {
  it('is used again at once when a command finds that it works', async () => {
    await revoke()
    expect(await isUsed()).toBe(false)
    mock.setScript(FLAWED, 'ok')
    const [row] = await world.json<TestShape[]>(['keys', 'test', 'key-2'])
    expect(row).toMatchObject({ result: 'works', before: 'invalid', after: 'active' })
    expect(await isUsed()).toBe(true)
    expect(await flawed()).toMatchObject({ state: 'active', failures: 0 })
  })

  it('comes back by itself, and not while it is refused, nor while all are', async () => {
    await revoke()
    const before = checksOf(FLAWED).length
    await world.balance(['config', 'set', 'check_interval', '1s'])
    await eventually(() => checksOf(FLAWED).length >= before + 2, 'two checks', 15_000)
    expect(await flawed()).toMatchObject({ state: 'invalid' })

    for (const script of ['500', '401']) {
      mock.setScript(GOOD, script)
      mock.setScript(FLAWED, script)
      const asked = checksOf(FLAWED).length
      await eventually(() => checksOf(FLAWED).length > asked, 'a check', 15_000)
      await daemon.ask(token)
      expect(await flawed()).toMatchObject({ state: 'invalid' })
    }
    // What the outage taught about the other key is not what this is about.
    mock.setScript(GOOD, 'ok')
    await world.balance(['keys', 'reset', 'key-1'])

    mock.setScript(FLAWED, 'ok')
    await daemon.program.said('a refused key is accepted again')
    expect(await flawed()).toMatchObject({ state: 'active', failures: 0 })
    await eventually(isUsed, 'requests on it')
    const { stderr } = daemon
    expect(stderr).toContain('a refused key stays invalid')
    expect(stderr).not.toContain(FLAWED)
    expect(stderr).not.toContain(GOOD)
  }, 60_000)

  it('does not hold up the end of the daemon that asks about it', async () => {
    await revoke()
    mock.setScript(FLAWED, 'hang')
    const left = mock.nextAbort()
    const asked = checksOf(FLAWED).length
    await eventually(() => checksOf(FLAWED).length > asked, 'a check', 15_000)
    const began = performance.now()
    expect((await daemon.stop()).code).toBe(0)
    await left
    expect(performance.now() - began).toBeLessThan(3_000)
  }, 60_000)
})

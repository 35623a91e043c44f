import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus, KeyStatus } from '../../src/model/status.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'

const GOOD = 'sk-good-0123456789abcdef'
const OTHER = 'sk-other-0123456789abcdef'
const REVOKED = 'sk-revoked-0123456789abcdef'

let mock: Mock
let world: World
let daemon: Daemon
let token: string

/** The state of the key with this label, as a command tells it. */
async function keyState(label: string): Promise<KeyStatus> {
  const keys = await world.json<KeyStatus[]>(['keys', 'list'])
  return keys.find(key => key.label === label) as KeyStatus
}

beforeAll(async () => {
  mock = await startMock({ scripts: { [REVOKED]: '401' } })
  world = new World()
  daemon = await world.serve('--log-level', 'debug')
})
afterAll(async () => {
  await world.remove()
  await mock.close()
})

/** Each gateway process takes turns for itself. */
const GATEWAYS = Number(process.env.BALANCE_TEST_WORKERS ?? 1)

/** The turns a key had: exactly so many, but for one more or less where a further process takes turns. */
function expectTurns(had: number, due: number): void {
  expect(Math.abs(had - due)).toBeLessThanOrEqual(GATEWAYS - 1)
}

describe('a running daemon follows the store: each change is in force when its command returns', () => {
  it('refuses everybody until there is a token', async () => {
    await daemon.program.said('There is no client token yet')
    expect((await daemon.ask(null)).status).toBe(401)
    const created = await world.json<{ token: string }>(['tokens', 'create', 'laptop'])
    token = created.token
    const { status, text } = await daemon.ask(token)
    expect(status).toBe(404)
    expect(JSON.parse(text).error).toMatchObject({
      code: 'provider_not_found',
      message: expect.stringContaining('balance providers add'),
    })
  })

  it('serves a provider and its keys, added while it runs', async () => {
    const added = await world.balance(['providers', 'add', 'mock', '--base-url', mock.url])
    expect(added.stderr).toMatch(/in force \(revision \d+\)/)
    expect(JSON.parse((await daemon.ask(token)).text).error).toMatchObject({
      code: 'no_key_available',
      message: expect.stringContaining('Provider mock has no keys'),
    })
    const { stderr } = await world.balance(['keys', 'add', 'mock'], `${GOOD}\n${OTHER}\n`)
    expect(stderr).toMatch(/in force/)
    const answers = []
    for (let turn = 0; turn < 6; turn++) answers.push(await daemon.ask(token))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
    expect(mock.requests.map(({ key }) => key)).toEqual(
      expect.arrayContaining([GOOD, OTHER, GOOD, OTHER]),
    )
    expectTurns(mock.requests.filter(({ key }) => key === GOOD).length, 3)
  })

  it('drops a revoked key after three faults that no client sees, and a crash keeps it so', async () => {
    await world.balance(['keys', 'add', 'mock', '--label', 'revoked'], REVOKED)
    for (let turn = 0; turn < 12; turn++) expect((await daemon.ask(token)).status).toBe(200)
    // A worker hears of another's faults a moment later, so each may meet as many of its own.
    const refused = mock.requests.filter(({ key }) => key === REVOKED).length
    expect(refused).toBeGreaterThanOrEqual(3)
    expect(refused).toBeLessThanOrEqual(3 * GATEWAYS)
    const store = await world.openStore()
    const { id } = await store.key('revoked')
    const memory = await eventually(
      async () => (await store.memories()).get(id)?.invalid,
      'the fault in the store',
      1_000,
    )
    await store.close()
    expect(memory.reason).toMatch(/\S/)

    await daemon.kill()
    expect(await world.json<DaemonStatus>(['status'])).toMatchObject({
      running: false,
      pid: null,
      url: null,
      certificate: null,
      workers: [],
      records: null,
      providers: [{ name: 'mock', keys: { active: 2, invalid: 1 } }],
    })
    const kept = await keyState('revoked')
    expect(kept.state).toBe('invalid')
    // A refusal that another worker was just given counts too.
    expect(kept.failures).toBeGreaterThanOrEqual(3)
    expect(kept.failures).toBeLessThanOrEqual(3 * GATEWAYS)
    daemon = await world.serve()
    expect(await keyState('revoked')).toMatchObject({
      state: 'invalid',
      failures: kept.failures,
      reason: expect.stringMatching(/401|invalid_api_key/),
    })
    const before = mock.requests.length
    for (let turn = 0; turn < 6; turn++) expect((await daemon.ask(token)).status).toBe(200)
    expect(mock.requests.slice(before).some(({ key }) => key === REVOKED)).toBe(false)
  })

  it('brings a key back by reset, without a restart', async () => {
    mock.setScript(REVOKED, 'ok')
    await world.balance(['keys', 'reset', 'revoked'])
    expect(await keyState('revoked')).toMatchObject({ state: 'active', failures: 0, reason: '' })
    const before = mock.requests.length
    for (let turn = 0; turn < 6; turn++) await daemon.ask(token)
    expectTurns(mock.requests.slice(before).filter(({ key }) => key === REVOKED).length, 2)
  })

  it('hands out no key that was disabled', async () => {
    await world.balance(['keys', 'disable', 'revoked', 'key-2'])
    const before = mock.requests.length
    for (let turn = 0; turn < 4; turn++) await daemon.ask(token)
    expect(new Set(mock.requests.slice(before).map(({ key }) => key))).toEqual(new Set([GOOD]))
    await world.balance(['keys', 'enable', 'key-2'])
    for (let turn = 0; turn < 2 * GATEWAYS; turn++) await daemon.ask(token)
    expect(mock.requests.slice(-2 * GATEWAYS).map(({ key }) => key)).toContain(OTHER)
  })

  it('ends what a key is doing when it is disabled with --now', async () => {
    mock.setScript(GOOD, 'hang-after:2')
    await world.balance(['keys', 'disable', 'key-2'])
    const stream = await daemon.stream(token)
    const { stderr } = await world.balance(['keys', 'disable', 'key-1', '--now'])
    expect(stderr).toContain('ended 1 attempt in flight')
    const { cut, text } = await stream.over
    expect(cut).toBe(true)
    expect(text).toContain('"error"')
    expect(text).not.toContain('[DONE]')
    expect((await daemon.ask(token)).status).toBe(503)
    mock.setScript(GOOD, 'ok')
    await world.balance(['keys', 'enable', 'key-1', 'key-2'])
    expect((await daemon.ask(token)).status).toBe(200)
  })

  it('obeys a setting', async () => {
    await world.balance(['config', 'set', 'max_body', '2KiB'])
    const body = JSON.stringify({ model: 'mock-large', input: 'x'.repeat(3_000) })
    expect((await daemon.ask(token, { body })).status).toBe(413)
    await world.balance(['config', 'unset', 'max_body'])
    expect((await daemon.ask(token)).status).toBe(200)
  })

  it('refuses a revoked token at once', async () => {
    const { token: second } = await world.json<{ token: string }>(['tokens', 'create', 'second'])
    expect((await daemon.ask(second)).status).toBe(200)
    await world.balance(['tokens', 'revoke', 'second', '--yes'])
    expect((await daemon.ask(second)).status).toBe(401)
    expect((await daemon.ask(token)).status).toBe(200)
  })

  it('keeps the old state where the newest does not compile, says why, and takes the next', async () => {
    const { revision } = await world.json<DaemonStatus>(['status'])
    const db = new Sqlite(join(world.dataDir, 'balance.db'))
    const spoil = db.transaction((url: string) => {
      db.prepare("update providers set base_url = ? where name = 'mock'").run(url)
      db.prepare('update revision set number = number + 1').run()
    })
    spoil('ftp://nowhere')
    const broken = await eventually(async () => {
      const status = await world.json<DaemonStatus>(['status'])
      return status.pending && status
    }, 'a pending revision')
    expect(broken).toMatchObject({
      revision,
      pending: { revision: revision + 1, error: expect.stringContaining('Provider mock') },
    })
    expect((await daemon.ask(token)).status).toBe(200)
    const saved = await world.balance(['config', 'set', 'max_retries', '4'])
    expect(saved).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/saved, but revision \d+ stays in force: .*Provider mock/),
    })
    spoil(mock.url)
    db.close()
    await eventually(
      async () => (await world.json<DaemonStatus>(['status'])).pending === null,
      'nothing pending',
    )
    expect((await daemon.ask(token)).status).toBe(200)
  })
})

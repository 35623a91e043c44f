import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { Explanation } from '../../src/model/explanation.ts'
import { type Daemon, World } from '../support/daemon.ts'
import { chat } from '../support/gateway.ts'

const KEYS = ['one', 'two', 'three'].map(name => `sk-${name}-0123456789abcdef`)
const SPARE = 'sk-spare-0123456789abcdef'
/** Each gateway process takes turns for itself, so only one alone can be held to the very key. */
const ALONE = Number(process.env.BALANCE_TEST_WORKERS ?? 1) === 1

let mock: Mock
let world: World
let daemon: Daemon
let token: string

const explain = (...words: string[]) =>
  world.json<Explanation>(['routes', 'explain', 'fast', ...words])

beforeAll(async () => {
  mock = await startMock({ scripts: { [KEYS[0] as string]: '401' } })
  world = new World()
  token = await world.furnish(mock.url, ...KEYS)
  await world.balance(['providers', 'add', 'spare', '--base-url', mock.url])
  await world.balance(['keys', 'add', 'spare'], SPARE)
  const add = (...words: string[]) => world.balance(['routes', 'add', 'fast', ...words])
  await add('--to', 'mock:mock-large')
  await add('--to', 'spare:mock-small', '--tier', '2')
})
afterAll(async () => {
  await world.remove()
  await mock.close()
})

describe('routes explain', () => {
  it('without a daemon says what one would do that started now', async () => {
    const { stdout, stderr } = await world.balance(['routes', 'explain', 'fast'])
    expect(stdout).toMatch(/^PROVIDER +MODEL +TIER +WEIGHT +KEYS +STATE +WHY$/m)
    expect(stdout).toMatch(/^mock +mock-large +1 +1 +3\/3 +chosen +the only one of the first tier/m)
    expect(stdout).toMatch(/^spare +mock-small +2 +1 +1\/1 +able +serves where no lower tier can$/m)
    expect(stdout).toMatch(/^goes to +mock\nas model +mock-large\nwith key +k_\w{10}$/m)
    expect(stderr).toBe('no daemon is running; one started now would do this\n')
  })

  it('names a token that is not there', async () => {
    const { code, stderr } = await world.balance(['routes', 'explain', 'fast', '--token', 'nobody'])
    expect(code).toBe(3)
    expect(stderr).toMatch(/^error: There is no token "nobody"\./)
  })

  it('with one says what the next request does, turn after turn', async () => {
    daemon = await world.serve()
    for (let turn = 0; turn < 8; turn++) {
      const { choice } = await explain()
      const { status, headers } = await daemon.ask(token, { body: chat({ model: 'fast' }) })
      expect(status).toBe(200)
      expect(choice).toMatchObject({ provider: 'mock', model: 'mock-large' })
      expect(headers['x-balance-provider']).toBe('mock')
      // A key that is refused is not known to be so before it was asked.
      if (ALONE && headers['x-balance-attempts'] === '1') {
        expect(headers['x-balance-key']).toBe(choice?.key)
      }
    }
  })

  it('says what takes a target out, and what is done then', async () => {
    await world.balance(['providers', 'disable', 'mock'])
    const told = await explain()
    expect(told.candidates).toMatchObject([
      { provider: 'mock', state: 'removed', reason: 'the provider is disabled' },
      { provider: 'spare', state: 'chosen', usable: 1 },
    ])
    const { headers } = await daemon.ask(token, { body: chat({ model: 'fast' }) })
    expect(headers['x-balance-provider']).toBe('spare')
    expect(headers['x-balance-key']).toBe(told.choice?.key)
    expect(JSON.parse(String(mock.requests.at(-1)?.body)).model).toBe('mock-small')
  })

  it('says why a request would be refused', async () => {
    await world.balance(['tokens', 'create', 'narrow', '--models', 'gpt-*', '--json'])
    const { choice, refusal } = await explain('--token', 'narrow')
    expect([choice, refusal]).toMatchObject([
      null,
      { status: 403, code: 'model_not_allowed', message: expect.stringContaining('narrow') },
    ])
    const { stdout } = await world.balance(['routes', 'explain', 'fast', '--path', '/nowhere/v1'])
    expect(stdout).toMatch(/^answer +404 provider_not_found$/m)
  })
})

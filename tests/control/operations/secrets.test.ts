import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import { type Given, OPERATIONS, type OperationName } from '../../../src/control/api.ts'
import { DaemonClient } from '../../../src/control/client.ts'
import { type Mock, startMock } from '../../../src/mock/server.ts'
import { openStore } from '../../../src/store/open.ts'
import { type Daemon, World } from '../../support/daemon.ts'
import { chat } from '../../support/gateway.ts'
import { storeOptions } from '../../support/store.ts'
import { PATIENCE, storeUrl } from './desk.ts'

/** One that no other holds a part of. */
const plant = () => `Planted${randomBytes(12).toString('hex')}`

const keys = Array.from({ length: 12 }, () => `sk-${plant()}`)
const fromEnvironment = plant()
const tokens = Array.from({ length: 6 }, plant)
const headers = Array.from({ length: 6 }, plant)
const parameters = Array.from({ length: 2 }, plant)
const masterKey = randomBytes(32).toString('base64')
/** Replaced meanwhile. */
const former = Array.from({ length: 4 }, () => `sk-${plant()}`)
const password = plant()
const PLANTED = [
  ...keys,
  ...former,
  ...tokens,
  ...headers,
  ...parameters,
  fromEnvironment,
  password,
  masterKey,
]

/** What is asked of each operation that reads. */
const READS: { readonly [K in OperationName]?: readonly Given<K>[] } = {
  status: [{}],
  explain: [{ model: 'mock-large', token: 'client-0' }, { model: null }],
  overview: [{ range: '1h' }, { range: '24h' }, { range: '7d' }],
  'providers.list': [{}],
  'providers.show': [{ name: 'mock' }, { name: 'plain' }],
  'providers.models': [{ name: 'mock' }],
  'presets.list': [{}],
  'keys.list': [{ limit: 200 }, { q: keys[0]?.slice(-4) ?? '' }],
  'keys.show': [{ key: 'key-1' }, { key: 'from-env' }],
  'tokens.list': [{}],
  'proxies.list': [{}],
  'routes.list': [{}],
  'settings.list': [{}],
  'audit.list': [{ limit: 200 }],
  'requests.list': [{ limit: 200 }],
  'requests.show': [{ id: '1' }],
  'errors.list': [{ limit: 200 }],
  'sessions.list': [{}],
  stats: [{ by: 'key' }, { by: 'token' }, { by: 'model' }],
}

let mock: Mock
let world: World
let daemon: Daemon
let client: DaemonClient

beforeAll(async () => {
  mock = await startMock({ scripts: { [keys[1] as string]: '401', [keys[2] as string]: '429' } })
  world = new World()
  const keyFile = join(world.home, 'master-key')
  writeFileSync(keyFile, masterKey, { mode: 0o600 })
  Object.assign(world.env, { BALANCE_MASTER_KEY_FILE: keyFile, PLANTED: fromEnvironment })
  const options = storeOptions(world.dataDir)
  const store = await openStore({ ...options, env: { ...options.env, masterKeyFile: keyFile } })
  const secrets = (values: readonly string[]) => values.map(value => ({ value: new Secret(value) }))
  const place = { kind: 'openai', baseUrl: mock.url, path: null } as const
  const own = { 'x-own': headers[0] as string, authorization: headers[1] as string }
  const withKeys = { makeDefault: true, keys: secrets(keys) }
  await store.addProvider(
    {
      ...place,
      name: 'mock',
      overrides: { headers: own, query: { code: parameters[0] as string } },
    },
    withKeys,
  )
  await store.addProvider({ ...place, name: 'plain', overrides: {} }, { makeDefault: false })
  await store.addKeys('plain', [{ value: new Secret('env:PLANTED'), label: 'from-env' }])
  const general = { 'x-all': headers[2] as string, cookie: headers[3] as string }
  await store.setSetting('headers', general)
  await store.setSetting('query', { team: parameters[1] as string })
  for (const [index, { value }] of secrets(tokens).entries()) {
    await store.createToken({ name: `client-${index}`, value })
  }
  await store.addProxies([
    { name: 'eu', url: 'http://me@127.0.0.1:1', password: new Secret(password) },
  ])
  await store.addTargets('fast', [{ provider: 'mock', model: 'mock-small' }])
  await store.close()
  daemon = await world.serve()
  client = (await DaemonClient.connect(storeUrl(world), [world.dataDir])) as DaemonClient
  for (const secret of former) await client.call('keys.change', { key: 'key-4', secret })
  await client.call('keys.change', { key: 'key-4', secret: keys[3] as string })
  const changed = JSON.stringify({ 'x-own': headers[4], authorization: headers[5] })
  await client.call('providers.change', { name: 'mock', settings: { headers: changed } })
  for (const token of [...tokens, ...tokens, plant()]) {
    await daemon.ask(token, { body: chat({ model: 'fast' }) })
  }
}, PATIENCE)
afterAll(async () => {
  await world.remove()
  await mock.close()
})

describe('what is read', () => {
  it('is asked of every operation that reads', () => {
    const names = Object.keys(OPERATIONS) as OperationName[]
    const reading = names.filter(name => OPERATIONS[name].kind === 'read')
    expect(Object.keys(READS).sort()).toEqual(reading.sort())
    expect(PLANTED).toHaveLength(33)
  })

  it.each(Object.keys(READS) as (keyof typeof READS)[])('%s holds no secret', async name => {
    for (const input of READS[name] ?? []) {
      const answer = await client.call(name as 'status', input as never)
      expect(found(JSON.stringify(answer))).toEqual([])
    }
  })

  it('names a reference, which is no secret', async () => {
    const { reference, state } = await client.call('keys.show', { key: 'from-env' })
    expect([reference, state]).toEqual(['env:PLANTED', 'active'])
  })
})

describe('what is answered to a change or a test', () => {
  it('holds no secret that was there', async () => {
    const told: unknown[] = []
    for await (const test of client.rows('keys.test', { keys: ['key-1', 'key-2', 'key-3'] })) {
      told.push(test)
    }
    told.push(await client.call('providers.test', { name: 'plain' }))
    told.push(await client.call('keys.reset', { keys: ['key-2'] }))
    told.push(await client.call('providers.change', { name: 'mock', enabled: true }))
    told.push(await client.call('settings.unset', { name: 'headers' }))
    told.push(await client.call('tokens.change', { token: 'client-1', rpm: 5 }))
    expect(found(JSON.stringify(told))).toEqual([])
  })
})

/** Planted secrets in a text, however it spells them. */
function found(text: string): string[] {
  return PLANTED.filter(secret => {
    const core = secret.replace(/^sk-/, '')
    return [core, encodeURIComponent(core), Buffer.from(core).toString('base64').slice(4, -4)].some(
      spelled => text.includes(spelled),
    )
  })
}

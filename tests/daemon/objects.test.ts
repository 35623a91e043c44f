import { Agent } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KeyShape } from '../../src/control/shapes/key.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import type { Ask } from '../support/gateway.ts'
import { KeepingUpstream } from '../support/keeping-upstream.ts'

const NAMES = ['one', 'two', 'three', 'four', 'five']
const KEYS = NAMES.map(name => `sk-${name}-0123456789abcdef`)

let upstream: KeepingUpstream
let world: World
let token: string

beforeEach(async () => {
  upstream = await KeepingUpstream.start()
  world = new World()
  token = await world.furnish(upstream.url, ...KEYS)
})

afterEach(async () => {
  await world.remove()
  await upstream.close()
})

async function call(daemon: Daemon, method: string, path: string, change: Partial<Ask> = {}) {
  const body = method === 'POST' ? { body: '{}' } : {}
  const { status, text } = await daemon.ask(token, { method, path, ...NO_BODY, ...body, ...change })
  return { status, value: JSON.parse(text) }
}
const NO_BODY = { body: undefined } as unknown as Partial<Ask>

const shown = (label: string) => world.json<KeyShape>(['keys', 'show', label])
const counts = async () => {
  const keys = await Promise.all(NAMES.map((_, at) => shown(`key-${at + 1}`)))
  return keys.map(({ objects }) => objects)
}

describe('objects stay with their keys', () => {
  it('over 100 interleavings on 5 keys and 2 workers', async () => {
    const daemon = await world.serve('--workers', '2')
    // Each keeps its connection, and so its worker.
    const agents = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
    let turn = 0
    const next = () => ({ agent: agents[turn++ % agents.length] as Agent })
    const seen = new Set<string>()
    const live = async (): Promise<void> => {
      const { value } = await call(daemon, 'POST', '/v1/files', next())
      const { value: store } = await call(daemon, 'POST', '/v1/vector_stores', {
        ...next(),
        body: JSON.stringify({ file_ids: [value.id] }),
      })
      const owner = value.key
      seen.add(owner)
      const steps = [
        call(daemon, 'GET', `/v1/files/${value.id}`, next()),
        call(daemon, 'GET', `/v1/vector_stores/${store.id}/files`, next()),
        call(daemon, 'GET', `/v1/vector_stores/${store.id}`, next()),
      ]
      expect(store.key).toBe(owner)
      const [file, list] = await Promise.all(steps)
      expect(file).toMatchObject({ status: 200, value: { key: owner } })
      expect(list?.value.data).toContainEqual({ id: value.id })
      expect((await call(daemon, 'DELETE', `/v1/files/${value.id}`, next())).status).toBe(200)
    }
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        for (let n = 0; n < 20; n++) await live()
      }),
    )
    for (const agent of agents) agent.destroy()
    expect(seen).toEqual(new Set(NAMES))
    expect(upstream.seen.filter(({ status }) => status !== 200)).toEqual([])
    // Files are gone, vector stores are there.
    await eventually(async () => (await counts()).reduce((a, b) => a + b) === 100, 'all written')
  })

  it('after a restart, and after a kill of what was written', async () => {
    let daemon = await world.serve()
    const files: string[] = []
    for (let n = 0; n < 10; n++) files.push((await call(daemon, 'POST', '/v1/files')).value.id)
    await daemon.stop()
    daemon = await world.serve()
    for (const id of files) expect((await call(daemon, 'GET', `/v1/files/${id}`)).status).toBe(200)
    files.push((await call(daemon, 'POST', '/v1/files')).value.id)
    await eventually(async () => (await counts()).reduce((a, b) => a + b) === 11, 'written')
    await daemon.kill()
    daemon = await world.serve()
    for (const id of files) expect((await call(daemon, 'GET', `/v1/files/${id}`)).status).toBe(200)
  })

  it('until their key is removed; a key that is disabled says so', async () => {
    const daemon = await world.serve()
    const { value } = await call(daemon, 'POST', '/v1/files')
    const label = `key-${NAMES.indexOf(value.key) + 1}`
    await eventually(async () => (await shown(label)).objects === 1, 'written')
    await world.balance(['keys', 'disable', label])
    const refused = await call(daemon, 'GET', `/v1/files/${value.id}`)
    expect(refused).toMatchObject({ status: 503, value: { error: { code: 'no_key_available' } } })
    expect(refused.value.error.message).toMatch(/lives with key k_\w+ of mock, which is disabled/)
    await world.balance(['keys', 'enable', label])
    expect((await call(daemon, 'GET', `/v1/files/${value.id}`)).status).toBe(200)
    await world.balance(['keys', 'remove', label, '--yes'])
    expect((await call(daemon, 'GET', `/v1/files/${value.id}`)).status).toBe(404)
    const store = await world.openStore()
    expect(await store.findObjects([value.id])).toEqual([])
    await store.close()
  })

  it('and lists with the home key, which can be named while it runs', async () => {
    const daemon = await world.serve()
    const lists = async () => {
      upstream.seen.length = 0
      for (let n = 0; n < 3; n++) await call(daemon, 'GET', '/v1/files')
      return new Set(upstream.take())
    }
    expect(await lists()).toEqual(new Set(['one']))
    await world.balance(['providers', 'set', 'mock', 'home_key=key-4'])
    expect(await lists()).toEqual(new Set(['four']))
  })

  it('under a flood of ids that were made up', async () => {
    const daemon = await world.serve()
    const { value } = await call(daemon, 'POST', '/v1/files')
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    const flood = Array.from({ length: 2_000 }, (_, n) =>
      call(daemon, 'GET', `/v1/files/made-up-${n}`, { agent }),
    )
    const statuses = new Set((await Promise.all(flood)).map(({ status }) => status))
    agent.destroy()
    // Their vendor was asked with the home key, and knows them as little.
    expect(statuses).toEqual(new Set([404]))
    expect((await call(daemon, 'GET', `/v1/files/${value.id}`)).status).toBe(200)
  })
})

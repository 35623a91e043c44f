import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus, ProviderStatus } from '../../src/model/status.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'

const KEY = 'sk-good-0123456789abcdef'
let mock: Mock
let elsewhere: Mock
let world: World
let daemon: Daemon
let token: string

beforeAll(async () => {
  mock = await startMock({ tokens: 4 })
  elsewhere = await startMock({ tokens: 4, scripts: { [KEY]: '500' } })
  world = new World()
  token = await world.furnish(mock.url, KEY)
  await world.balance(['config', 'set', 'max_retries', '1'])
  daemon = await world.serve()
})
beforeEach(() => {
  mock.setScript(KEY, '500')
})
afterAll(async () => {
  await world.remove()
  await mock.close()
  await elsewhere.close()
})

async function breakers(): Promise<ProviderStatus['breakers'] | undefined> {
  return (await world.json<DaemonStatus>(['status'])).providers[0]?.breakers
}

/** Asks for a failing model until the provider is left alone. */
async function breakIt(): Promise<void> {
  await eventually(async () => (await daemon.ask(token)).status === 503, 'a breaker that opens')
  expect(await breakers()).toEqual({ 'mock-large': 'open' })
}

async function provider(...args: string[]): Promise<void> {
  const { stderr } = await world.balance(['providers', ...args])
  expect(stderr).toContain('in force')
}

/** The next request is let through. */
async function works(): Promise<void> {
  mock.setScript(KEY, 'ok')
  expect((await daemon.ask(token)).status).toBe(200)
  expect(await breakers()).toEqual({})
}

describe('an open breaker', () => {
  it('is closed by its owner, who switches the provider off and on', async () => {
    await breakIt()
    await provider('disable', 'mock')
    await provider('enable', 'mock')
    await works()
  })

  it('is closed where the owner changes the base URL', async () => {
    await provider('set', 'mock', `base_url=${elsewhere.url}`, '--yes')
    await breakIt()
    await provider('set', 'mock', `base_url=${mock.url}`, '--yes')
    await works()
  })

  it('stays open over a kill and a restart for the time that is left, then a probe goes out', async () => {
    await breakIt()
    // Written within a quarter of a second, and at once where somebody asks for the state.
    await world.json(['providers', 'list'])
    await daemon.kill()
    expect(await breakers()).toEqual({ 'mock-large': 'open' })
    const { stdout } = await world.balance(['providers', 'list'])
    expect(stdout).toContain('mock-large: breaker open')
    const asked = mock.requests.length
    daemon = await world.serve()
    expect((await daemon.ask(token)).status).toBe(503)
    expect(await breakers()).toEqual({ 'mock-large': 'open' })
    expect(mock.requests).toHaveLength(asked)
    const halfOpen = async () => (await breakers())?.['mock-large'] === 'half-open'
    await eventually(halfOpen, 'half-open', 10_000)
    await works()
  })
})

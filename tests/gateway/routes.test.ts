import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider, route } from '../support/catalog.ts'
import { ask, chat, startGateway, type TestGateway } from '../support/gateway.ts'
import {
  GOOD,
  OVERLOADED,
  PliantUpstream,
  RATE,
  type Reaction,
} from '../support/pliant-upstream.ts'

const path = '/v1/chat/completions'
const fast = () => ask(gateway.port, { path, body: chat({ model: 'fast' }) })
let upstream: PliantUpstream
let gateway: TestGateway

async function start(parts: Parameters<typeof startGateway>[0]): Promise<void> {
  gateway = await startGateway({
    providers: ['one', 'two'].map(name => provider(name, upstream.url)),
    keys: ['one', 'two'].flatMap(name =>
      ['a', 'b', 'c'].map(which => key(`${name}-${which}`, { provider: name })),
    ),
    ...parts,
    settings: { default_provider: 'one', ...parts?.settings },
  })
}

/** Which provider was asked how often since the last call. */
function counts(): Record<string, number> {
  const found: Record<string, number> = {}
  for (const name of upstream.take()) {
    const provider = name.split('-')[0] as string
    found[provider] = (found[provider] ?? 0) + 1
  }
  return found
}

/** A provider that reacts so, whichever of its keys comes; the other one is well. */
function failing(name: string, reaction: Reaction) {
  return (came: string) => (came.startsWith(name) ? reaction : GOOD)
}

beforeEach(async () => {
  upstream = await PliantUpstream.start()
})

afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

describe('a route', () => {
  it('shares requests by weight, exactly, and goes on where it stood after a change', async () => {
    const routes = [route('fast', { provider: 'one', weight: 3 }, { provider: 'two' })]
    await start({ routes })
    for (let n = 0; n < 40; n++) await fast()
    expect(counts()).toEqual({ one: 30, two: 10 })
    await fast()
    gateway.apply({
      revision: 2,
      providers: ['one', 'two'].map(name => provider(name, upstream.url)),
      keys: ['one', 'two'].map(name => key(`${name}-a`, { provider: name })),
      routes,
    })
    for (let n = 0; n < 39; n++) await fast()
    expect(counts()).toEqual({ one: 30, two: 10 })
  })

  it('uses a tier up before the next, and comes back to it', async () => {
    await start({ routes: [route('fast', { provider: 'one' }, { provider: 'two', tier: 2 })] })
    await fast()
    expect(counts()).toEqual({ one: 1 })
    upstream.react = failing('one', OVERLOADED)
    for (let n = 0; n < 10; n++) expect((await fast()).status).toBe(200)
    // After five failures its breaker is open, and it is not even asked.
    expect(counts()).toEqual({ one: 5, two: 10 })
  })

  it('goes on after two keys that are limited alike, and keeps an attempt for it', async () => {
    await start({ routes: [route('fast', { provider: 'one' }, { provider: 'two', tier: 2 })] })
    upstream.react = failing('one', RATE)
    const { status, headers } = await fast()
    expect([status, headers['x-balance-attempts'], headers['x-balance-provider']]).toEqual([
      200,
      '3',
      'two',
    ])
  })

  it('goes on where a provider does not know the model; nobody is charged', async () => {
    await start({ routes: [route('fast', { provider: 'one' }, { provider: 'two', tier: 2 })] })
    upstream.react = failing('one', { status: 404, body: { error: { code: 'model_not_found' } } })
    for (let n = 0; n < 10; n++) expect((await fast()).status).toBe(200)
    expect(counts()).toEqual({ one: 10, two: 10 })
    upstream.react = () => ({ status: 404, body: { error: { code: 'model_not_found' } } })
    const { status, text } = await fast()
    expect([status, JSON.parse(text).error.code]).toEqual([404, 'model_not_found'])
  })

  it('pays for a second model of the provider that fails, as for any repeat there', async () => {
    await start({
      routes: [route('fast', { provider: 'one', model: 'x' }, { provider: 'one', model: 'y' })],
    })
    upstream.react = () => OVERLOADED
    const total = 40
    for (let n = 0; n < total; n++) {
      // Another name each time, so that no breaker opens.
      const routes = [
        route('fast', { provider: 'one', model: `x${n}` }, { provider: 'one', model: `y${n}` }),
      ]
      gateway.apply({
        revision: n + 2,
        providers: [provider('one', upstream.url)],
        keys: ['a', 'b', 'c'].map(which => key(`one-${which}`, { provider: 'one' })),
        routes,
      })
      await fast()
    }
    // 100 tokens at 5 a repeat.
    expect(counts()).toEqual({ one: total + 20 })
  })

  it('changes the name of the model in the body, and no other byte', async () => {
    await start({ routes: [route('fast', { provider: 'two', model: 'gröt/"x"' })] })
    const bodies: Buffer[] = []
    upstream.react = (_key, _request, body) => {
      bodies.push(body)
      return GOOD
    }
    const before = '{ "n":1.0 , "messages":[{"model":"fast"}],\n "mod\\u0065l" : '
    const after = ' ,"x":"\\ud83d\\ude00 fast" }'
    await ask(gateway.port, { path, body: `${before}"fa\\u0073t"${after}` })
    expect(bodies.map(String)).toEqual([`${before}${JSON.stringify('gröt/"x"')}${after}`])
  })

  it('is recorded with the model that was asked for, and the one that served', async () => {
    await start({ routes: [route('fast', { provider: 'two', model: 'llama' })] })
    await fast()
    await gateway.gateway.flush()
    expect(gateway.records[0]).toMatchObject({
      model: 'fast',
      modelServed: 'llama',
      provider: 'two',
    })
  })

  it('is not asked where the path names a provider', async () => {
    await start({ routes: [route('fast', { provider: 'two' })] })
    await ask(gateway.port, { path: `/one${path}`, body: chat({ model: 'fast' }) })
    expect(counts()).toEqual({ one: 1 })
  })

  it('of that very name comes before a glob, and a longer glob before a shorter one', async () => {
    await start({
      routes: [
        route('f*', { provider: 'one' }),
        route('fa*', { provider: 'two' }),
        route('fast', { provider: 'one', model: 'exact' }),
      ],
    })
    const served = async (model: string) => {
      await ask(gateway.port, { path, body: chat({ model }) })
      return counts()
    }
    expect([await served('fast'), await served('far'), await served('foo')]).toEqual([
      { one: 1 },
      { two: 1 },
      { one: 1 },
    ])
  })
})

describe('a route of a model in the path', () => {
  let mock: Mock
  afterEach(() => mock.close())

  it('changes its name there', async () => {
    mock = await startMock()
    await start({
      providers: [provider('g', mock.url.replace('/v1', ''), { kind: 'gemini' })],
      keys: [key('g-a', { provider: 'g' })],
      routes: [route('fast', { provider: 'g', model: 'gemini-x' })],
    })
    const body = '{"contents":[]}'
    await ask(gateway.port, { path: '/v1beta/models/fast:generateContent?x=1', body })
    expect(mock.requests[0]?.url).toBe('/v1beta/models/gemini-x:generateContent?x=1')
    expect(String(mock.requests[0]?.body)).toBe(body)
  })
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { key, provider, route, token } from '../support/catalog.ts'
import { ask, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { PliantUpstream, REFUSED } from '../support/pliant-upstream.ts'

/** What each provider has: by the name in its key. */
const LISTS: Record<string, unknown> = {
  main: { object: 'list', data: [{ id: 'gpt-5', context: 9 }, { id: 'gpt-4' }, { id: 'o3' }] },
  other: { object: 'list', data: [{ id: 'llama-4' }, { id: 'gpt-5' }] },
  claude: {
    data: [{ type: 'model', id: 'claude-x', display_name: 'X' }],
    has_more: false,
    last_id: 'claude-x',
  },
  google: { models: [{ name: 'models/gemini-x', inputTokenLimit: 5 }, { name: 'models/old' }] },
}

let upstream: PliantUpstream
let gateway: TestGateway

async function start(parts: Parameters<typeof startGateway>[0]): Promise<void> {
  gateway = await startGateway({
    providers: [
      provider('main', upstream.url),
      provider('other', upstream.url),
      provider('claude', upstream.url, { kind: 'anthropic' }),
      provider('google', upstream.url.replace('/v1', ''), { kind: 'gemini' }),
    ],
    keys: Object.keys(LISTS).map(name => key(name, { provider: name })),
    ...parts,
    settings: { default_provider: 'main', ...parts?.settings },
  })
}

const list = async (path: string, headers = {}) => {
  const { status, text } = await ask(gateway.port, { path, headers })
  return { status, body: JSON.parse(text), ids: idsIn(JSON.parse(text)) }
}
const idsIn = (body: { data?: { id: string }[]; models?: { name: string }[] }) =>
  body.data?.map(({ id }) => id) ?? body.models?.map(({ name }) => name)

beforeEach(async () => {
  upstream = await PliantUpstream.start()
  upstream.react = name => ({ status: 200, body: LISTS[name] })
})

afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

describe('the list of models', () => {
  it('of one provider that serves all it has passes byte for byte', async () => {
    await start({})
    expect((await ask(gateway.port, { path: '/v1/models' })).text).toBe(JSON.stringify(LISTS.main))
    expect(upstream.take()).toEqual(['main'])
  })

  it('holds what the setting lets be served, as its vendor describes it', async () => {
    await start({ settings: { models: ['gpt-*', '!gpt-4'] } })
    expect((await list('/v1/models')).body).toEqual({
      object: 'list',
      data: [{ id: 'gpt-5', context: 9 }],
    })
  })

  it.each([
    ['/claude/v1/models', ['claude-x'], { has_more: false, first_id: 'claude-x' }],
    ['/google/v1beta/models', ['models/gemini-x'], {}],
    ['/other/v1/models', ['llama-4'], { object: 'list' }],
  ])('at %s is in that provider’s own manner', async (path, ids, more) => {
    const settings = { models: ['!old', '!gpt-*', '!o3', '!claude-y'] }
    await start({ settings })
    const answer = await list(path)
    expect(answer.ids).toEqual(ids)
    expect(answer.body).toMatchObject(more)
  })

  it('merges routes: their names, and what globs lead to, each where it would go', async () => {
    await start({
      routes: [
        route('fast', { provider: 'other', model: 'llama-4' }),
        route('gpt-5', { provider: 'main' }, { provider: 'other' }),
        route('llama-*', { provider: 'other' }),
        route('claude-*', { provider: 'claude' }),
        route('o*', { provider: 'claude' }),
      ],
    })
    const { ids, body } = await list('/v1/models')
    // `o3` is the main provider's, but requests for it are led elsewhere.
    expect(ids).toEqual(['fast', 'gpt-5', 'gpt-4', 'claude-x', 'llama-4'])
    expect(body.data[0]).toEqual({ id: 'fast', object: 'model', created: 0, owned_by: 'balance' })
    expect(body.data[3]).toMatchObject({ id: 'claude-x', object: 'model', owned_by: 'claude' })
  })

  it('is that of the caller', async () => {
    await start({
      routes: [
        route('fast', { provider: 'other', model: 'llama-4' }),
        route('llama-*', { provider: 'other' }),
      ],
      tokens: [token('t', TOKEN, { models: ['fast', 'gpt-5', 'llama-*'], providers: ['main'] })],
    })
    expect((await list('/v1/models')).ids).toEqual(['gpt-5'])
    expect(upstream.take()).toEqual(['main'])
  })

  it('goes on to the next key where one is refused, and what that teaches is kept', async () => {
    await start({
      keys: [key('bad', { provider: 'main' }), key('main', { provider: 'main' })],
      settings: { models: ['!o3'] },
    })
    upstream.react = name => (name === 'bad' ? REFUSED : { status: 200, body: LISTS[name] })
    expect((await list('/v1/models')).ids).toEqual(['gpt-5', 'gpt-4'])
    expect(gateway.gateway.memories()).toMatchObject([
      { keyId: 'bad', failures: 1 },
      { keyId: 'main' },
    ])
    await gateway.gateway.flush()
    expect(gateway.records[0]).toMatchObject({
      status: 200,
      outcome: 'ok',
      attempts: 2,
      failures: [{ attempt: 1, keyId: 'bad', status: 401, code: 'invalid_api_key' }],
    })
  })

  it('without the provider that fails is the others’; of none it is that error', async () => {
    await start({ routes: [route('llama-*', { provider: 'other' })] })
    upstream.react = name =>
      name === 'main' ? { status: 500 } : { status: 200, body: LISTS[name] }
    expect((await list('/v1/models')).ids).toEqual(['llama-4'])
    upstream.react = () => REFUSED
    const { status, body } = await list('/v1/models')
    expect([status, body.error.code]).toEqual([502, 'upstream_credentials_exhausted'])
  })

  it.each(['main', 'lister'])(
    'is asked for with models_key first, by id or label (%s)',
    async given => {
      await start({
        keys: [
          key('first', { provider: 'main' }),
          key('main', { provider: 'main', label: 'lister' }),
        ],
        settings: { models_key: given },
      })
      for (let n = 0; n < 3; n++) await list('/v1/models')
      gateway.apply({
        providers: [provider('main', upstream.url)],
        keys: [
          key('first', { provider: 'main' }),
          key('main', { provider: 'main', label: 'lister' }),
        ],
        settings: { default_provider: 'main', models_key: given, models: ['!o3'] },
      })
      await list('/v1/models')
      expect(upstream.take()).toEqual(['main', 'main', 'main', 'main'])
    },
  )
})

describe('one model', () => {
  it('is described by the provider that its route leads to, under the name it has there', async () => {
    await start({ routes: [route('fast', { provider: 'other', model: 'meta/llama-4' })] })
    let asked = ''
    upstream.react = (_, { url = '' }) => {
      asked = url
      return { status: 200, body: { id: 'meta/llama-4' } }
    }
    expect((await list('/v1/models/fast')).status).toBe(200)
    expect([asked, upstream.take()]).toEqual(['/v1/models/meta/llama-4', ['other']])
  })

  it('that is not served is denied, as any request for it is', async () => {
    await start({ settings: { models: ['!o3'] } })
    const { status, body } = await list('/v1/models/o3')
    expect([status, body.error.code]).toEqual([403, 'model_not_allowed'])
    const chat = await ask(gateway.port, {
      path: '/v1/chat/completions',
      body: JSON.stringify({ model: 'o3' }),
    })
    expect([chat.status, JSON.parse(chat.text).error.code]).toEqual([403, 'model_not_allowed'])
    expect(upstream.take()).toEqual([])
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider, route } from '../support/catalog.ts'
import { ask, chat, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'

const SECRET = 'sk-a-0123456789abcdef'

let mock: Mock
let gateway: TestGateway

beforeAll(async () => {
  mock = await startMock({
    respond: (_, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"choices":[],"data":[]}')
      return true
    },
  })
  gateway = await startGateway({})
})

afterAll(async () => {
  await gateway.close()
  await mock.close()
})

/** One provider `p`, of which everything else may be said. */
function serve(
  change: Parameters<typeof provider>[2],
  at = '',
  routes: ReturnType<typeof route>[] = [],
) {
  gateway.apply({
    settings: { default_provider: 'p' },
    providers: [provider('p', `http://127.0.0.1:${mock.port}${at}`, change)],
    keys: [key('a', { provider: 'p' })],
    routes,
  })
}

/** What went up last: its target, and its headers by their names. */
function up() {
  const { url, rawHeaders = [] } = mock.requests.at(-1) ?? {}
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map(name => name.toLowerCase())
  const headers = Object.fromEntries(names.map((name, i) => [name, rawHeaders[2 * i + 1]]))
  return { url, names, headers }
}

describe('azure', () => {
  beforeEach(() => serve({ kind: 'azure' }))

  it('is asked for the deployment of the model’s name, with its own key header', async () => {
    await ask(gateway.port, { path: '/v1/chat/completions', body: chat({ model: 'my-gpt' }) })
    expect(up().url).toBe('/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21')
    expect(up().headers['api-key']).toBe(SECRET)
    expect(up().names).not.toContain('authorization')
    await gateway.gateway.flush()
    expect(gateway.records.at(-1)).toMatchObject({ model: 'my-gpt', path: '/v1/chat/completions' })
  })

  it('takes its own clients’ paths and version as they are, their token in api-key', async () => {
    const path = '/p/openai/deployments/d/chat/completions?api-version=2025-01-01-preview'
    const headers = { 'api-key': TOKEN }
    await ask(gateway.port, { path, body: '{"messages":[]}', headers, token: null })
    expect(up().url).toBe(path.slice('/p'.length))
    expect(up().headers['api-key']).toBe(SECRET)
    await gateway.gateway.flush()
    expect(gateway.records.at(-1)).toMatchObject({ model: 'd' })
  })

  it('is asked for another deployment by an alias, which the body names as well', async () => {
    serve({ kind: 'azure' }, '', [route('gpt-4o', { provider: 'p', model: 'my-gpt' })])
    await ask(gateway.port, { path: '/v1/chat/completions', body: chat({ model: 'gpt-4o' }) })
    expect(up().url).toContain('/deployments/my-gpt/')
    expect(mock.requests.at(-1)?.body.toString()).toContain('"my-gpt"')
  })

  it.each(['{"messages":[]}', chat({ model: '..' }), chat({ model: '\ud800' })])(
    'without a model that could be a deployment nothing is sent: %s',
    async body => {
      const before = mock.requests.length
      const answer = await ask(gateway.port, { path: '/v1/chat/completions', body })
      expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([400, 'invalid_request'])
      expect(answer.text).toContain('deployment')
      expect(mock.requests).toHaveLength(before)
    },
  )

  it('lists the models of the resource', async () => {
    const answer = await ask(gateway.port, { path: '/v1/models' })
    expect([answer.status, up().url]).toEqual([200, '/openai/models?api-version=2024-10-21'])
  })

  it('is asked for OpenAI’s paths where its base URL is that of the API without dates', async () => {
    serve({ kind: 'azure' }, '/openai/v1')
    await ask(gateway.port, { path: '/v1/chat/completions', body: chat({ model: 'm' }) })
    expect(up().url).toBe('/openai/v1/chat/completions')
  })

  it('serves routes beside providers of kind openai, for its family is theirs', async () => {
    serve({ kind: 'azure' }, '', [route('m', { provider: 'p', model: 'd' })])
    const answer = await ask(gateway.port, { path: '/v1/embeddings', body: chat({ model: 'm' }) })
    expect([answer.status, up().url]).toEqual([
      200,
      '/openai/deployments/d/embeddings?api-version=2024-10-21',
    ])
  })
})

describe('custom', () => {
  const own = { key_header: 'x-api-token', key_template: 'Token {key}', query: { tenant: 'blue' } }

  it('is shown its key where and as its owner says, with its own parameters', async () => {
    serve({ kind: 'custom', overrides: { ...own, headers: { 'x-api-token': 'theirs' } } })
    const path = '/v1/chat/completions?tenant=red&a=b'
    await ask(gateway.port, { path, body: chat(), headers: { 'x-api-token': 'mine' } })
    expect(up().url).toBe('/v1/chat/completions?a=b&tenant=blue')
    expect(up().headers['x-api-token']).toBe(`Token ${SECRET}`)
    expect(up().names.filter(name => name === 'x-api-token')).toHaveLength(1)
    expect(up().names).not.toContain('authorization')
  })

  it('is OpenAI’s API otherwise', async () => {
    serve({ kind: 'custom' })
    await ask(gateway.port, { path: '/v1/chat/completions', body: chat() })
    expect(up().headers.authorization).toBe(`Bearer ${SECRET}`)
    const answer = await ask(gateway.port, { path: '/v1/messages', body: chat() })
    expect(JSON.parse(answer.text).error.message).toContain('kind anthropic')
  })

  it.each(['openai', 'anthropic', 'gemini', 'azure'] as const)(
    'what it may say of its key any %s may',
    async kind => {
      serve({ kind, overrides: { key_header: 'x-api-token' } })
      await ask(gateway.port, { path: '/p/v1/models' })
      expect(up().headers['x-api-token']).toBe(SECRET)
      expect(JSON.stringify(up().headers).split(SECRET)).toHaveLength(2)
    },
  )

  it('never gets a client’s token, whatever is forwarded', async () => {
    const forward_headers = ['authorization', 'api-key', 'x-api-key', 'x-goog-api-key', 'x-other']
    serve({ kind: 'custom', overrides: { ...own, forward_headers } })
    const headers = {
      'x-api-key': TOKEN,
      'api-key': TOKEN,
      'x-goog-api-key': TOKEN,
      'x-other': 'o',
    }
    await ask(gateway.port, { path: '/v1/chat/completions', body: chat(), headers })
    expect(up().headers['x-other']).toBe('o')
    expect(JSON.stringify(up().headers)).not.toContain(TOKEN)
  })
})

describe('anthropic', () => {
  const versions = async (headers: Record<string, string>) => {
    await ask(gateway.port, { path: '/v1/messages', body: chat(), headers })
    const { rawHeaders = [] } = mock.requests.at(-1) ?? {}
    return rawHeaders.filter((_, i) => rawHeaders[i - 1]?.toLowerCase() === 'anthropic-version')
  }

  it('is told a version where the client tells none, and its betas as they came', async () => {
    serve({ kind: 'anthropic' })
    expect(await versions({ 'anthropic-beta': 'a-1,b-2' })).toEqual(['2023-06-01'])
    expect(up().headers['anthropic-beta']).toBe('a-1,b-2')
    expect(await versions({ 'Anthropic-Version': '2023-01-01' })).toEqual(['2023-01-01'])
  })

  it('is told its owner’s', async () => {
    serve({ kind: 'anthropic', overrides: { api_version: '2031-01-01' } })
    expect(await versions({})).toEqual(['2031-01-01'])
    expect(await versions({ 'anthropic-version': '2023-01-01' })).toEqual(['2023-01-01'])
    serve({ kind: 'anthropic', overrides: { headers: { 'anthropic-version': 'always' } } })
    expect(await versions({ 'anthropic-version': '2023-01-01' })).toEqual(['always'])
  })
})

describe('gemini', () => {
  it('gets its key in the header; a client’s ?key= is a token and goes nowhere', async () => {
    serve({ kind: 'gemini' })
    const path = `/v1beta/models/g:generateContent?key=${TOKEN}&alt=json`
    const answer = await ask(gateway.port, { path, body: '{"contents":[]}', token: null })
    expect(answer.status).toBe(200)
    expect(up().url).toBe('/v1beta/models/g:generateContent?alt=json')
    expect(up().headers['x-goog-api-key']).toBe(SECRET)
    expect(JSON.stringify(mock.requests.at(-1))).not.toContain(TOKEN)
  })
})

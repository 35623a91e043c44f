import OpenAI, { AzureOpenAI, BadRequestError, NotFoundError } from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider, route } from '../support/catalog.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'

const SECRET = 'sk-a-0123456789abcdef'
const messages = [{ role: 'user' as const, content: 'Hi' }]
const chunk = (delta: object, rest = {}) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, ...rest }] })}\n\n`
const STREAM = [
  // Azure's first chunk has the verdict on the prompt, and no choice.
  'data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}]}\n\n',
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: 'Olá' }),
  chunk({}, { finish_reason: 'stop' }),
  'data: [DONE]\n\n',
]

let mock: Mock
let gateway: TestGateway
/** What the resource refuses with; null: it answers. */
let refusal: { status: number; error: object } | null = null

/** As a resource of Azure's does: by its header, its paths and its versions alone. */
beforeAll(async () => {
  mock = await startMock({
    respond: ({ url, body, rawHeaders }, response) => {
      const json = (status: number, document: unknown) =>
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify(document))
      const at = rawHeaders.findIndex(name => name.toLowerCase() === 'api-key')
      const place = /^\/openai\/deployments\/my-gpt\/(chat\/completions|embeddings)\?api-version=2/
      if (at % 2 !== 0 || rawHeaders[at + 1] !== SECRET) {
        json(401, {
          error: { code: '401', message: 'Access denied due to invalid subscription key.' },
        })
      } else if (refusal !== null) json(refusal.status, { error: refusal.error })
      else if (url.startsWith('/openai/models?api-version='))
        json(200, { data: [{ id: 'gpt-4o' }] })
      else if (!place.test(url)) {
        json(404, {
          error: { code: 'DeploymentNotFound', message: 'There is no such deployment.' },
        })
      } else if (url.includes('/embeddings')) json(200, { data: [{ index: 0, embedding: [0.5] }] })
      else if (body.includes('"stream":true')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (const piece of STREAM) response.write(piece)
        response.end()
      } else json(200, { choices: [{ message: { role: 'assistant', content: 'Olá' } }] })
      return true
    },
  })
  gateway = await startGateway({})
})

beforeEach(() => {
  refusal = null
  gateway.apply({
    settings: { default_provider: 'azure' },
    providers: [
      provider('azure', `http://127.0.0.1:${mock.port}`, {
        id: `p_${mock.requests.length}`,
        kind: 'azure',
      }),
    ],
    keys: [key('a', { provider: 'azure' })],
    routes: [route('gpt-4o', { provider: 'azure', model: 'my-gpt' })],
  })
})

afterAll(async () => {
  await gateway.close()
  await mock.close()
})

const azure = () =>
  new AzureOpenAI({
    endpoint: `${gateway.url}/azure`,
    apiKey: TOKEN,
    apiVersion: '2024-10-21',
    maxRetries: 0,
    logLevel: 'off',
  })
const openai = () =>
  new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: TOKEN, maxRetries: 0, logLevel: 'off' })

/** Azure's own client asks for deployments, OpenAI's for what a route makes one of. */
const CLIENTS = [
  ['AzureOpenAI', azure, 'my-gpt'],
  ['OpenAI', openai, 'gpt-4o'],
] as const

describe.each(CLIENTS)('a deployment of Azure, by the official client %s', (_, client, model) => {
  it('chats', async () => {
    const answer = await client().chat.completions.create({ model, messages })
    expect(answer.choices[0]?.message.content).toBe('Olá')
  })

  it('streams', async () => {
    const stream = await client().chat.completions.create({ model, messages, stream: true })
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    expect(text).toBe('Olá')
  })

  it('embeds', async () => {
    const ask = client().embeddings.create({ model, input: 'Hi', encoding_format: 'float' })
    expect((await ask).data[0]?.embedding).toEqual([0.5])
  })

  it('raises what the resource says of a prompt, and charges nobody', async () => {
    const innererror = { code: 'ResponsibleAIPolicyViolation' }
    refusal = { status: 400, error: { code: 'content_filter', message: 'No.', innererror } }
    const ask = client().chat.completions.create({ model, messages })
    await expect(ask).rejects.toBeInstanceOf(BadRequestError)
    await expect(ask).rejects.toMatchObject({ code: 'content_filter' })
    expect(gateway.verdicts).toEqual([])
  })
})

describe('a deployment that there is not', () => {
  it('is Azure’s to say', async () => {
    const ask = azure().chat.completions.create({ model: 'other', messages })
    await expect(ask).rejects.toBeInstanceOf(NotFoundError)
    await expect(ask).rejects.toMatchObject({ code: 'DeploymentNotFound' })
  })
})

describe('the models of a resource', () => {
  it('are listed to both clients', async () => {
    expect((await azure().models.list()).data.map(({ id }) => id)).toEqual(['gpt-4o'])
    const listed = (await openai().models.list()).data.map(({ id }) => id)
    expect(listed).toContain('gpt-4o')
  })
})

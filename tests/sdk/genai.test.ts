import { ApiError, GoogleGenAI } from '@google/genai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider } from '../support/catalog.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'

const model = 'gemini-m'
const part = (text: string, rest: object = {}) => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, ...rest }],
})
const USAGE = { promptTokenCount: 4, candidatesTokenCount: 2, totalTokenCount: 6 }
const ANSWER = { ...part('Olá', { finishReason: 'STOP' }), usageMetadata: USAGE }
const STREAM = [part('Ol'), { ...part('á', { finishReason: 'STOP' }), usageMetadata: USAGE }]

let mock: Mock
let gateway: TestGateway
/** What the vendor refuses with; null: it answers. */
let refusal: { code: number; status: string } | null = null

beforeAll(async () => {
  mock = await startMock({
    respond: ({ url }, response) => {
      const json = (status: number, document: unknown) =>
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify(document))
      if (refusal !== null) json(refusal.code, { error: { ...refusal, message: 'No.' } })
      else if (url.includes(':countTokens')) json(200, { totalTokens: 4 })
      else if (url.includes(':batchEmbed')) json(200, { embeddings: [{ values: [0.5] }] })
      else if (url.endsWith(':streamGenerateContent?alt=sse')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (const event of STREAM) response.write(`data: ${JSON.stringify(event)}\r\n\r\n`)
        response.end()
      } else if (url.endsWith(':streamGenerateContent')) json(200, STREAM)
      else if (/^\/v1beta\/models(\?|$)/.test(url))
        json(200, { models: [{ name: `models/${model}` }] })
      else json(200, ANSWER)
      return true
    },
  })
  gateway = await startGateway({})
})

beforeEach(() => {
  refusal = null
  gateway.apply({
    providers: [
      provider('google', `http://127.0.0.1:${mock.port}`, {
        id: `p_${mock.requests.length}`,
        kind: 'gemini',
        overrides: { max_retries: 1 },
      }),
    ],
    keys: [key('a', { provider: 'google' })],
  })
})

afterAll(async () => {
  await gateway.close()
  await mock.close()
})

function connect(apiKey = TOKEN): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gateway.url } })
}

async function cost() {
  await gateway.gateway.flush()
  const { promptTokens, completionTokens, stream } = gateway.records.at(-1) ?? {}
  return { promptTokens, completionTokens, stream }
}

describe('the official client of Gemini', () => {
  it('generates, and what it cost is written down', async () => {
    const answer = await connect().models.generateContent({ model, contents: 'Hi' })
    expect(answer.text).toBe('Olá')
    expect(await cost()).toEqual({ promptTokens: 4, completionTokens: 2, stream: false })
  })

  it('streams, with usage', async () => {
    const stream = await connect().models.generateContentStream({ model, contents: 'Hi' })
    const texts: (string | undefined)[] = []
    for await (const { text } of stream) texts.push(text)
    expect(texts).toEqual(['Ol', 'á'])
    expect(await cost()).toEqual({ promptTokens: 4, completionTokens: 2, stream: true })
  })

  it('counts tokens, embeds and lists models', async () => {
    const { models } = connect()
    expect((await models.countTokens({ model, contents: 'Hi' })).totalTokens).toBe(4)
    const { embeddings } = await models.embedContent({ model, contents: 'Hi' })
    expect(embeddings?.[0]?.values).toEqual([0.5])
    const pager = await models.list()
    expect(pager.page.map(({ name }) => name)).toEqual([`models/${model}`])
  })

  it('never has its token go up', async () => {
    await connect().models.generateContent({ model, contents: 'Hi' })
    const { rawHeaders = [], url = '' } = mock.requests.at(-1) ?? {}
    const at = rawHeaders.findIndex(name => name.toLowerCase() === 'x-goog-api-key')
    expect(rawHeaders[at + 1]).toBe('sk-a-0123456789abcdef')
    expect(JSON.stringify([rawHeaders, url])).not.toContain(TOKEN)
  })

  it.each([
    ['of a token that is not valid', 'bal_wrong', null, 401],
    ['of a vendor that is overloaded', TOKEN, { code: 503, status: 'UNAVAILABLE' }, 503],
    ['of a prompt that is wrong', TOKEN, { code: 400, status: 'INVALID_ARGUMENT' }, 400],
  ])('raises ApiError %s', async (_, apiKey, refused, status) => {
    refusal = refused
    const ask = connect(apiKey).models.generateContent({ model, contents: 'Hi' })
    await expect(ask).rejects.toBeInstanceOf(ApiError)
    await expect(ask).rejects.toMatchObject({ status })
  })
})

describe('Gemini over plain HTTP', () => {
  const post = (path: string) =>
    fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"contents":[{"parts":[{"text":"Hi"}]}]}',
    })

  it('generates and streams both ways for whoever shows a token as ?key=', async () => {
    const at = `/v1beta/models/${model}`
    const whole = await post(`${at}:generateContent?key=${TOKEN}`)
    expect(await whole.json()).toEqual(ANSWER)
    const array = await post(`${at}:streamGenerateContent?key=${TOKEN}`)
    expect(await array.json()).toEqual(STREAM)
    const events = await post(`${at}:streamGenerateContent?alt=sse&key=${TOKEN}`)
    expect((await events.text()).match(/^data: /gm)).toHaveLength(2)
    expect(mock.requests.at(-1)?.url).toBe(`${at}:streamGenerateContent?alt=sse`)
  })
})

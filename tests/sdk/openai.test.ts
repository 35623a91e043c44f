import OpenAI, { AuthenticationError, NotFoundError, toFile } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider, route } from '../support/catalog.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'

const messages = [{ role: 'user' as const, content: 'Hello' }]
let mock: Mock
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  mock = await startMock({
    rate: 0,
    scripts: { 'sk-limited-0123456789': '429:30s', 'sk-revoked-0123456789': '401' },
  })
  gateway = await startGateway({
    providers: [provider('mock', mock.url)],
    keys: [
      key('healthy'),
      key('limited', { value: 'sk-limited-0123456789' }),
      key('revoked', { value: 'sk-revoked-0123456789' }),
    ],
  })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: TOKEN, maxRetries: 0 })
})

afterAll(async () => {
  await gateway.close()
  await mock.close()
})

describe('the official openai client', () => {
  it('lists models', async () => {
    const models = await client.models.list()
    expect(models.data.map(({ id }) => id)).toContain('mock-large')
  })

  it('chats, whatever key its turn falls on', async () => {
    for (let i = 0; i < 9; i++) {
      const answer = await client.chat.completions.create({ model: 'mock-large', messages })
      expect(answer.choices[0]?.message.content).toMatch(/\S/)
      expect(answer.usage?.total_tokens).toBeGreaterThan(0)
    }
  })

  it('streams, with usage', async () => {
    const stream = await client.chat.completions.create({
      model: 'mock-large',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let tokens = 0
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      tokens = chunk.usage?.completion_tokens ?? tokens
    }
    expect(text).toMatch(/\S/)
    expect(tokens).toBeGreaterThan(0)
    await gateway.gateway.flush()
    expect(gateway.records.at(-1)).toMatchObject({ stream: true, completionTokens: tokens })
  })

  it('embeds', async () => {
    const answer = await client.embeddings.create({
      model: 'mock-embedding',
      input: ['one', 'two'],
    })
    expect(answer.data).toHaveLength(2)
    expect(answer.data[0]?.embedding.length).toBeGreaterThan(0)
  })

  it('asks for responses, whole and streamed', async () => {
    const whole = await client.responses.create({ model: 'mock-large', input: 'Hello' })
    expect(whole.output_text).toMatch(/\S/)
    const stream = await client.responses.create({
      model: 'mock-large',
      input: 'Hello',
      stream: true,
    })
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(types[0]).toBe('response.created')
    expect(types.at(-1)).toBe('response.completed')
  })

  it('sends files, and forms that name a model', async () => {
    const one = await startGateway({
      providers: [provider('mock', mock.url)],
      keys: [key('healthy')],
      routes: [route('ears', { model: 'mock-whisper' })],
    })
    const forms = new OpenAI({ baseURL: `${one.url}/v1`, apiKey: TOKEN, maxRetries: 0 })
    const file = () => toFile(Buffer.alloc(200_000, 'speech'), 'a.mp3')
    await forms.audio.transcriptions.create({ file: await file(), model: 'ears' })
    expect(mock.requests.at(-1)?.body.toString()).toContain('name="model"\r\n\r\nmock-whisper\r\n')
    await forms.images.edit({ image: [await file(), await file()], prompt: 'x', model: 'ears' })
    await forms.files.create({ file: await file(), purpose: 'assistants' })
    await one.gateway.flush()
    expect(
      one.records.map(({ model, modelServed, status }) => [model, modelServed, status]),
    ).toEqual([
      ['ears', 'mock-whisper', 200],
      ['ears', 'mock-whisper', 200],
      [null, null, 200],
    ])
    await one.close()
  })

  it('aborts a stream, and the upstream knows at once', async () => {
    mock.setScript('sk-healthy-0123456789abcdef', 'hang-after:2')
    const stream = await client.chat.completions.create({
      model: 'mock-large',
      messages,
      stream: true,
    })
    const aborted = mock.nextAbort()
    for await (const _chunk of stream) {
      stream.controller.abort()
      break
    }
    await aborted
    mock.setScript('sk-healthy-0123456789abcdef', 'ok')
  })

  it('raises AuthenticationError for a token that is not valid', async () => {
    const stranger = new OpenAI({
      baseURL: `${gateway.url}/v1`,
      apiKey: 'bal_wrong',
      maxRetries: 2,
    })
    const before = mock.requests.length
    await expect(stranger.models.list()).rejects.toBeInstanceOf(AuthenticationError)
    expect(mock.requests).toHaveLength(before)
  })

  it('raises NotFoundError for an unknown provider', async () => {
    const lost = new OpenAI({ baseURL: `${gateway.url}/nowhere/v1`, apiKey: TOKEN, maxRetries: 0 })
    await expect(lost.models.list()).rejects.toBeInstanceOf(NotFoundError)
  })
})

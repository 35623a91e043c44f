import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'

let mock: Mock

beforeAll(async () => {
  mock = await startMock({ scripts: { 'sk-bad': '401', 'sk-slow': 'hang-after:3' } })
})
afterAll(() => mock.close())

function client(apiKey = 'sk-good'): OpenAI {
  return new OpenAI({ apiKey, baseURL: mock.url, maxRetries: 0 })
}

const messages = [{ role: 'user' as const, content: 'Hello' }]

describe('the official openai client', () => {
  it('chats', async () => {
    const answer = await client().chat.completions.create({ model: 'mock-large', messages })
    expect(answer.choices[0]?.message.content).toMatch(/^The morning light/)
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.usage?.total_tokens).toBe(
      (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0),
    )
    expect(answer._request_id).toMatch(/^req_mock/)
  })

  it('streams the same text, with usage where it asks for it', async () => {
    const whole = await client().chat.completions.create({ model: 'm', messages, max_tokens: 20 })
    const stream = await client().chat.completions.create({
      model: 'm',
      messages,
      max_completion_tokens: 20,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let usage: unknown = null
    let reason: string | null | undefined = null
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
      reason = chunk.choices[0]?.finish_reason ?? reason
    }
    expect(text).toBe(whole.choices[0]?.message.content)
    expect(usage).toMatchObject({ completion_tokens: 20 })
    expect(reason).toBe('length')
  })

  it('collects a stream into a whole answer', async () => {
    const runner = client().chat.completions.stream({ model: 'm', messages })
    expect((await runner.finalChatCompletion()).choices[0]?.finish_reason).toBe('stop')
  })

  it('completes', async () => {
    const answer = await client().completions.create({ model: 'm', prompt: 'Once' })
    expect(answer.choices[0]?.text).toMatch(/^The morning/)
    let text = ''
    const stream = await client().completions.create({ model: 'm', prompt: 'Once', stream: true })
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? ''
    expect(text).toBe(answer.choices[0]?.text)
  })

  it('embeds: the same vector for the same text, in both encodings', async () => {
    const input = ['one', 'two', 'one']
    const answer = await client().embeddings.create({ model: 'm', input, dimensions: 12 })
    const plain = await client().embeddings.create({
      model: 'm',
      input: 'one',
      dimensions: 12,
      encoding_format: 'float',
    })
    const [one, two, again] = answer.data.map(item => item.embedding)
    expect(one).toHaveLength(12)
    expect(again).toEqual(one)
    expect(two).not.toEqual(one)
    expect(plain.data[0]?.embedding).toEqual(one)
    expect(Math.hypot(...(one ?? []))).toBeCloseTo(1, 5)
  })

  it('lists models and gets one', async () => {
    const names: string[] = []
    for await (const model of client().models.list()) names.push(model.id)
    expect(names).toContain('mock-small')
    expect((await client().models.retrieve('mock-small')).object).toBe('model')
    await expect(client().models.retrieve('gpt-nonsense')).rejects.toThrow(OpenAI.NotFoundError)
  })

  it('makes a response', async () => {
    const response = await client().responses.create({ model: 'm', input: 'Hello' })
    expect(response.status).toBe('completed')
    expect(response.output_text).toMatch(/^The morning/)
    expect(response.usage?.output_tokens).toBe(32)
  })

  it('streams a response in the official order of events', async () => {
    const types: string[] = []
    const runner = client().responses.stream({ model: 'm', input: 'Hello' })
    let expected = 0
    for await (const event of runner) {
      expect(event.sequence_number).toBe(expected++)
      if (types.at(-1) !== event.type) types.push(event.type)
    }
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect((await runner.finalResponse()).output_text).toMatch(/^The morning/)
  })

  it('raises what it should for a revoked key, a rate limit, and an error in a stream', async () => {
    const create = (key: string, script?: string) =>
      client(key).chat.completions.create(
        { model: 'm', messages },
        script === undefined ? {} : { headers: { 'x-mock-script': script } },
      )
    await expect(create('sk-bad')).rejects.toThrow(OpenAI.AuthenticationError)
    await expect(create('sk-good', '429:2s')).rejects.toThrow(OpenAI.RateLimitError)
    await expect(create('sk-good', '500')).rejects.toThrow(OpenAI.InternalServerError)
    const broken = await client().chat.completions.create(
      { model: 'm', messages, stream: true },
      { headers: { 'x-mock-script': 'error-event:2' } },
    )
    await expect(drain(broken)).rejects.toThrow(/server had an error/)
  })

  it('aborts a stream, and the mock sees it leave', async () => {
    const left = mock.nextAbort()
    const stream = await client('sk-slow').chat.completions.create({
      model: 'm',
      messages,
      stream: true,
    })
    for await (const _ of stream) break
    expect((await left).key).toBe('sk-slow')
  })
})

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

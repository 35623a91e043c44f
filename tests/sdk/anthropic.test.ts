import Anthropic, { APIError, AuthenticationError, RateLimitError } from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider, token } from '../support/catalog.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { MESSAGES_RECORDING } from '../support/recordings.ts'

const NARROW = 'bal_one-a-minute-0123456789abcdef'
const question = {
  model: 'claude-m',
  max_tokens: 64,
  messages: [{ role: 'user' as const, content: 'Hi' }],
}
const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-m',
  content: [{ type: 'text', text: 'Olá' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 12, cache_read_input_tokens: 30, output_tokens: 6 },
}

let mock: Mock
let gateway: TestGateway
let client: Anthropic
/** What the vendor refuses with; null: it answers. */
let refusal: { status: number; type: string } | null = null
/** The key that is refused; null: all are. */
let refuses: string | null = null
/** Its streams stop after so many bytes, and stay open. */
let stopsAfter = Number.POSITIVE_INFINITY

beforeAll(async () => {
  mock = await startMock({
    respond: ({ url, body, key }, response) => {
      if (url.startsWith('/v1/messages/count_tokens')) {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":7}')
      } else if (refusal !== null && (refuses === null || refuses === key)) {
        const error = { type: refusal.type, message: 'No.' }
        response
          .writeHead(refusal.status, { 'content-type': 'application/json' })
          .end(JSON.stringify({ type: 'error', error }))
      } else if (body.includes('"stream":true')) {
        const bytes = MESSAGES_RECORDING.bytes.subarray(0, stopsAfter)
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(bytes)
        if (bytes.length === MESSAGES_RECORDING.bytes.length) response.end()
      } else {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(MESSAGE))
      }
      return true
    },
  })
  gateway = await startGateway({})
  client = connect()
})

beforeEach(() => {
  refusal = null
  refuses = null
  stopsAfter = Number.POSITIVE_INFINITY
  // Of a provider of that name nothing is known yet: what one test taught is no matter to the next.
  gateway.apply({
    providers: [
      provider('vendor', mock.url, {
        id: `p_${mock.requests.length}`,
        kind: 'anthropic',
        overrides: { max_retries: 1 },
      }),
    ],
    keys: [key('a', { provider: 'vendor' })],
    tokens: [token('test', TOKEN), token('narrow', NARROW, { rpm: 1 })],
  })
})

afterAll(async () => {
  await gateway.close()
  await mock.close()
})

function connect(apiKey = TOKEN): Anthropic {
  return new Anthropic({ baseURL: gateway.url, apiKey, maxRetries: 0, logLevel: 'off' })
}

/** What it raises. */
async function raised(ask: Promise<unknown>): Promise<APIError> {
  const error = await ask.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(APIError)
  return error as APIError
}

describe('the official Anthropic client', () => {
  it('gets a message, and what it cost is written down', async () => {
    const message = await client.messages.create(question)
    expect(message).toMatchObject({ content: MESSAGE.content, usage: { output_tokens: 6 } })
    await gateway.gateway.flush()
    expect(gateway.records.at(-1)).toMatchObject({
      outcome: 'ok',
      promptTokens: 42,
      cachedTokens: 30,
      completionTokens: 6,
    })
  })

  it('streams a message with a tool call, and its usage', async () => {
    const message = await client.messages.stream(question).finalMessage()
    expect(message).toMatchObject({
      stop_reason: 'tool_use',
      content: [
        { type: 'text', text: 'Olá 👋🏽' },
        { type: 'tool_use', name: 'f', input: { a: 1 } },
      ],
      usage: { input_tokens: 25, output_tokens: 15 },
    })
    await gateway.gateway.flush()
    expect(gateway.records.at(-1)).toMatchObject({
      stream: true,
      promptTokens: 25,
      completionTokens: 15,
    })
  })

  it('sends tools, and counts what they would cost', async () => {
    const tools = [{ name: 'f', input_schema: { type: 'object' as const, properties: {} } }]
    await client.messages.create({ ...question, tools })
    expect(JSON.parse(String(mock.requests.at(-1)?.body))).toMatchObject({ tools })
    const count = await client.messages.countTokens({
      model: 'claude-m',
      messages: question.messages,
    })
    expect(count.input_tokens).toBe(7)
    expect(mock.requests.at(-1)?.url).toBe('/v1/messages/count_tokens')
    await gateway.gateway.flush()
    expect(gateway.records.at(-1)).toMatchObject({ outcome: 'ok', model: 'claude-m' })
  })

  it('asks for betas, which the vendor is told of', async () => {
    await client.beta.messages.create({ ...question, betas: ['context-1m-2025-08-07'] })
    const { rawHeaders = [] } = mock.requests.at(-1) ?? {}
    const names = rawHeaders.map(name => name.toLowerCase())
    expect(rawHeaders[names.indexOf('anthropic-beta') + 1]).toBe('context-1m-2025-08-07')
    expect(rawHeaders[names.indexOf('anthropic-version') + 1]).toMatch(/^\d{4}-\d\d-\d\d$/)
  })

  it('never hears of an overloaded vendor where another attempt is answered', async () => {
    gateway.apply({
      providers: [provider('vendor', mock.url, { id: 'p_two', kind: 'anthropic' })],
      keys: ['a', 'b'].map(id => key(id, { provider: 'vendor' })),
    })
    refusal = { status: 529, type: 'overloaded_error' }
    refuses = 'sk-a-0123456789abcdef'
    for (let i = 0; i < 4; i++) {
      expect(await client.messages.create(question)).toMatchObject({ content: MESSAGE.content })
    }
    await gateway.gateway.flush()
    expect(gateway.records.slice(-4).map(({ attempts }) => attempts)).toContain(2)
  })

  it('aborts a stream, and the upstream knows at once', async () => {
    stopsAfter = MESSAGES_RECORDING.meaningful
    const aborted = mock.nextAbort()
    const record = gateway.nextRecord()
    const stream = await client.messages.create({ ...question, stream: true })
    for await (const _event of stream) {
      stream.controller.abort()
      break
    }
    await aborted
    expect(await record).toMatchObject({ status: 499, outcome: 'gone' })
  })

  it('raises AuthenticationError for a token that is not valid, and for nothing else', async () => {
    const error = await raised(connect('bal_wrong').messages.create(question))
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ status: 401, type: 'authentication_error' })
    // The gateway's own key was refused: the caller's token is fine.
    refusal = { status: 401, type: 'authentication_error' }
    const other = await raised(client.messages.create(question))
    expect(other).not.toBeInstanceOf(AuthenticationError)
    expect(other).toMatchObject({ status: 502, type: 'api_error' })
  })

  it("raises RateLimitError at a token's own limit, and at the vendor's", async () => {
    const narrow = connect(NARROW)
    await narrow.messages.create(question)
    const own = await raised(narrow.messages.create(question))
    expect(own).toBeInstanceOf(RateLimitError)
    expect(own.type).toBe('rate_limit_error')
    refusal = { status: 429, type: 'rate_limit_error' }
    const vendors = await raised(client.messages.create(question))
    expect(vendors).toBeInstanceOf(RateLimitError)
    expect(vendors.type).toBe('rate_limit_error')
  })

  it('raises what stands for an overloaded vendor, and for one of which no key is left', async () => {
    refusal = { status: 529, type: 'overloaded_error' }
    expect(await raised(client.messages.create(question))).toMatchObject({
      status: 529,
      type: 'overloaded_error',
    })
    refusal = { status: 429, type: 'rate_limit_error' }
    await raised(client.messages.create(question))
    expect(await raised(client.messages.create(question))).toMatchObject({
      status: 503,
      type: 'overloaded_error',
    })
  })
})

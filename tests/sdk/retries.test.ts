import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { key, provider } from '../support/catalog.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { GOOD, OVERLOADED, PliantUpstream, REFUSED } from '../support/pliant-upstream.ts'

const messages = [{ role: 'user' as const, content: 'Hi' }]

/** As they come, with the number of retries that they make unless told otherwise: 2. */
const CLIENTS = [
  {
    name: 'openai',
    kind: 'openai',
    ask: (url: string) =>
      new OpenAI({ baseURL: `${url}/v1`, apiKey: TOKEN, logLevel: 'off' }).chat.completions.create({
        model: 'm',
        messages,
      }),
  },
  {
    name: 'Anthropic',
    kind: 'anthropic',
    ask: (url: string) =>
      new Anthropic({ baseURL: url, apiKey: TOKEN, logLevel: 'off' }).messages.create({
        model: 'm',
        max_tokens: 1,
        messages,
      }),
  },
] as const

let upstream: PliantUpstream
let gateway: TestGateway

beforeEach(async () => {
  upstream = await PliantUpstream.start()
})

afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

describe.each(CLIENTS)('the official client of $name', ({ kind, ask }) => {
  async function start(...keys: string[]): Promise<void> {
    gateway = await startGateway({
      providers: [provider('vendor', upstream.url, { kind })],
      keys: keys.map(name => key(name, { provider: 'vendor' })),
    })
  }

  async function exchanges(): Promise<number> {
    await gateway.gateway.flush()
    return gateway.records.length
  }

  it('does not repeat what the gateway has repeated', async () => {
    await start('a')
    upstream.react = () => OVERLOADED
    await expect(ask(gateway.url)).rejects.toMatchObject({ status: 503 })
    expect(upstream.take()).toHaveLength(3)
    expect(await exchanges()).toBe(1)
  })

  it('does not repeat what only the owner of the keys can change', async () => {
    await start('a', 'b')
    upstream.react = () => REFUSED
    await expect(ask(gateway.url)).rejects.toMatchObject({ status: 502 })
    expect(upstream.take()).toEqual(['a', 'b'])
    expect(await exchanges()).toBe(1)
  })

  it('comes back when the vendor said that its key can be used again', async () => {
    await start('a')
    let calls = 0
    const limited = { status: 429, headers: { 'retry-after-ms': '80' } }
    upstream.react = () => (++calls === 1 ? limited : GOOD)
    const began = performance.now()
    await ask(gateway.url)
    expect(performance.now() - began).toBeGreaterThan(79)
    expect(upstream.take()).toEqual(['a', 'a'])
    expect(await exchanges()).toBe(2)
  })

  it('comes back when the gateway said that the first of its keys can be used again', async () => {
    await start('a')
    const limited = { status: 429, headers: { 'retry-after-ms': '600' } }
    upstream.react = () => limited
    const first = ask(gateway.url)
    await gateway.nextRecord()
    upstream.react = () => GOOD
    // Its key is limited now, which the gateway says without asking the vendor.
    await Promise.all([first, ask(gateway.url)])
    expect(upstream.take()).toEqual(['a', 'a', 'a'])
    expect(gateway.records.map(({ outcome }) => outcome)).toContain('no_key')
  })
})

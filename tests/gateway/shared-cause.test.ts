import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { key, provider } from '../support/catalog.ts'
import { ask, chat, heldAgainst, startGateway, type TestGateway } from '../support/gateway.ts'
import { LeapingClock } from '../support/leaping-clock.ts'
import {
  BROKE,
  GOOD,
  OVERLOADED,
  PliantUpstream,
  RATE,
  REFUSED,
  type Reaction,
} from '../support/pliant-upstream.ts'
import { RunQueue } from '../support/run-queue.ts'

const path = '/v1/chat/completions'
let upstream: PliantUpstream
let gateway: TestGateway
let clock: LeapingClock

async function start(keys: number, overrides = {}): Promise<void> {
  gateway = await startGateway(
    {
      providers: [provider('mock', upstream.url, { overrides })],
      keys: Array.from({ length: keys }, (_, n) => key(`k${n}`)),
    },
    { clock },
  )
}

const request = () => ask(gateway.port, { path, body: chat() })
const codeOf = (text: string) => JSON.parse(text).error.code
const breakers = async () => (await gateway.gateway.reports())[0]?.breakers.mock
const marked = () => heldAgainst(gateway)

beforeEach(async () => {
  clock = new LeapingClock()
  upstream = await PliantUpstream.start()
})

afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

describe('50 keys, and the upstream fails them all alike', () => {
  it.each<[what: string, reaction: Reaction]>([
    ['429', RATE],
    ['503', OVERLOADED],
    ['a reset', 'reset'],
  ])(
    'by %s: the breaker opens, no key is held to it, and one probe brings all back',
    async (_, reaction) => {
      await start(50)
      upstream.react = () => reaction
      let asked = 0
      while ((await breakers())?.['mock-large'] === undefined) {
        const { status } = await request()
        expect(status).not.toBe(200)
        expect(upstream.take().length).toBeLessThanOrEqual(3)
        expect(++asked).toBeLessThanOrEqual(5)
      }
      expect(await breakers()).toEqual({ 'mock-large': 'open' })
      expect(marked()).toEqual([])

      const refused = await request()
      expect([refused.status, codeOf(refused.text)]).toEqual([503, 'no_key_available'])
      expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(5)
      expect(upstream.take()).toEqual([])

      // One finds out, whoever else comes meanwhile; it fails, and the breaker stays open longer.
      clock.leap(5_001)
      upstream.delay = 50
      const answers = await Promise.all(Array.from({ length: 20 }, request))
      expect(answers.filter(({ text }) => codeOf(text) === 'no_key_available')).toHaveLength(19)
      expect(upstream.take().length).toBeLessThanOrEqual(3)
      expect(await breakers()).toEqual({ 'mock-large': 'open' })

      upstream.react = () => GOOD
      clock.leap(10_001)
      expect((await request()).status).toBe(200)
      upstream.take()
      const back = await Promise.all(Array.from({ length: 50 }, request))
      expect(back.map(({ status }) => status)).toEqual(Array(50).fill(200))
      expect(new Set(upstream.take()).size).toBe(50)
      expect([marked(), await breakers()]).toEqual([[], {}])
    },
  )

  it('but for a reason of its own only key 7 cools', async () => {
    await start(50)
    const limited = { ...RATE, headers: { 'retry-after': '30' } }
    upstream.react = name => (name === 'k7' ? limited : GOOD)
    const answers = await Promise.all(Array.from({ length: 200 }, request))
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect([marked(), await breakers()]).toEqual([['k7'], {}])
  })
})

describe('refused keys', () => {
  it('two adjacent of five are both invalid, and no client notices', async () => {
    await start(5)
    upstream.react = name => (name === 'k1' || name === 'k2' ? REFUSED : GOOD)
    for (let n = 0; n < 30; n++) expect((await request()).status).toBe(200)
    const invalid = gateway.gateway.memories().filter(memory => memory.invalid !== null)
    expect(invalid.map(({ keyId }) => keyId)).toEqual(['k1', 'k2'])
    expect(upstream.take().filter(name => name === 'k1' || name === 'k2')).toHaveLength(6)
  })

  it('of 20, 15 are dead: the 16th answers, and none is asked twice', async () => {
    await start(20)
    upstream.react = name => {
      const place = Number(name.slice(1))
      if (place >= 15) return GOOD
      return place % 2 === 0 ? REFUSED : BROKE
    }
    const began = performance.now()
    const { status, headers } = await request()
    expect([status, headers['x-balance-attempts']]).toEqual([200, '16'])
    expect(performance.now() - began).toBeLessThan(5_000)
    const came = upstream.take()
    expect(new Set(came).size).toBe(came.length)
    // An answer came in the end: what was found of the fifteen is true of them.
    expect(marked()).toHaveLength(15)
  })

  it('with 50 ms for all of it, it fails at 50 ms, and says what was tried', async ({
    annotate,
  }) => {
    await start(20, { first_byte_timeout: 50 })
    upstream.delay = 8
    upstream.react = () => REFUSED
    const queue = new RunQueue([process.pid])
    const times: number[] = []
    const own: number[] = []
    let tried = 0
    for (let run = 0; run < 5; run++) {
      const began = performance.now()
      const { status, text } = await request()
      const ended = performance.now()
      times.push(ended - began)
      own.push(ended - began - queue.waited(began, ended))
      expect(status).toBe(504)
      const { code, message } = JSON.parse(text).error
      expect(code).toBe('upstream_timeout')
      expect(message).toMatch(/first_byte_timeout \(tried: k\d+ /)
      tried += message.match(/k\d+ /g).length
    }
    queue.stop()
    // The last one of each run may have come late, or never.
    const unseen = tried - upstream.take().length
    expect(unseen).toBeGreaterThanOrEqual(0)
    expect(unseen).toBeLessThanOrEqual(times.length)
    await annotate(`failed after ${times.map(ms => ms.toFixed(1)).join(', ')} ms`)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(49)
    // Without what was waited for a processor.
    expect(Math.min(...own)).toBeLessThan(65)
    // Whether the keys or the provider are at fault nobody found out.
    expect([marked(), await breakers()]).toEqual([[], {}])
  })

  it('refused all together open the breaker of all models, and any success clears it', async () => {
    await start(5)
    upstream.react = () => REFUSED
    const { status, text } = await request()
    expect([status, codeOf(text)]).toEqual([502, 'upstream_credentials_exhausted'])
    expect([marked(), await breakers()]).toEqual([[], { '*': 'open' }])
    upstream.take()
    const other = await ask(gateway.port, { path, body: chat({ model: 'other' }) })
    expect([other.status, codeOf(other.text), upstream.take()]).toEqual([
      503,
      'no_key_available',
      [],
    ])
    clock.leap(5_001)
    upstream.react = () => GOOD
    expect((await request()).status).toBe(200)
    expect(await breakers()).toEqual({})
  })

  it('two of two are not called dead for what may be the provider’s fault', async () => {
    await start(2)
    upstream.react = () => REFUSED
    for (let n = 0; n < 4; n++) expect((await request()).status).toBe(502)
    expect([marked(), await breakers()]).toEqual([[], {}])
    // The fifth failure charged to the provider opens its breaker.
    await request()
    expect(await breakers()).toEqual({ 'mock-large': 'open' })
  })

  it('one of one is invalid after three: nothing is shared', async () => {
    await start(1)
    upstream.react = () => REFUSED
    for (let n = 0; n < 3; n++) expect((await request()).status).toBe(502)
    expect((await request()).status).toBe(503)
    expect(marked()).toEqual(['k0'])
  })
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { key, provider } from '../support/catalog.ts'
import { count } from '../support/count.ts'
import {
  type Answer,
  ask,
  chat,
  heldAgainst,
  startGateway,
  type TestGateway,
} from '../support/gateway.ts'
import { LeapingClock } from '../support/leaping-clock.ts'
import { GOOD, OVERLOADED, PliantUpstream, REFUSED } from '../support/pliant-upstream.ts'

const path = '/v1/chat/completions'
const AT_ONCE = 20
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

/** Sends so many requests, some at once. */
async function flood(total: number, bodyOf: (n: number) => string): Promise<Answer[]> {
  const answers: Answer[] = []
  let next = 0
  const client = async () => {
    while (next < total) answers.push(await ask(gateway.port, { path, body: bodyOf(next++) }))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
  return answers
}

const marked = () => heldAgainst(gateway)

beforeEach(async () => {
  clock = new LeapingClock()
  upstream = await PliantUpstream.start()
})

afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

describe('what retries add to the work of a provider', () => {
  it('that fails half the time: less than a fifth', async ({ annotate }) => {
    await start(5)
    let turn = 0
    upstream.react = () => (turn++ % 2 === 0 ? OVERLOADED : GOOD)
    const total = count(2_000, 20_000)
    const answers = await flood(total, () => chat())
    const factor = upstream.came.length / total
    const served = answers.filter(({ status }) => status === 200).length
    await annotate(
      `half failing: ${factor.toFixed(3)} × the requests, ${served} of ${total} served`,
    )
    expect(factor).toBeLessThanOrEqual(1.2)
    expect(factor).toBeGreaterThan(1.05)
    expect(served).toBeGreaterThan(total / 2)
  })

  it('that fails all the time: next to nothing, though each request is for another model', async ({
    annotate,
  }) => {
    await start(5)
    upstream.react = () => OVERLOADED
    const total = count(1_000, 10_000)
    await flood(total, n => chat({ model: `model-${n}` }))
    const factor = upstream.came.length / total
    await annotate(`all failing: ${factor.toFixed(3)} × the requests`)
    expect(factor).toBeLessThanOrEqual(1.05)
    expect(factor).toBeGreaterThan(1)
  })

  it('that fails all the time for one model: it is left alone', async () => {
    await start(5)
    upstream.react = () => OVERLOADED
    const total = count(1_000, 10_000)
    await flood(total, () => chat())
    expect(upstream.came.length).toBeLessThan(50)
  })
})

describe('failover after a refusal', () => {
  it('takes 10 ms at most, at the median', async ({ annotate }) => {
    await start(2, { max_failures: 100 })
    upstream.react = name => (name === 'k0' ? REFUSED : GOOD)
    const times: Record<string, number[]> = { '1': [], '2': [] }
    for (let n = 0; n < 180; n++) {
      const began = performance.now()
      const { headers, status } = await ask(gateway.port, { path, body: chat() })
      expect(status).toBe(200)
      times[String(headers['x-balance-attempts'])]?.push(performance.now() - began)
    }
    const [one, two] = [median(times['1'] ?? []), median(times['2'] ?? [])]
    await annotate(`one attempt ${one.toFixed(2)} ms, after a refusal ${two.toFixed(2)} ms`)
    expect(two - one).toBeLessThanOrEqual(10)
  })
})

function median(values: readonly number[]): number {
  expect(values.length).toBeGreaterThan(50)
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}

describe('no key is lost', () => {
  const HOSTILE = [400, 404, 413, 422].map(status => ({
    status,
    body: { error: { message: 'no', type: 'invalid_request_error', code: null } },
  }))
  const FAILING = [500, 502, 503, 504, 520, 529].map(status => ({ status }))

  it('to requests that are refused for what is in them', async () => {
    await start(5)
    upstream.react = () => HOSTILE[upstream.came.length % HOSTILE.length] ?? GOOD
    const total = count(2_000, 20_000)
    const answers = await flood(total, () => chat())
    expect(answers.filter(({ status }) => ![400, 404, 413, 422].includes(status))).toEqual([])
    expect(upstream.take()).toHaveLength(total)
    await expectAllInTurn()
  })

  it('to a provider that fails', async () => {
    await start(5)
    let failures = 0
    upstream.react = () => FAILING[failures++ % FAILING.length] ?? GOOD
    const total = count(1_000, 10_000)
    while (failures < total) {
      await flood(AT_ONCE, () => chat())
      // Past the time that the breaker is open for, however often it opened.
      clock.leap(300_000)
    }
    await expectAllInTurn()
  })

  async function expectAllInTurn(): Promise<void> {
    expect(marked()).toEqual([])
    upstream.react = () => GOOD
    upstream.take()
    for (let n = 0; n < 5; n++) {
      expect((await ask(gateway.port, { path, body: chat() })).status).toBe(200)
    }
    expect([...upstream.take()].sort()).toEqual(['k0', 'k1', 'k2', 'k3', 'k4'])
  }
})

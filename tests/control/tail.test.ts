import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LiveExchange, Operator, TailLine } from '../../src/control/api.ts'
import { DaemonClient } from '../../src/control/client.ts'
import { ControlSocket } from '../../src/control/socket.ts'
import { TailHub } from '../../src/control/tail.ts'

const STORE = 'sqlite:/somewhere/balance.db'
let folder: string
let hub: TailHub
let socket: ControlSocket
let client: DaemonClient

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bal-tail-'))
  hub = new TailHub()
  socket = await ControlSocket.open(
    STORE,
    { own: [folder], searched: [folder] },
    {} as Operator,
    hub,
  )
  client = (await DaemonClient.connect(STORE, [folder])) as DaemonClient
})
afterEach(() => {
  hub.close()
  socket.close()
  rmSync(folder, { recursive: true, force: true })
})

function exchange(requestId: string, change: Partial<LiveExchange> = {}): LiveExchange {
  return {
    ...{ time: 0, requestId, token: 'laptop', provider: 'openai', keyId: 'k_0123456789' },
    ...{ model: 'gpt', modelServed: 'gpt', method: 'POST', path: '/v1/chat/completions' },
    ...{ status: 200, outcome: 'ok', attempts: 1, stream: false, bytesIn: 1, bytesOut: 1 },
    ...{ firstByteMs: 1, firstTokenMs: 1, ms: 1, promptTokens: 1, cachedTokens: 0 },
    ...{ completionTokens: 1, reasoningTokens: 0, errorCode: null },
    ...change,
  }
}

/** Follows, and resolves once it hears: publishes until the first line comes. */
async function follow(
  filter: Parameters<DaemonClient['tail']>[0] = {},
  signal?: AbortSignal,
): Promise<AsyncGenerator<TailLine>> {
  const lines = client.tail(filter, signal)
  let heard = false
  const first = lines.next().then(() => {
    heard = true
  })
  await vi.waitFor(() => {
    hub.publish([exchange('begin', { status: 429 })])
    if (!heard) throw new Error('nothing yet')
  })
  await first
  return lines
}

async function until(
  lines: AsyncGenerator<TailLine>,
  last: (line: TailLine) => boolean,
): Promise<TailLine[]> {
  const found: TailLine[] = []
  for (;;) {
    const { value, done } = await lines.next()
    if (done) throw new Error('The tail has ended.')
    found.push(value)
    if (last(value)) return found
  }
}

const is = (requestId: string) => (line: TailLine) =>
  'exchange' in line && line.exchange.requestId === requestId

describe('tail', () => {
  it('gives every follower what matches its filter, in order', async () => {
    const all = await follow()
    const refused = await follow({ status: '4xx' })
    hub.publish([exchange('a'), exchange('b', { status: 429 })])
    hub.publish([exchange('c')])
    const seen = (await until(all, is('c'))).filter(line => !is('begin')(line))
    expect(seen).toEqual([
      { exchange: exchange('a') },
      { exchange: exchange('b', { status: 429 }) },
      { exchange: exchange('c') },
    ])
    expect((await until(refused, is('b'))).filter(line => !is('begin')(line))).toHaveLength(1)
  }, 5_000)

  it('counts for a slow reader what it left out, and goes on', async () => {
    const lines = await follow()
    const total = 5_000
    for (let at = 0; at < total; at++) hub.publish([exchange(`r${at}`)])
    const heard = (await until(lines, line => 'dropped' in line)).filter(line => !is('begin')(line))
    const last = heard.pop()
    const dropped = last && 'dropped' in last ? last.dropped : 0
    expect(dropped).toBeGreaterThan(1_000)
    expect(heard.length + dropped).toBe(total)
    expect(heard).toEqual(heard.map((_, at) => ({ exchange: exchange(`r${at}`) })))
    hub.publish([exchange('after')])
    expect(await until(lines, is('after'))).toHaveLength(1)
  })

  it('throws where the daemon does not understand the filter', async () => {
    const lines = client.tail({ since: 1 })
    await expect(lines.next()).rejects.toMatchObject({ code: 'invalid_value' })
  })

  it('ends for its reader when the daemon ends', async () => {
    const lines = await follow()
    hub.close()
    for (;;) if ((await lines.next()).done) break
  })

  it('ends quietly when its reader has enough', async () => {
    const enough = new AbortController()
    const lines = await follow({}, enough.signal)
    enough.abort()
    for (;;) if ((await lines.next()).done) break
    hub.publish([exchange('to nobody')])
  })
})

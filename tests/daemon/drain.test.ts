import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ExchangeShape } from '../../src/control/shapes/exchange.ts'
import { type Mock, type MockOptions, startMock } from '../../src/mock/server.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import type { OpenStream } from '../support/open-stream.ts'

const KEY = 'sk-good-0123456789abcdef'
const STUCK = { 'x-mock-script': 'hang-after:4' }
const PACED = { rate: 25, tokens: 10 }
const SILENT = { 'x-mock-script': 'hang' }
/** Streams that are open at once where there are many. */
const MANY = 50

let mock: Mock
let world: World
let token: string

async function furnish(options: MockOptions): Promise<void> {
  mock = await startMock(options)
  token = await world.furnish(mock.url, KEY)
  // The mock's behaviour is chosen by the request.
  const store = await world.openStore()
  await store.setSetting('forward_headers', ['x-mock-script'])
  await store.close()
}

beforeEach(() => {
  world = new World()
})
afterEach(async () => {
  await world.remove()
  await mock.close()
})

/** A connection on which this much was said. */
async function open(port: number, text = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await new Promise(resolve => socket.once('connect', resolve))
  socket.write(text)
  return socket
}

function openMany(daemon: Daemon, headers: Record<string, string> = {}): Promise<OpenStream[]> {
  return Promise.all(Array.from({ length: MANY }, () => daemon.stream(token, headers)))
}

/** The code of what a new connection meets; null where it is taken. */
function connecting(port: number): Promise<string | null> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(null)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

async function refusesConnections({ port }: Daemon): Promise<void> {
  await eventually(async () => (await connecting(port)) === 'ECONNREFUSED', 'a refusal', 500)
}

describe('SIGTERM', () => {
  it('lets streams end that do so in time, cuts off the rest with an error, and exits 0', async () => {
    await furnish(PACED)
    const daemon = await world.serve('--drain', '600ms')
    const ending = await daemon.stream(token)
    const stuck = await daemon.stream(token, STUCK)
    const asked = mock.nextRequest()
    const silent = daemon.ask(token, { headers: SILENT })
    await asked

    const began = performance.now()
    daemon.signal('SIGTERM')
    await refusesConnections(daemon)
    const [whole, cut, refused, ended] = await Promise.all([
      ending.over,
      stuck.over,
      silent,
      daemon.ended,
    ])
    const took = performance.now() - began
    console.log(
      `drain of 600 ms: whole after ${Math.round(whole.at - began)} ms, cut after ${Math.round(cut.at - began)} ms, ended after ${Math.round(took)} ms`,
    )
    expect(whole.cut).toBe(false)
    expect(whole.text).toMatch(/data: \[DONE\]\n\n$/)
    expect(whole.text.match(/"content":"[^"]/g)).toHaveLength(10)
    expect(cut.cut).toBe(true)
    expect(cut.text).toMatch(/data: \{"error":\{[^\n]*"code":"overloaded"[^\n]*\}\n\n$/)
    expect(cut.text).not.toContain('[DONE]')
    expect(cut.at - began).toBeGreaterThanOrEqual(590)
    expect(refused).toMatchObject({ status: 503, cut: false })
    expect(JSON.parse(refused.text).error.code).toBe('overloaded')
    expect(took).toBeLessThan(1_600)
    expect(ended).toMatchObject({ code: 0, signal: null })

    const rows = await world.json<ExchangeShape[]>(['logs', 'list'])
    expect(rows.map(({ status, outcome }) => [status, outcome]).sort()).toEqual([
      [200, 'ok'],
      [200, 'overloaded'],
      [503, 'overloaded'],
    ])
    expect(rows.filter(row => row.error_code === 'overloaded')).toHaveLength(2)
  })

  it(`cuts none of ${MANY} streams that end in time`, async () => {
    await furnish({ rate: 25, tokens: 50 })
    const daemon = await world.serve('--drain', '20s')
    const streams = await openMany(daemon)
    const began = performance.now()
    daemon.signal('SIGTERM')
    await refusesConnections(daemon)
    const ended = await Promise.all(streams.map(({ over }) => over))
    expect(await daemon.ended).toMatchObject({ code: 0, signal: null })
    expect(performance.now() - began).toBeLessThan(10_000)
    for (const { cut, text, at } of ended) {
      expect(cut).toBe(false)
      expect(text).toMatch(/data: \[DONE\]\n\n$/)
      expect(text.match(/"content":"[^"]/g)).toHaveLength(50)
      expect(at).toBeGreaterThan(began)
    }
    const rows = await world.json<ExchangeShape[]>(['logs', 'list', '--limit', '100'])
    expect(rows.map(({ outcome }) => outcome)).toEqual(Array.from({ length: MANY }, () => 'ok'))
  })

  it(`ends at once when it comes a second time, whatever ${MANY} streams are open`, async () => {
    await furnish(PACED)
    const daemon = await world.serve('--drain', '30s')
    const streams = await openMany(daemon, STUCK)
    daemon.signal('SIGTERM')
    await refusesConnections(daemon)
    const again = performance.now()
    daemon.signal('SIGTERM')
    expect(await daemon.ended).toMatchObject({ code: 0, signal: null })
    expect(performance.now() - again).toBeLessThan(1_000)
    for (const { over } of streams) {
      const { cut, text } = await over
      expect(cut).toBe(true)
      expect(text).toContain('"code":"overloaded"')
    }
    const rows = await world.json<ExchangeShape[]>(['logs', 'list', '--limit', '100'])
    expect(rows.map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: MANY }, () => 'overloaded'),
    )
  })

  it('is held up by no connection on which nothing is asked', async () => {
    await furnish({})
    const daemon = await world.serve('--drain', '30s')
    const idle = await open(daemon.port)
    const used = await open(daemon.port, 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n')
    await new Promise(resolve => used.once('data', resolve))
    const began = performance.now()
    daemon.signal('SIGTERM')
    expect(await daemon.ended).toMatchObject({ code: 0 })
    expect(performance.now() - began).toBeLessThan(1_000)
    for (const socket of [idle, used]) socket.destroy()
  })

  it('cuts off a client that does not send or does not read, too', async () => {
    const event = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(65_000)}"}}]}\n\n`
    await furnish({ fixedStream: Buffer.from(event.repeat(200)) })
    const daemon = await world.serve('--drain', '100ms')
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n`
    const mute = await open(daemon.port, `${head}content-length: 99\r\n\r\n{`)
    const body = '{"model":"mock-large","messages":[],"stream":true}'
    const deaf = await open(daemon.port, `${head}content-length: ${body.length}\r\n\r\n${body}`)
    await new Promise(resolve => deaf.once('readable', resolve))
    const began = performance.now()
    daemon.signal('SIGTERM')
    expect(await daemon.ended).toMatchObject({ code: 0 })
    expect(performance.now() - began).toBeLessThan(1_100)
    for (const socket of [mute, deaf]) socket.destroy()
  })
})

describe('balance stop', () => {
  it('waits for the drain and returns when the daemon has ended', async () => {
    await furnish(PACED)
    const daemon = await world.serve('--drain', '10s')
    const stream = await daemon.stream(token)
    const { code, stderr } = await world.balance(['stop'])
    expect(code).toBe(0)
    expect(stderr).toContain(`stopping pid ${daemon.pid}`)
    expect((await stream.over).cut).toBe(false)
    expect(await daemon.ended).toMatchObject({ code: 0 })
    expect(await world.balance(['stop'])).toMatchObject({
      code: 69,
      stderr: expect.stringContaining('No daemon runs for'),
    })
  })

  it('cuts off what is in flight with --now', async () => {
    await furnish(PACED)
    const daemon = await world.serve('--drain', '10s')
    const stuck = await daemon.stream(token, STUCK)
    const began = performance.now()
    expect((await world.balance(['stop', '--now'])).code).toBe(0)
    // Not the drain; the command's own start is most of it.
    expect(performance.now() - began).toBeLessThan(5_000)
    expect((await stuck.over).text).toContain('"code":"overloaded"')
    expect(await daemon.ended).toMatchObject({ code: 0 })
  })
})

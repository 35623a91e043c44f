import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildConnector, type Dispatcher } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConnectionPool } from '../../src/upstream/connection-pool.ts'

interface Asked {
  readonly path: string
  /** Which of the connections it came on, from 1. */
  readonly connection: number
  readonly request: IncomingMessage
  answer(): void
}

let server: Server
let pool: ConnectionPool
let asked: Asked[]
let open: Set<number>
let onAsked: () => void

beforeEach(async () => {
  asked = []
  open = new Set()
  onAsked = () => {}
  const numbers = new WeakMap<object, number>()
  let connections = 0
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const connection = numbers.get(request.socket) as number
    asked.push({ path: request.url ?? '', connection, request, answer: () => response.end('ok') })
    onAsked()
  })
  server.on('connection', socket => {
    const number = ++connections
    numbers.set(socket, number)
    open.add(number)
    socket.on('close', () => open.delete(number))
  })
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  pool = poolOf((server.address() as AddressInfo).port)
})

afterEach(async () => {
  await pool.destroy()
  server.closeAllConnections()
  server.close()
})

function poolOf(port: number, pipelining = 1): ConnectionPool {
  const connect = buildConnector({ timeout: 5_000 })
  return new ConnectionPool(`http://127.0.0.1:${port}`, { pipelining, connect })
}

/** Resolves with how it ended. */
function send(path: string, through = pool): Promise<string> {
  return new Promise(resolve => {
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => {},
      onResponseStart: () => {},
      onResponseData: () => {},
      onResponseEnd: () => resolve('ended'),
      onResponseError: (_, error) => resolve((error as NodeJS.ErrnoException).code ?? error.name),
    }
    through.dispatch({ path, method: 'GET' }, handler)
  })
}

/** Resolves when so many requests have come, of all that ever came. */
function came(count: number): Promise<void> {
  return new Promise(resolve => {
    onAsked = () => asked.length >= count && resolve()
    onAsked()
  })
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 5))
}

/** Sends so many at once, and has them answered in their order. */
async function together(count: number): Promise<void> {
  const before = asked.length
  const sent = Array.from({ length: count }, (_, n) => send(`/${n}`))
  await came(before + count)
  for (const { answer } of asked.slice(before)) answer()
  expect(await Promise.all(sent)).toEqual(sent.map(() => 'ended'))
  // A connection is free once its answer was dealt with.
  await new Promise(setImmediate)
}

describe('connections to an origin', () => {
  it('are as many as there are requests at once, and serve those that follow', async () => {
    await together(50)
    expect(new Set(asked.map(({ connection }) => connection)).size).toBe(50)
    await together(50)
    expect(open.size).toBe(50)
    expect(new Set(asked.slice(50).map(({ connection }) => connection)).size).toBe(50)
    expect(pool.size).toBe(50)
  })

  it('are used again the last first, so that others may close', async () => {
    await together(3)
    for (let n = 0; n < 5; n++) await together(1)
    expect(new Set(asked.slice(3).map(({ connection }) => connection))).toEqual(
      new Set([asked[2]?.connection]),
    )
  })

  it('are forgotten when the other side ends them, be they one or most', async () => {
    await together(20)
    asked[19]?.request.socket.destroy()
    await until(() => pool.size === 19)
    await together(1)
    expect(pool.size).toBe(19)
    for (const { request } of asked.slice(0, 18)) request.socket.destroy()
    await until(() => pool.size === 1)
    await together(20)
    expect(pool.size).toBe(20)
    expect(open.size).toBe(20)
  })

  it('that can not be made are told, and leave nothing', async () => {
    const closed = createServer()
    closed.listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as AddressInfo
    closed.close()
    await once(closed, 'close')
    const nowhere = poolOf(port)
    const ends = await Promise.all([send('/', nowhere), send('/', nowhere), send('/', nowhere)])
    expect(ends).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED'])
    expect(nowhere.size).toBe(0)
    expect(await send('/', nowhere)).toBe('ECONNREFUSED')
  })

  it('are one for each request where none is kept', async () => {
    const fresh = poolOf((server.address() as AddressInfo).port, 0)
    for (let n = 0; n < 3; n++) {
      const sent = send('/', fresh)
      await came(n + 1)
      asked[n]?.answer()
      expect(await sent).toBe('ended')
    }
    expect(asked.map(({ connection }) => connection)).toEqual([1, 2, 3])
    await until(() => fresh.size === 0)
  })

  it('carry on with what they have when the pool closes, and end then', async () => {
    await together(2)
    const sent = send('/last')
    await came(3)
    pool.close()
    await until(() => open.size === 1)
    asked[2]?.answer()
    expect(await sent).toBe('ended')
    await until(() => open.size === 0)
  })

  it('end at once when the pool is destroyed, with their requests', async () => {
    const sent = send('/')
    await came(1)
    await pool.destroy()
    expect(await sent).toBe('UND_ERR_DESTROYED')
    await until(() => open.size === 0)
  })
})

import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Agents } from '../../src/upstream/agents.ts'
import { AttemptTimeout, transportOutcome } from '../../src/upstream/fault.ts'
import {
  AnswerTooLarge,
  type Patience,
  readWhole,
  type WholeAnswer,
} from '../../src/upstream/whole-answer.ts'
import { ManualClock } from '../support/manual-clock.ts'

const agents = new Agents()
let server: Server | null = null
const sockets = new Set<Socket>()

afterEach(async () => {
  await agents.destroy()
  for (const socket of sockets) socket.destroy()
  server?.close()
  server = null
})

/** A server whose bytes the test writes; resolves with its origin. */
function serving(script: (socket: Socket, request: string) => void): Promise<string> {
  return new Promise(resolve => {
    const made = createServer(socket => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('data', chunk => script(socket, chunk.toString()))
    })
    made.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(made.address() as AddressInfo).port}`),
    )
    server = made
  })
}

function read(
  origin: string,
  patience: Partial<Patience> = {},
  body: Buffer | null = null,
): Promise<WholeAnswer | Error> {
  const request = {
    dial: { origin, connectTimeout: 1_000, via: null },
    method: body === null ? 'GET' : 'POST',
    path: '/v1/models?x=1',
    headers: ['authorization', 'Bearer sk-1'],
    body,
    fresh: false,
  }
  return readWhole(agents, request, { clock: systemClock, ms: 10_000, ...patience })
}

describe('an answer that is read whole', () => {
  it('has status, headers and body, whatever the status', async () => {
    let asked = ''
    const origin = await serving((socket, request) => {
      asked = request
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
      socket.write('HTTP/1.1 404 Not Found\r\nX-Two: a\r\nX-Two: b\r\n')
      socket.write('Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n')
      setImmediate(() => socket.write('3\r\nllo\r\n0\r\n\r\n'))
    })
    const answer = (await read(origin, {}, Buffer.from('{}'))) as WholeAnswer
    expect(answer).toMatchObject({ status: 404, headers: { 'x-two': 'a' } })
    expect(answer.body.toString()).toBe('hello')
    expect(asked).toMatch(/^POST \/v1\/models\?x=1 HTTP\/1\.1\r\n/)
    expect(asked).toContain('authorization: Bearer sk-1\r\n')
    expect(asked).toMatch(/\r\ncontent-length: 2\r\n\r\n\{\}$/)
  })

  it('may be a redirect, which nobody follows', async () => {
    let requests = 0
    const origin = await serving(socket => {
      requests++
      socket.write('HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n')
    })
    expect(await read(origin)).toMatchObject({ status: 302, headers: { location: '/elsewhere' } })
    expect(requests).toBe(1)
  })

  it('is given up beyond 8 MiB', async () => {
    const origin = await serving(socket => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.write(Buffer.alloc(8 * 1_024 * 1_024))
      socket.write('!')
    })
    expect(await read(origin)).toBeInstanceOf(AnswerTooLarge)
  })

  it('may be as long as that', async () => {
    const most = 8 * 1_024 * 1_024
    const origin = await serving(socket => {
      socket.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), Buffer.alloc(most)]))
    })
    expect(((await read(origin)) as WholeAnswer).body).toHaveLength(most)
  })
})

describe('an answer that does not come', () => {
  it.each(['before its head', 'within its body'])('in time, %s', async place => {
    const clock = new ManualClock()
    const origin = await serving(socket => {
      if (place === 'within its body') socket.write('HTTP/1.1 200 OK\r\n\r\nhalf')
      setImmediate(() => clock.advance(5_000))
    })
    const error = await read(origin, { clock, ms: 5_000 })
    expect(error).toBeInstanceOf(AttemptTimeout)
    expect(transportOutcome(error as Error)).toMatchObject({ code: 'upstream_timeout' })
    expect(clock.pending).toBe(0)
  })

  it('because the connection breaks', async () => {
    const origin = await serving(socket => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
      setImmediate(() => socket.destroy())
    })
    const clock = new ManualClock()
    expect(transportOutcome((await read(origin, { clock })) as Error)).toMatchObject({
      fault: 'provider',
      code: 'upstream_unreachable',
    })
    expect(clock.pending).toBe(0)
  })

  it('because nobody listens', async () => {
    const origin = await serving(() => {})
    await new Promise(resolve => server?.close(resolve))
    expect(transportOutcome((await read(origin)) as Error)).toMatchObject({
      reach: 'not-sent',
      detail: 'ECONNREFUSED',
    })
  })

  it('because the request cannot be sent as it is', async () => {
    const error = await readWhole(
      agents,
      {
        dial: { origin: 'http://127.0.0.1:1', connectTimeout: 100, via: null },
        method: 'GET',
        path: '/',
        headers: ['x-bad', 'a\nb'],
        body: null,
        fresh: false,
      },
      { clock: systemClock, ms: 1_000 },
    )
    expect(transportOutcome(error as Error)).toMatchObject({ code: 'invalid_request' })
  })

  it('because it was given up: at once, and the connection with it', async () => {
    const end = new AbortController()
    let closed: Promise<unknown> | null = null
    const origin = await serving(socket => {
      closed = once(socket, 'close')
      end.abort(new Error('enough'))
    })
    expect(await read(origin, { signal: end.signal })).toMatchObject({ message: 'enough' })
    await closed
  })

  it('because it was given up before', async () => {
    let asked = false
    const origin = await serving(() => {
      asked = true
    })
    const clock = new ManualClock()
    expect(await read(origin, { clock, signal: AbortSignal.abort() })).toBeInstanceOf(Error)
    expect(asked).toBe(false)
    expect(clock.pending).toBe(0)
  })
})

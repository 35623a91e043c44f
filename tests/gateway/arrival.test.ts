import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider } from '../support/catalog.ts'
import { eventually } from '../support/daemon.ts'
import { heldAgainst, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { HIDDEN } from './hostile/cases.ts'

const FORM = 'content-type: multipart/form-data; boundary=x'
const JSON_TYPE = 'content-type: application/json'

let clock: ManualClock
let mock: Mock
let gateway: TestGateway
let open: Client[] = []

beforeEach(async () => {
  clock = new ManualClock()
  mock = await startMock()
  gateway = await startGateway(
    { providers: [provider('mock', mock.url)], keys: [key('a')] },
    { clock },
  )
})
afterEach(async () => {
  for (const { socket } of open) socket.destroy()
  open = []
  await gateway.close()
  await mock.close()
})

interface Client {
  readonly socket: Socket
  got: string
  closed: boolean
}

function dial(): Client {
  const socket = connect(gateway.port, '127.0.0.1')
  const client: Client = { socket, got: '', closed: false }
  open.push(client)
  socket.on('data', chunk => {
    client.got += chunk
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    client.closed = true
  })
  return client
}

/** A request whose body does not come by itself. */
async function begin(path: string, type: string, token = TOKEN, length = 100_000): Promise<Client> {
  const client = dial()
  client.socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n${type}\r\ncontent-length: ${length}\r\n\r\n`,
  )
  return client
}

const inFlight = () => gateway.gateway.inside.exchanges.size

/** Sends so many bytes, and waits until they are there. */
async function send({ socket }: Client, bytes: number): Promise<void> {
  const [exchange] = gateway.gateway.inside.exchanges
  const before = exchange?.bytesIn ?? 0
  socket.write(Buffer.alloc(bytes, ' '))
  await eventually(() => (exchange?.bytesIn ?? 0) >= before + bytes, 'the bytes')
}

describe.each([
  ['held', '/v1/chat/completions', JSON_TYPE],
  ['streamed', '/v1/files', FORM],
])('a body that is %s', (_how, path, type) => {
  it('has ten seconds to begin', async () => {
    const client = await begin(path, type)
    await eventually(() => inFlight() === 1, 'the request')
    clock.advance(9_800)
    expect([client.got, client.closed]).toEqual(['', false])
    clock.advance(300)
    await eventually(() => client.closed, 'the end of its connection')
    expect(client.got).toMatch(/^HTTP\/1\.1 408 /)
    expect(client.got).toContain('request_timeout')
    expect(client.got.toLowerCase()).toContain('\r\nconnection: close\r\n')
    await gateway.gateway.flush()
    expect(gateway.records.at(-1)).toMatchObject({ status: 408, errorCode: 'request_timeout' })
    expect(heldAgainst(gateway)).toEqual([])
  })

  it('lives by a KiB a second, and no more than fifteen seconds by what it sent before', async () => {
    const client = await begin(path, type)
    await eventually(() => inFlight() === 1, 'the request')
    clock.advance(100)
    for (let second = 0; second < 40; second++) {
      await send(client, 1_100)
      clock.advance(1_000)
    }
    await send(client, 50_000)
    clock.advance(100)
    clock.advance(14_700)
    expect([client.got, inFlight()]).toEqual(['', 1])
    clock.advance(400)
    await eventually(() => client.closed, 'the end of its connection')
    expect(client.got).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('at a tenth of that is given up soon', async () => {
    const client = await begin(path, type)
    await eventually(() => inFlight() === 1, 'the request')
    for (let second = 0; second < 12; second++) {
      if (client.closed) break
      client.socket.write(Buffer.alloc(100, ' '))
      clock.advance(1_000)
    }
    await eventually(() => client.closed, 'the end of its connection')
    expect(client.got).toMatch(/^HTTP\/1\.1 408 /)
  })
})

describe.each(['application/json', 'multipart/form-data; boundary=x'])(
  'a body of %s that breaks, which Node does not tell of a request that offers an upgrade',
  type => {
    it.each([
      ['in a size', 'x\r\n'],
      ['behind a chunk', '2\r\n{}x\r\n'],
      ['in a trailer', '2\r\n{}\r\n0\r\na b: c\r\n\r\n'],
      ['in a trailer that is a length', '2\r\n{}\r\n0\r\ncontent-length: 2\r\n\r\n'],
    ])('%s: it is given up in time, and nothing behind it is served', async (_where, broken) => {
      const client = dial()
      client.socket.write(
        `POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: ${type}\r\nconnection: upgrade\r\nupgrade: h2c\r\ntransfer-encoding: chunked\r\n\r\n${broken}${HIDDEN}`,
      )
      await eventually(() => inFlight() === 1, 'the request')
      for (let second = 0; second < 11; second++) {
        client.socket.write(HIDDEN)
        clock.advance(1_000)
      }
      await eventually(() => client.closed, 'the end of its connection')
      expect(client.got).toMatch(/^HTTP\/1\.1 408 /)
      expect(client.got.match(/HTTP\/1\.1 /g)).toHaveLength(1)
      expect(mock.requests.filter(({ url }) => url.includes('hidden'))).toEqual([])
    })
  },
)

describe('the rest of a body that nobody wants', () => {
  it.each([
    ['after a refusal', '/v1/chat/completions', 'wrong', 401],
    ['to health', '/livez', TOKEN, 405],
    ['to the dashboard', '/admin/api/login', TOKEN, 404],
    ['to metrics', '/metrics', TOKEN, 405],
  ])('%s is waited for half a minute', async (_where, path, token, status) => {
    // A longer one is not waited for.
    const client = await begin(path, JSON_TYPE, token, 50_000)
    await eventually(() => client.got !== '', 'its answer')
    expect(client.got).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    await eventually(() => gateway.gateway.inside.unread.size === 1, 'it is waited for')
    for (let second = 0; second < 29; second++) {
      client.socket.write(Buffer.alloc(1_000, ' '))
      clock.advance(1_000)
    }
    expect(client.closed).toBe(false)
    clock.advance(1_200)
    await eventually(() => client.closed, 'the end of its connection')
    clock.advance(100)
    expect(gateway.gateway.inside.unread.size).toBe(0)
  })

  it('is forgotten when it has come', async () => {
    const client = await begin('/v1/chat/completions', JSON_TYPE, 'wrong', 10)
    await eventually(() => gateway.gateway.inside.unread.size === 1, 'it is waited for')
    client.socket.write('0123456789GET /livez HTTP/1.1\r\nhost: x\r\n\r\n')
    await eventually(() => client.got.includes('{"status":"ok"}'), 'the next answer')
    clock.advance(100)
    expect(gateway.gateway.inside.unread.size).toBe(0)
    clock.advance(60_000)
    expect(client.closed).toBe(false)
  })
})

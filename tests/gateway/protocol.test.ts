import { Agent } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider } from '../support/catalog.ts'
import { ask, chat, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'

let mock: Mock
let gateway: TestGateway

beforeAll(async () => {
  mock = await startMock()
  gateway = await startGateway({ providers: [provider('mock', mock.url)], keys: [key('a')] })
})

afterAll(async () => {
  await gateway.close()
  await mock.close()
})

/** What comes back on one connection until it ends, or `enough` says so. */
function say(bytes: string, enough: (text: string) => boolean = () => false): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', chunk => {
      text += chunk
      if (enough(text)) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })
}

const head = (line: string, ...more: string[]) =>
  [line, 'host: x', `authorization: Bearer ${TOKEN}`, ...more, '', ''].join('\r\n')
/** As Java's HttpClient offers it. */
const H2C = {
  connection: 'Upgrade, HTTP2-Settings',
  upgrade: 'h2c',
  'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
}
const WEBSOCKET = [
  'connection: keep-alive, Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
]

describe('an offer to upgrade', () => {
  it('to h2c is ignored, with a body or without one, and the connection goes on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const path = '/v1/chat/completions'
    const chunked = { 'transfer-encoding': 'chunked' }
    const before = mock.requests.length
    const answers = [
      await ask(gateway.port, { path: '/v1/models', headers: H2C, agent }),
      await ask(gateway.port, { path, body: chat(), headers: H2C, agent }),
      await ask(gateway.port, { path, body: chat(), headers: { ...H2C, ...chunked }, agent }),
      await ask(gateway.port, { path: '/v1/models', agent }),
    ]
    const connections = Object.values(agent.freeSockets).flat()
    agent.destroy()
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(answers.flatMap(({ headers }) => headers.upgrade ?? [])).toEqual([])
    // All of them went through this one.
    expect(connections.at(-1)?.bytesWritten).toBeGreaterThan(900)
    const came = mock.requests.slice(before)
    expect(came.map(({ body }) => body.toString())).toEqual(['', chat(), chat(), ''])
    const names = came.flatMap(({ rawHeaders }) => rawHeaders.map(name => name.toLowerCase()))
    expect(names.filter(name => /upgrade|http2/.test(name))).toEqual([])
  })

  it.each([
    ['/v1/realtime?model=m', 'error.code', 'websocket_unsupported'],
    ['/v1/responses', 'error.type', 'invalid_request_error'],
    ['/v1/messages', 'error.type', 'invalid_request_error'],
    ['/v1beta/models/g:generateContent', 'error.code', 426],
  ])('to a WebSocket is refused at %s, in the words of its API', async (path, member, value) => {
    const before = mock.requests.length
    const text = await say(head(`GET ${path} HTTP/1.1`, ...WEBSOCKET), said => said.endsWith('}'))
    expect(text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
    expect(text).toMatch(/^upgrade: HTTP\/1\.1\r$/im)
    expect(text).toMatch(/^connection: upgrade\r$/im)
    const [, body = ''] = text.split('\r\n\r\n')
    expect(JSON.parse(body)).toHaveProperty(member, value)
    expect(body).toContain('WebSockets are not served here.')
    expect(mock.requests).toHaveLength(before)
    await gateway.gateway.flush()
    expect(gateway.records.at(-1)).toMatchObject({
      path: path.split('?')[0],
      status: 426,
      errorCode: 'websocket_unsupported',
      attempts: 0,
    })
  })

  it('among several is looked for, and only by a caller with a token', async () => {
    const several = ['connection: upgrade', 'upgrade: h2c, WebSocket']
    const answered = (text: string) => text.endsWith('}')
    expect(await say(head('GET /v1/x HTTP/1.1', ...several), answered)).toContain(' 426 ')
    const upgrade = { connection: 'upgrade', upgrade: 'websocket' }
    const stranger = await ask(gateway.port, { path: '/v1/x', headers: upgrade, token: null })
    expect(stranger.status).toBe(401)
  })
})

describe('methods that are not served', () => {
  it.each([
    ['TRACE', '/v1/models'],
    ['CONNECT', 'api.openai.com:443'],
    ['CONNECT', '/v1/models'],
  ])('%s %s: 405, nothing sent', async (method, target) => {
    const before = mock.requests.length
    const answered = (text: string) => text.endsWith('}')
    const text = await say(head(`${method} ${target} HTTP/1.1`), answered)
    expect(text).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/)
    expect(text).toMatch(/^allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r$/im)
    expect(text).toContain('method_not_allowed')
    expect(text).not.toContain(TOKEN)
    expect(mock.requests).toHaveLength(before)
  })

  it('a tunnel that was refused is closed, whatever is sent into it', async () => {
    const text = await say(
      `${head('CONNECT a:1 HTTP/1.1')}GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n`,
    )
    expect(text.match(/^HTTP/gm)?.length ?? 0).toBeLessThanOrEqual(1)
    expect(text).not.toContain(' 200 ')
  })
})

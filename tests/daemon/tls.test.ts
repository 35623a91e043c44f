import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import { type Certificate, makeCertificate } from '../support/certificates.ts'
import { type Daemon, World } from '../support/daemon.ts'
import { CHAT, STREAMED } from '../support/open-stream.ts'

let mock: Mock
let world: World
let daemon: Daemon
let token: string
let first: Certificate
let second: Certificate

beforeAll(async () => {
  mock = await startMock()
  world = new World()
  token = await world.furnish(mock.url, 'sk-good-0123456789abcdef')
  first = makeCertificate('localhost')
  second = makeCertificate('localhost')
  write(first)
  daemon = await world.serve('--tls-cert', 'cert.pem', '--tls-key', 'key.pem')
})
afterAll(async () => {
  await world.remove()
  await mock.close()
})

function write({ cert, key }: Certificate): void {
  writeFileSync(join(world.cwd, 'cert.pem'), cert)
  writeFileSync(join(world.cwd, 'key.pem'), key, { mode: 0o600 })
}

/** A chat over TLS, of whose certificate nothing but this one is believed. */
async function open(trusted: Certificate, body = CHAT.body): Promise<IncomingMessage> {
  const options: RequestOptions = {
    port: daemon.port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: trusted.cert,
    path: CHAT.path,
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  }
  const sent = request(options).end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

describe('a listener with a certificate', () => {
  it('serves HTTPS, and says so', async () => {
    expect(daemon.url).toBe(`https://127.0.0.1:${daemon.port}`)
    const response = await open(first)
    expect([response.statusCode, (response.socket as TLSSocket).getProtocol()]).toEqual([
      200,
      'TLSv1.3',
    ])
    expect(JSON.parse(await text(response))).toMatchObject({ object: 'chat.completion' })
    const { url, certificate } = await world.json<DaemonStatus>(['status'])
    expect([url, Date.parse(certificate?.expires ?? '') > Date.now()]).toEqual([daemon.url, true])
  })

  it('streams', async () => {
    expect(await text(await open(first, STREAMED.body))).toMatch(/data: \[DONE\]\n\n$/)
  })

  it('answers no HTTP', async () => {
    const socket = connect(daemon.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
    expect(await text(socket).catch(() => '')).not.toContain('HTTP/1.1 200')
  })

  it('shows another one after a reload, while what is under way goes on', async () => {
    mock.setScript('*', 'hang-after:4')
    const under = await open(first, STREAMED.body)
    mock.setScript('*', 'ok')
    write(second)
    const { code, stderr } = await world.balance(['reload'])
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')])
    expect((await open(second)).statusCode).toBe(200)
    await expect(open(first)).rejects.toThrow(/self-signed|unable to verify/)
    expect([under.closed, under.errored]).toEqual([false, null])
    under.destroy()
  })

  it('goes on with the one it has where the new one cannot be used', async () => {
    writeFileSync(join(world.cwd, 'key.pem'), first.key)
    const { code, stderr } = await world.balance(['reload'])
    expect(code).toBe(78)
    expect(stderr).toMatch(/key\.pem is not the key of the certificate in .*cert\.pem/)
    expect((await open(second)).statusCode).toBe(200)
  })

  it('is asked for its health, whose name the certificate has or not', async () => {
    const port = String(daemon.port)
    const files = { BALANCE_TLS_CERT: 'cert.pem', BALANCE_TLS_KEY: 'key.pem' }
    Object.assign(world.env, { BALANCE_PORT: port, ...files })
    expect(await world.json(['health'])).toMatchObject({
      healthy: true,
      url: `${daemon.url}/readyz`,
    })
    const { code } = await world.balance(['health', '--url', daemon.url])
    expect(code).toBe(1)
    const { stdout } = await world.balance(['env'])
    expect(stdout).toContain(`OPENAI_BASE_URL=${daemon.url}/v1`)
    for (const name of ['BALANCE_PORT', ...Object.keys(files)]) delete world.env[name]
  })

  it('is not opened with one that cannot be used', async () => {
    const { code, stderr } = await world.start(['serve', '--tls-cert', 'cert.pem']).ended
    expect([code, stderr]).toEqual([78, expect.stringContaining('TLS needs its key too')])
  })
})

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import { Agents } from '../../src/upstream/agents.ts'
import { dispatch } from '../../src/upstream/dispatch.ts'
import { AttemptTimeout, transportOutcome } from '../../src/upstream/fault.ts'
import { Flows } from '../../src/upstream/flows.ts'
import type { Ending, Guide } from '../../src/upstream/guide.ts'
import { Relay } from '../../src/upstream/relay.ts'
import { type Certificate, makeCertificate, trust } from '../support/certificates.ts'

/** What OpenSSL still speaks where it is told to. */
const OLD: TlsOptions = {
  minVersion: 'TLSv1',
  maxVersion: 'TLSv1.1',
  ciphers: 'DEFAULT@SECLEVEL=0',
}

let server: Server | null = null
const agents = new Agents()

afterEach(async () => {
  await agents.destroy()
  server?.close()
  server = null
})

/** What one request to this origin ends in; a raw server scripts the bytes. */
async function outcomeOf(origin: string): Promise<Outcome> {
  const relay = await new Promise<Relay>(resolve => {
    const guide: Guide = {
      onHead: () => ({ handling: 'judge', tap: null }),
      onFirst: () => ({ handling: 'judge', tap: null }),
      mask: chunk => chunk,
      onCommit: () => {},
      onToken: () => {},
      onEnd: (ended: Relay, _ending: Ending) => resolve(ended),
    }
    const made = new Relay(guide, undefined as never, new Flows(systemClock))
    dispatch(
      agents,
      {
        dial: { origin, connectTimeout: 300, via: null },
        method: 'POST',
        path: '/',
        headers: [],
        body: Buffer.from('{}'),
        fresh: false,
      },
      made,
    )
  })
  expect(relay.error).not.toBeNull()
  return transportOutcome(relay.error as Error, relay.sent)
}

function listening(script: (socket: Socket) => void): Promise<string> {
  return new Promise(resolve => {
    const made = createServer(socket => {
      socket.on('error', () => {})
      script(socket)
    })
    made.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(made.address() as AddressInfo).port}`))
    server = made
  })
}

const onRequest = (act: (socket: Socket) => void) => (socket: Socket) =>
  void socket.once('data', () => act(socket))

describe('a transport that fails', () => {
  it('refused: nothing was sent', async () => {
    expect(await outcomeOf('http://127.0.0.1:1')).toMatchObject({
      fault: 'provider',
      reach: 'not-sent',
      code: 'upstream_unreachable',
      detail: 'ECONNREFUSED',
    })
  })

  it('no such host', async () => {
    expect(await outcomeOf('http://no-such-host.invalid')).toMatchObject({
      reach: 'not-sent',
      detail: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    })
  })

  it('closed without an answer: it may have acted', async () => {
    const at = await listening(onRequest(socket => socket.end()))
    expect(await outcomeOf(`http://${at}`)).toMatchObject({
      fault: 'provider',
      reach: 'ambiguous',
      code: 'upstream_unreachable',
      detail: 'UND_ERR_SOCKET',
    })
  })

  it('reset without an answer', async () => {
    const at = await listening(onRequest(socket => socket.resetAndDestroy()))
    expect(await outcomeOf(`http://${at}`)).toMatchObject({
      reach: 'ambiguous',
      detail: 'ECONNRESET',
    })
  })

  it('what is no HTTP', async () => {
    const at = await listening(onRequest(socket => socket.end('SSH-2.0-OpenSSH_9.2\r\n')))
    expect(await outcomeOf(`http://${at}`)).toMatchObject({
      fault: 'provider',
      code: 'upstream_error',
      reach: 'ambiguous',
    })
  })

  it('a head without end', async () => {
    const at = await listening(
      onRequest(socket => socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(80_000)}\r\n\r\n`)),
    )
    expect(await outcomeOf(`http://${at}`)).toMatchObject({
      code: 'upstream_error',
      detail: 'UND_ERR_HEADERS_OVERFLOW',
    })
  })

  it('TLS asked of a plain port', async () => {
    const at = await listening(
      socket => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    )
    expect(await outcomeOf(`https://${at}`)).toMatchObject({
      fault: 'provider',
      reach: 'not-sent',
      code: 'upstream_tls',
    })
  })

  describe('TLS that is not to be trusted', () => {
    const good = makeCertificate('localhost')
    const expired = makeCertificate('localhost', -1)

    it.each<[string, Certificate, Certificate | null, TlsOptions, string]>([
      ['a certificate that nobody vouches for', good, null, {}, 'upstream_tls'],
      ['a certificate that has expired', expired, expired, {}, 'upstream_tls'],
      ['a version of it that is too old', good, good, OLD, 'upstream_unreachable'],
    ])('%s: nothing was sent', async (_what, shown, trusted, options, code) => {
      const undo = trusted === null ? () => {} : trust(trusted)
      let read = ''
      const made = createTlsServer({ ...shown, ...options }, socket => {
        socket.on('data', chunk => {
          read += chunk
          socket.destroy()
        })
      })
      made.on('tlsClientError', () => {})
      server = made
      await new Promise<void>(resolve => made.listen(0, '127.0.0.1', resolve))
      const { port } = made.address() as AddressInfo
      expect(await outcomeOf(`https://localhost:${port}`)).toMatchObject({
        fault: 'provider',
        reach: 'not-sent',
        code,
      })
      undo()
      expect(read).toBe('')
    })

    it('is told from TLS that is', async () => {
      const undo = trust(good)
      const made = createTlsServer(good, socket => socket.destroy())
      server = made
      await new Promise<void>(resolve => made.listen(0, '127.0.0.1', resolve))
      const { port } = made.address() as AddressInfo
      expect((await outcomeOf(`https://localhost:${port}`)).code).not.toBe('upstream_tls')
      undo()
    })
  })

  it('a handshake that stalls', async () => {
    const at = await listening(() => {})
    expect(await outcomeOf(`https://${at}`)).toMatchObject({
      fault: 'provider',
      reach: 'not-sent',
      code: 'upstream_timeout',
    })
  })

  it.each(['EMFILE', 'ENOBUFS', 'EAI_AGAIN'])('%s is this host’s own fault', code => {
    expect(transportOutcome(Object.assign(new Error(), { code }))).toMatchObject({
      fault: 'local',
      code: 'local_fault',
    })
  })

  it('time-outs of the gateway’s own', () => {
    expect(transportOutcome(new AttemptTimeout('first_token_timeout', 'late'))).toMatchObject({
      fault: 'provider',
      code: 'first_token_timeout',
    })
  })

  it('a request that cannot be sent is the client’s', async () => {
    const relay = Object.assign(new Error('bad'), { code: 'UND_ERR_INVALID_ARG' })
    expect(transportOutcome(relay)).toMatchObject({ fault: 'client', reach: 'not-sent' })
  })
})

import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { testProxies } from '../../src/control/proxy-tests.ts'
import { catalog, provider } from '../support/catalog.ts'
import { makeCertificate, trust } from '../support/certificates.ts'
import { proxyRow, TestProxy } from '../support/egress.ts'

const NAME = 'api.vendor.test'
const certificate = makeCertificate(`${NAME},IP:127.0.0.1`)
const USER = { user: 'me', password: 'planted-Proxy-passw0rd' }
const cleanup: (() => unknown)[] = []

afterEach(async () => {
  for (const end of cleanup.splice(0).reverse()) await end()
})

async function listening(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  cleanup.push(() => server.close())
  return (server.address() as AddressInfo).port
}

async function startProxy(...args: Parameters<typeof TestProxy.start>): Promise<TestProxy> {
  const proxy = await TestProxy.start(...args)
  cleanup.push(() => proxy.die())
  return proxy
}

type Row = ReturnType<typeof proxyRow>

/** @param own what the proxy's row has otherwise */
async function tested(baseUrl: string, proxy: TestProxy, own: Partial<Row> = {}) {
  const settings = { connect_timeout: 300 }
  const mock = provider('mock', baseUrl, { overrides: { proxy: ['eu'], ...settings } })
  const row = proxyRow(proxy, 'eu', own)
  const whole = catalog({ providers: [mock], proxies: [row] })
  const [test] = await testProxies(systemClock, whole, [row], null)
  expect(JSON.stringify(test)).not.toContain(USER.password)
  return test
}

const taken = expect.any(Number)

describe('a proxy that works', () => {
  it.each(['http', 'https', 'socks5'] as const)('%s, to a provider of HTTPS', async scheme => {
    cleanup.push(trust(certificate))
    const port = await listening(createHttps(certificate))
    const tls = scheme === 'https' ? { certificate } : {}
    const proxy = await startProxy(scheme, { ...USER, ...tls, names: { [NAME]: port } })
    expect(await tested(`https://${NAME}/v1`, proxy)).toMatchObject({
      ...{ name: 'eu', ok: true, provider: 'mock', to: `https://${NAME}`, code: null, reason: '' },
      ...{ connect_ms: taken, tunnel_ms: taken, tls_ms: taken },
    })
    expect(proxy.asked).toEqual([`${NAME}:443`])
  })

  it('to a provider of plain HTTP there is no TLS', async () => {
    const port = await listening(createHttp())
    const test = await tested(`http://127.0.0.1:${port}/v1`, await startProxy('http'))
    expect(test).toMatchObject({ ok: true, connect_ms: taken, tunnel_ms: taken, tls_ms: null })
  })

  it('has the time of each step', async () => {
    const times = [0, 5, 12]
    const clock = { ...systemClock, now: () => times.shift() ?? 40 }
    const port = await listening(createHttp())
    const row = proxyRow(await startProxy('http'), 'eu')
    const mock = provider('mock', `http://127.0.0.1:${port}`, { overrides: { proxy: ['eu'] } })
    const whole = catalog({ providers: [mock], proxies: [row] })
    const [test] = await testProxies(clock, whole, [row], null)
    expect(test).toMatchObject({ ms: 40, connect_ms: 5, tunnel_ms: 7, tls_ms: null })
  })
})

describe('a proxy that fails', () => {
  type Case = readonly [
    what: string,
    scheme: 'http' | 'https' | 'socks5',
    own: { manner?: TestProxy['manner']; wanted?: object; row?: Partial<Row>; dead?: true },
    code: string,
    reason: string,
  ]
  const WITHOUT: Partial<Row> = { secret: null, protected: false }
  it.each<Case>([
    ['dead', 'http', { dead: true }, 'proxy_ECONNREFUSED', "Nobody listens at the proxy's address"],
    [
      'of a name that is none',
      'http',
      { row: { url: 'http://proxy.invalid:3128' } },
      expect.stringMatching(/^proxy_(ENOTFOUND|EAI_AGAIN)$/),
      "The proxy's name ",
    ],
    [
      'with a certificate of its own',
      'https',
      {},
      'proxy_DEPTH_ZERO_SELF_SIGNED_CERT',
      "The proxy's certificate is not to be trusted",
    ],
    [
      'that wants credentials',
      'http',
      { wanted: USER, row: { ...WITHOUT, url: '' } },
      'proxy_407',
      'The proxy wants a user and a password (407).',
    ],
    [
      'that refuses them',
      'http',
      { wanted: USER, row: { secret: null } },
      'proxy_407',
      'The proxy refuses user or password (407).',
    ],
    [
      'that wants credentials',
      'socks5',
      { wanted: USER, row: { ...WITHOUT, url: '' } },
      'proxy_socks_auth',
      'The proxy wants a user and a password.',
    ],
    [
      'that refuses them',
      'socks5',
      { wanted: USER, row: { secret: null } },
      'proxy_socks_auth',
      'The proxy refuses user or password.',
    ],
    [
      'that forbids',
      'http',
      { manner: 403 },
      'proxy_403',
      'The proxy refuses to make a connection',
    ],
    ['that forbids', 'socks5', { manner: 2 }, 'proxy_socks_2', 'The proxy does not allow this'],
    [
      'that reaches nobody',
      'http',
      { manner: 502 },
      'proxy_502',
      'could not reach the upstream (502)',
    ],
    [
      'that reaches nobody',
      'socks5',
      { manner: 4 },
      'proxy_socks_4',
      '(SOCKS 4: host unreachable)',
    ],
    ['that hangs', 'http', { manner: 'hang' }, 'proxy_timeout', 'made no connection in time'],
    ['that cuts', 'http', { manner: 'cut' }, 'proxy_ECONNRESET', 'The proxy made no connection'],
    [
      'whose password does not open',
      'http',
      { row: { fault: { state: 'sealed', reason: 'its seal does not open' } } },
      'sealed',
      'its seal does not open',
    ],
  ])('%s (%s %#)', async (_, scheme, { manner, wanted, row, dead }, code, reason) => {
    const tls = scheme === 'https' ? { certificate } : {}
    const proxy = await startProxy(scheme, { ...tls, ...wanted })
    if (manner !== undefined) proxy.manner = manner
    if (dead) await proxy.die()
    const bare = `${scheme}://127.0.0.1:${proxy.port}`
    const own = row?.url === '' ? { ...row, url: bare } : row
    const test = await tested('https://127.0.0.1:1/v1', proxy, own)
    expect(test).toMatchObject({ ok: false, code, reason: expect.stringContaining(reason) })
    expect([test?.tunnel_ms, test?.tls_ms]).toEqual([null, null])
  })

  it('says what else answers there', async () => {
    const port = await listening(createTcp(socket => void socket.end('SSH-2.0-x\r\n')))
    const test = await tested('https://127.0.0.1:1', new TestProxy('http'), {
      url: `http://127.0.0.1:${port}`,
    })
    expect(test?.reason).toMatch(/^What answers is no HTTP proxy \(HPE_/)
  })

  it('to a provider whose certificate is not to be trusted', async () => {
    const port = await listening(createHttps(certificate))
    const test = await tested(`https://127.0.0.1:${port}`, await startProxy('http'))
    expect(test).toMatchObject({ ok: false, code: 'upstream_tls', tunnel_ms: taken, tls_ms: null })
    expect(test?.reason).toBe(
      "The tunnel was made, but the provider's certificate is not to be trusted (DEPTH_ZERO_SELF_SIGNED_CERT).",
    )
  })

  it('to a provider that begins no TLS', async () => {
    const port = await listening(createTcp(socket => void socket.destroy()))
    const test = await tested(`https://127.0.0.1:${port}`, await startProxy('http'))
    expect(test).toMatchObject({ ok: false, code: 'upstream_unreachable', tls_ms: null })
    expect(test?.reason).toMatch(/^The tunnel was made, but TLS with the provider failed/)
  })
})

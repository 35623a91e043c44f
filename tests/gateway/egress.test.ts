import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { type catalog, key, provider } from '../support/catalog.ts'
import { makeCertificate, trust } from '../support/certificates.ts'
import { proxyRow, TestProxy } from '../support/egress.ts'
import { ask, chat, heldAgainst, startGateway, type TestGateway } from '../support/gateway.ts'

const NAME = 'api.vendor.test'
const certificate = makeCertificate(`${NAME},IP:127.0.0.1,IP:127.0.0.2`)
const PASSWORD = 'planted-Proxy-passw0rd'
const cleanup: (() => unknown)[] = []

afterEach(async () => {
  for (const end of cleanup.splice(0).reverse()) await end()
})

interface Upstream {
  readonly port: number
  /** Source addresses of the connections that requests came on. */
  readonly peers: string[]
  /** Which key came from where. */
  readonly by: Map<string, string>
}

async function startUpstream(secure = false): Promise<Upstream> {
  const peers: string[] = []
  const by = new Map<string, string>()
  const serve: RequestListener = (request, response) => {
    const from = request.socket.remoteAddress ?? ''
    peers.push(from)
    by.set(/sk-(.*)-0123/.exec(String(request.headers.authorization))?.[1] ?? '', from)
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      if (!/"stream":true/.test(body)) {
        response.writeHead(200, { 'content-type': 'application/json' })
        return void response.end('{"id":"x","object":"chat.completion","choices":[]}')
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n')
      response.end('data: [DONE]\n\n')
    })
  }
  const server = secure ? createHttps(certificate, serve) : createHttp(serve)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  cleanup.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, peers, by }
}

async function startProxy(...args: Parameters<typeof TestProxy.start>): Promise<TestProxy> {
  const proxy = await TestProxy.start(...args)
  cleanup.push(() => proxy.die())
  return proxy
}

async function gatewayOf(
  baseUrl: string,
  proxies: readonly TestProxy[],
  more: Parameters<typeof catalog>[0] & { clock?: Clock } = {},
): Promise<TestGateway> {
  const { clock, ...parts } = more
  const names = proxies.map((_, at) => `p${at}`)
  const gateway = await startGateway(
    {
      providers: [provider('mock', baseUrl, { overrides: { proxy: names, connect_timeout: 300 } })],
      keys: [key('a')],
      proxies: proxies.map((proxy, at) => proxyRow(proxy, `p${at}`)),
      ...parts,
    },
    clock === undefined ? {} : { clock },
  )
  cleanup.push(() => gateway.close())
  return gateway
}

function send(gateway: TestGateway, change: Record<string, unknown> = {}) {
  return ask(gateway.port, { path: '/v1/chat/completions', body: chat(change) })
}

describe('a request goes through', () => {
  beforeEach(() => {
    cleanup.push(trust(certificate))
  })

  const cells = (['http', 'https', 'socks5'] as const).flatMap(scheme =>
    [false, true].flatMap(secure =>
      [false, true].flatMap(stream =>
        [false, true].map(user => ({ scheme, secure, stream, user })),
      ),
    ),
  )

  it.each(cells)('$scheme proxy (password $user), TLS $secure, stream $stream', async cell => {
    const { scheme, secure, stream, user } = cell
    const upstream = await startUpstream(secure)
    const proxy = await startProxy(scheme, {
      address: '127.0.0.2',
      names: { [NAME]: upstream.port },
      ...(scheme === 'https' ? { certificate } : {}),
      ...(user ? { user: 'me', password: PASSWORD } : {}),
    })
    // Nobody but the proxy knows this name: neither name nor host is dialled from here.
    const gateway = await gatewayOf(`${secure ? 'https' : 'http'}://${NAME}/v1`, [proxy])
    for (let again = 0; again < 2; again++) {
      const answer = await send(gateway, stream ? { stream } : {})
      expect(answer.text).toContain(stream ? '[DONE]' : 'chat.completion')
      expect(answer.status).toBe(200)
    }
    expect(upstream.peers).toEqual(['127.0.0.2', '127.0.0.2'])
    // The connection was kept.
    expect(proxy.asked).toEqual([`${NAME}:${secure ? 443 : 80}`])
    if (user) expect(proxy.credentials.join()).toMatch(scheme === 'socks5' ? PASSWORD : /^Basic /)
    expect(JSON.stringify(gateway.lines)).not.toContain(PASSWORD)
  })
})

describe('certificates', () => {
  it("an upstream's that is not to be trusted is the provider's fault, and no proxy's", async () => {
    const upstream = await startUpstream(true)
    const proxy = await startProxy('http')
    const gateway = await gatewayOf(`https://127.0.0.1:${upstream.port}/v1`, [proxy])
    const answer = await send(gateway)
    expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([502, 'upstream_tls'])
    expect(upstream.peers).toEqual([])
    expect((await gateway.gateway.reports())[0]?.proxies).toMatchObject({
      x_p0: { usable: true, fault: null, keys: 1 },
    })
  })

  it("a proxy's that is not to be trusted is shown no credentials", async () => {
    const upstream = await startUpstream()
    const proxy = await startProxy('https', { certificate, user: 'me', password: PASSWORD })
    const gateway = await gatewayOf(`http://127.0.0.1:${upstream.port}/v1`, [proxy])
    const answer = await send(gateway)
    expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([503, 'proxy_unavailable'])
    expect([proxy.asked, proxy.credentials, upstream.peers]).toEqual([[], [], []])
  })
})

describe('a proxy that fails', () => {
  it.each<[string, 'http' | 'socks5', (proxy: TestProxy) => unknown]>([
    ['is not there', 'http', proxy => proxy.die()],
    ['is not there', 'socks5', proxy => proxy.die()],
    ['hangs', 'http', proxy => Object.assign(proxy, { manner: 'hang' })],
    ['hangs', 'socks5', proxy => Object.assign(proxy, { manner: 'hang' })],
    ['cuts', 'http', proxy => Object.assign(proxy, { manner: 'cut' })],
    ['cuts', 'socks5', proxy => Object.assign(proxy, { manner: 'cut' })],
    ['wants other credentials', 'http', proxy => Object.assign(proxy, { manner: 407 })],
    ['forbids', 'http', proxy => Object.assign(proxy, { manner: 403 })],
    ['forbids', 'socks5', proxy => Object.assign(proxy, { manner: 2 })],
    ['reaches nobody', 'http', proxy => Object.assign(proxy, { manner: 502 })],
    ['reaches nobody', 'socks5', proxy => Object.assign(proxy, { manner: 4 })],
  ])(
    '%s (%s): the request goes through another, and nobody else is charged',
    async (_, scheme, spoil) => {
      const upstream = await startUpstream()
      const proxies = [await startProxy(scheme), await startProxy(scheme, { address: '127.0.0.2' })]
      const gateway = await gatewayOf(`http://127.0.0.1:${upstream.port}/v1`, proxies)
      await send(gateway)
      const [own] = upstream.peers as [string]
      const [first, other] = own === '127.0.0.2' ? [...proxies].reverse() : proxies
      await (first as TestProxy).die()
      await (first as TestProxy).open()
      await spoil(first as TestProxy)
      const answer = await send(gateway)
      expect(answer.status).toBe(200)
      expect(upstream.peers[1]).toBe(other?.wanted.address ?? '127.0.0.1')
      expect(heldAgainst(gateway)).toEqual([])
      await gateway.gateway.flush()
      const { failures, outcome } = gateway.records[1] ?? {}
      expect(outcome).toBe('ok')
      expect(failures?.map(({ fault }) => fault).filter(fault => fault !== 'stale')).toEqual([
        'proxy',
      ])
      expect((await gateway.gateway.reports())[0]?.breakers).toEqual({ mock: {} })
    },
  )

  it('leaves after three faults in a row; one that is not there at once', async () => {
    const upstream = await startUpstream()
    const proxy = await startProxy('http')
    proxy.manner = 403
    const gateway = await gatewayOf(`http://127.0.0.1:${upstream.port}/v1`, [proxy])
    const usable = async () => (await gateway.gateway.reports())[0]?.proxies.x_p0?.usable
    for (const wanted of [true, true, false]) {
      expect((await send(gateway)).status).toBe(503)
      expect(await usable()).toBe(wanted)
    }
    expect(proxy.asked).toHaveLength(3)
    const answer = await send(gateway)
    expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([503, 'proxy_unavailable'])
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect([proxy.asked.length, upstream.peers]).toEqual([3, []])
  })

  it("that all say so, the upstream cannot be reached: that is the provider's fault", async () => {
    const proxies = [await startProxy('http'), await startProxy('socks5')]
    const gateway = await gatewayOf('http://127.0.0.1:1/v1', proxies)
    const answer = await send(gateway)
    expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([
      502,
      'upstream_unreachable',
    ])
    const [report] = await gateway.gateway.reports()
    expect(Object.values(report?.proxies ?? {}).map(({ usable }) => usable)).toEqual([true, true])
  })
})

describe('a key with a proxy of its own', () => {
  it('uses that one only; where it fails the other keys serve', async () => {
    const upstream = await startUpstream()
    const proxies = [
      await startProxy('http', { address: '127.0.0.2' }),
      await startProxy('http', { address: '127.0.0.3' }),
    ]
    const base = `http://127.0.0.1:${upstream.port}/v1`
    const gateway = await gatewayOf(base, proxies, {
      providers: [provider('mock', base, { overrides: { proxy: ['p0'] } })],
      keys: [key('a'), key('b', { proxy: 'p1' })],
    })
    for (let at = 0; at < 2; at++) expect((await send(gateway)).status).toBe(200)
    expect(Object.fromEntries(upstream.by)).toEqual({ a: '127.0.0.2', b: '127.0.0.3' })
    await proxies[1]?.die()
    upstream.by.clear()
    for (let at = 0; at < 4; at++) expect((await send(gateway)).status).toBe(200)
    expect(Object.fromEntries(upstream.by)).toEqual({ a: '127.0.0.2' })
    expect(heldAgainst(gateway)).toEqual([])
  })
})

describe('a key whose proxy is gone', () => {
  it('is not dialled directly, though its provider is', async () => {
    const upstream = await startUpstream()
    const base = `http://127.0.0.1:${upstream.port}/v1`
    const providers = [provider('mock', base)]
    const keys = [key('a', { proxy: 'gone' })]
    for (const proxies of [[], [await startProxy('http')]]) {
      const gateway = await gatewayOf(base, proxies, { providers, keys })
      const answer = await send(gateway)
      expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([
        503,
        'proxy_unavailable',
      ])
      expect(upstream.peers).toEqual([])
      expect(heldAgainst(gateway)).toEqual([])
    }
    const gateway = await gatewayOf(base, [], { providers, keys: [...keys, key('b')] })
    for (let at = 0; at < 4; at++) expect((await send(gateway)).status).toBe(200)
    expect([...upstream.by.keys()]).toEqual(['b'])
  })
})

describe('50 keys over 4 proxies', () => {
  it('stay with their own, move when it dies and come back when it returns', async () => {
    const upstream = await startUpstream()
    const proxies = await Promise.all(
      [2, 3, 4, 5].map((last, at) =>
        startProxy(at % 2 ? 'socks5' : 'http', { address: `127.0.0.${last}` }),
      ),
    )
    const keys = Array.from({ length: 50 }, (_, at) => key(`n${at}`))
    const base = `http://127.0.0.1:${upstream.port}/v1`
    const gateway = await gatewayOf(base, proxies, { keys })
    const round = async (of = gateway) => {
      upstream.by.clear()
      for (let at = 0; at < 50; at++) expect((await send(of)).status).toBe(200)
      expect(upstream.by.size).toBe(50)
      return new Map(upstream.by)
    }
    const first = await round()
    expect(new Set(first.values()).size).toBe(4)
    expect(await round()).toEqual(first)

    const dying = proxies[1] as TestProxy
    await dying.die()
    const without = await round()
    for (const [name, from] of first) {
      if (from === '127.0.0.3') expect(without.get(name)).not.toBe('127.0.0.3')
      else expect(without.get(name)).toBe(from)
    }
    await dying.open()
    const back = async () => (await gateway.gateway.reports())[0]?.proxies.x_p1?.usable
    await vi.waitFor(async () => expect(await back()).toBe(true), { timeout: 8_000, interval: 50 })
    expect(await round()).toEqual(first)
    // Another process gives every key the same.
    expect(await round(await gatewayOf(base, proxies, { keys }))).toEqual(first)
    expect([...new Set(upstream.peers)].sort()).toEqual([2, 3, 4, 5].map(last => `127.0.0.${last}`))
  }, 20_000)
})

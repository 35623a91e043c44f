import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ProxyTestShape } from '../../src/control/shapes/proxy-test.ts'
import type { ProxyStatus } from '../../src/model/proxy-status.ts'
import type { DaemonStatus, KeyRow } from '../../src/model/status.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { TestProxy } from '../support/egress.ts'
import { ask, chat } from '../support/gateway.ts'

const KEYS = Array.from({ length: 50 }, (_, at) => `sk-n${at}-0123456789abcdef`)
const ADDRESSES = [2, 3, 4, 5].map(last => `127.0.0.${last}`)
const PASSWORD = 'planted-Proxy-passw0rd'

/** Where each key came from since it was cleared. */
const came = new Map<string, Set<string>>()
const peers = new Set<string>()
let upstream: Server
let proxies: TestProxy[]
let world: World
let token: string

beforeAll(async () => {
  upstream = createServer((request, response) => {
    const from = request.socket.remoteAddress ?? ''
    const key = /sk-(.*)-0123/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    peers.add(from)
    came.set(key, (came.get(key) ?? new Set()).add(from))
    request.resume().on('end', () => {
      const list = request.method === 'GET'
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(list ? '{"object":"list","data":[{"id":"m"}]}' : '{"id":"x","choices":[]}')
    })
  })
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
  proxies = await Promise.all(
    ADDRESSES.map((address, at) =>
      TestProxy.start(at % 2 ? 'socks5' : 'http', { address, user: 'me', password: PASSWORD }),
    ),
  )
  world = new World()
  const { port } = upstream.address() as AddressInfo
  token = await world.furnish(`http://127.0.0.1:${port}/v1`, ...KEYS)
  for (const [at, { url }] of proxies.entries()) {
    const whole = url.replace('me@', `me:${PASSWORD}@`)
    // One way or the other.
    if (at % 2) await world.json(['proxies', 'add', `p${at}`], whole)
    else await world.json(['proxies', 'add', `p${at}`, url, '--password'], PASSWORD)
  }
  await world.balance(['providers', 'set', 'mock', 'proxy=p0,p1,p2,p3'])
})
afterAll(async () => {
  await world.remove()
  await Promise.all(proxies.map(proxy => proxy.die()))
  upstream.closeAllConnections()
  upstream.close()
})

/** Asks until every key was used; each comes from one address. */
async function round(daemon: Daemon): Promise<Map<string, string>> {
  came.clear()
  for (let asked = 0; came.size < KEYS.length; asked++) {
    expect(asked).toBeLessThan(1_000)
    expect((await daemon.ask(token)).status).toBe(200)
  }
  const owners = new Map<string, string>()
  for (const [key, addresses] of came) {
    expect([key, addresses.size]).toEqual([key, 1])
    for (const address of addresses) owners.set(key, address)
  }
  return owners
}

/** What is shown of where keys go, as {@link round} finds it. */
async function shownOwners(): Promise<Map<string, string | undefined>> {
  const keys = await world.json<KeyRow[]>(['keys', 'list'])
  return new Map(
    keys.map(({ label, via }) => [
      `n${Number(label.slice('key-'.length)) - 1}`,
      ADDRESSES[Number(via?.slice(1))],
    ]),
  )
}

async function states(): Promise<string[]> {
  const rows = await world.json<ProxyStatus[]>(['proxies', 'list'])
  return rows.map(({ state }) => state)
}

it('50 keys over 4 proxies and 2 workers: one dies and returns, and the daemon starts anew', async () => {
  const daemon = await world.serve('--workers', '2')
  const first = await round(daemon)
  expect(new Set(first.values())).toEqual(new Set(ADDRESSES))

  expect(await shownOwners()).toEqual(first)

  const dying = proxies[1] as TestProxy
  await dying.die()
  const without = await round(daemon)
  for (const [key, from] of first) {
    if (from === '127.0.0.3') expect(without.get(key)).not.toBe('127.0.0.3')
    else expect([key, without.get(key)]).toEqual([key, from])
  }
  expect(await states()).toEqual(['active', 'failing', 'active', 'active'])
  expect(await shownOwners()).toEqual(without)
  const [, failing] = await world.json<ProxyStatus[]>(['proxies', 'list'])
  expect(failing).toMatchObject({
    keys: 0,
    reason: "Nobody listens at the proxy's address (ECONNREFUSED).",
  })
  expect(Date.parse(failing?.next_check ?? '')).toBeGreaterThan(0)

  await dying.open()
  await eventually(async () => (await states()).every(state => state === 'active'), 'its return')
  expect(await round(daemon)).toEqual(first)
  await daemon.stop()
  const [unknown] = await world.json<KeyRow[]>(['keys', 'list'])
  expect(unknown?.via).toBe(null)
  const next = await world.serve('--workers', '2')
  expect(await round(next)).toEqual(first)

  const test = await world.balance(['proxies', 'test', '--json'])
  expect(JSON.parse(test.stdout).map(({ ok }: ProxyTestShape) => ok)).toEqual([
    true,
    true,
    true,
    true,
  ])
  came.clear()
  expect((await world.balance(['keys', 'test', 'key-1', 'key-2'])).code).toBe(0)
  for (const [key, addresses] of came) expect([...addresses]).toEqual([first.get(key)])
  // Nobody else ever came.
  expect(peers).toEqual(new Set(ADDRESSES))

  const shown = [
    daemon.stderr,
    next.stderr,
    ...world.pids.flatMap(pid => ['cmdline', 'environ'].map(of => proc(pid, of))),
    ...(await Promise.all(
      [
        ['proxies', 'list'],
        ['proxies', 'list', '--json'],
        ['status', '--json'],
        ['config', 'export'],
        ['config', 'log', '--json'],
        ['logs', 'list', '--json'],
      ].map(async args => {
        const { code, stdout, stderr } = await world.balance(args)
        expect([args, code]).toEqual([args, 0])
        return stdout + stderr
      }),
    )),
  ].join('\n')
  expect(shown).toContain('me:…@127.0.0.2')
  expect(shown).not.toContain(PASSWORD)
  expect(shown).not.toContain(Buffer.from(`me:${PASSWORD}`).toString('base64'))
  await next.stop()
}, 60_000)

function proc(pid: number, of: string): string {
  return readFileSync(`/proc/${pid}/${of}`, 'utf8')
}

it('a password as an argument is refused and not shown again', async () => {
  const url = `http://me:${PASSWORD}@proxy.lan:1`
  const { code, stdout, stderr } = await world.balance(['proxies', 'add', 'x', url])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('never taken as an argument')
  expect(stderr).not.toContain(PASSWORD)
})

it('a proxy is switched off, changed, tested and removed', async () => {
  await world.balance(['proxies', 'add', 'gone', 'http://127.0.0.1:1'])
  const { code, stdout } = await world.balance(['proxies', 'test', 'gone', '--json'])
  expect([code, JSON.parse(stdout)]).toMatchObject([
    1,
    [{ name: 'gone', ok: false, code: 'proxy_ECONNREFUSED' }],
  ])
  const shown = await world.balance(['proxies', 'test', 'gone', 'p0'])
  expect(shown.stdout).toMatch(/^NAME +URL +RESULT +MS +CONNECT +TUNNEL +TLS +TO +WHY NOT$/m)
  expect(shown.stdout).toMatch(/^p0 .* works +\d+ +\d+ +\d+ +- +mock http:/m)
  expect(shown.stdout).toMatch(/^gone .* proxy_ECONNREFUSED .* Nobody listens/m)
  expect(shown.stderr).toContain('1 of 2 failed the test.')
  await world.json(['proxies', 'disable', 'gone'])
  await world.json(['proxies', 'set', 'gone', '--url', 'https://me@127.0.0.1:2'])
  const rows = await world.json<ProxyStatus[]>(['proxies', 'list'])
  expect(rows.at(-1)).toMatchObject({
    state: 'disabled',
    url: 'https://me@127.0.0.1:2',
    keys: null,
  })
  expect((await world.balance(['proxies', 'remove', 'gone'])).code).toBe(2)
  const used = await world.balance(['proxies', 'remove', 'p0', '--yes'])
  expect([used.code, used.stdout]).toEqual([1, ''])
  expect(used.stderr).toContain('Proxy "p0" is named by provider mock.')
  expect(used.stderr).toContain('balance providers set mock proxy=NAMES')
  expect((await world.balance(['proxies', 'remove', 'gone', '--yes'])).code).toBe(0)
  expect(await world.json(['proxies', 'list'])).toHaveLength(4)
})

it('what NO_PROXY names is dialled directly, by workers too, and so it is shown', async () => {
  const there = new World()
  const proxy = await TestProxy.start('http')
  try {
    const { port } = upstream.address() as AddressInfo
    const other = createServer((_, response) => response.end('{"id":"x","choices":[]}'))
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const { port: exempt } = other.address() as AddressInfo
    // An address of this host that is not exempt by itself.
    const client = await there.furnish(`http://0.0.0.0:${port}/v1`, 'sk-0123456789abcdef')
    const at = `http://0.0.0.0:${exempt}/v1`
    await there.balance(['providers', 'add', 'lab', '--kind', 'openai', '--base-url', at])
    await there.balance(['keys', 'add', 'lab', '--label', 'own'], 'sk-fedcba9876543210')
    await there.json(['proxies', 'add', 'eu', proxy.url])
    there.env.NO_PROXY = `nowhere.lan, 0.0.0.0:${exempt}`
    there.env.HTTP_PROXY = 'http://127.0.0.1:1'
    const daemon = await there.serve('--workers', '2')
    // What the shell of a command has is nothing to the daemon.
    there.env.NO_PROXY = '*'
    for (let turn = 0; turn < 4; turn++) {
      const path = `/${turn % 2 ? 'lab' : 'mock'}/v1/chat/completions`
      expect((await ask(daemon.port, { path, token: client, body: chat() })).status).toBe(200)
    }
    expect(new Set(proxy.asked)).toEqual(new Set([`0.0.0.0:${port}`]))
    const keys = await there.json<KeyRow[]>(['keys', 'list'])
    expect(keys.map(({ provider, via }) => [provider, via])).toEqual([
      ['mock', 'eu'],
      ['lab', 'none'],
    ])
    expect((await there.balance(['keys', 'list'])).stdout).toMatch(/ VIA +FAULTS /)
    const { stdout } = await there.balance(['keys', 'show', 'own'])
    expect(stdout).toMatch(/^dialled through +none$/m)
    const named = ['nowhere.lan', `0.0.0.0:${exempt}`]
    expect((await there.json<DaemonStatus>(['status'])).no_proxy).toEqual(named)
    expect((await there.balance(['status'])).stdout).toContain(named.join(', '))
    other.closeAllConnections()
    other.close()
  } finally {
    await there.remove()
    await proxy.die()
  }
}, 30_000)

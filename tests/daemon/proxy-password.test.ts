import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { type Planted, Search } from '../chaos/planted.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { type Manner, TestProxy } from '../support/egress.ts'
import { ask, chat } from '../support/gateway.ts'

const planted = (name: string): Planted => ({
  name: `password of ${name}`,
  value: `Pl4nted/${randomBytes(12).toString('hex')}+%41`,
})
const search = new Search()
const ends: (() => unknown)[] = []
/** By the proxy's name, which is its provider's as well: where it is, and what is given for it. */
const urls = new Map<string, string>()
const passwords = new Map<string, Planted>()
const serving = planted('serves')

let world: World
let daemon: Daemon
let token: string
let upstream: Server
let served: TestProxy
let watch: NodeJS.Timeout

beforeAll(async () => {
  upstream = createServer((request, response) => {
    request.resume().on('end', () => response.end('{"id":"x","choices":[]}'))
  })
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
  served = await TestProxy.start('http', { user: 'me', password: serving.value })
  ends.push(() => served.die())
  passwords.set('serves', serving)
  urls.set('serves', served.url)
  await start('refuses', 'http', { user: 'me', password: 'another' })
  await start('refuses-socks', 'socks5', { user: 'me', password: 'another' })
  await start('forbids', 'http', {}, 403)
  await start('beyond', 'http', {}, 502)
  await start('hangs', 'http', {}, 'hang')
  await start('cuts', 'socks5', {}, 'cut')
  urls.set('telltale', `http://127.0.0.1:${await startTelltale()}`)
  urls.set('dead', 'http://127.0.0.1:1')
  urls.set('nameless', 'http://no-such-proxy.invalid:3128')
  urls.set('damaged', 'http://127.0.0.1:2')
  for (const name of urls.keys()) if (!passwords.has(name)) passwords.set(name, planted(name))
  search.plant(...passwords.values())

  world = new World()
  watch = setInterval(lookAtProcesses, 10)
  const { port } = upstream.address() as AddressInfo
  token = await world.furnish(`http://127.0.0.1:${port}/v1`, 'sk-0123456789abcdef')
  daemon = await world.serve('--log-level', 'trace')
})
afterAll(async () => {
  clearInterval(watch)
  await world.remove()
  for (const end of ends) await end()
  upstream.closeAllConnections()
  upstream.close()
})

async function start(
  name: string,
  scheme: 'http' | 'socks5',
  wanted: Parameters<typeof TestProxy.start>[1],
  manner: Manner = 'serve',
): Promise<void> {
  const proxy = await TestProxy.start(scheme, wanted)
  proxy.manner = manner
  ends.push(() => proxy.die())
  urls.set(name, proxy.url)
}

/** A proxy that says what it was given wherever it can. */
async function startTelltale(): Promise<number> {
  const server = createTcp(socket => {
    socket.on('error', () => {})
    socket.on('data', data => {
      const [, basic = ''] = /basic (\S+)/i.exec(data.toString()) ?? []
      const clear = Buffer.from(basic, 'base64').toString()
      socket.end(`HTTP/1.1 407 ${clear}\r\nx-given: ${basic}\r\n\r\n${clear}`)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** What every user of the host can see of our processes, and what their owner can. */
function lookAtProcesses(): void {
  for (const pid of world.pids) {
    for (const of of ['cmdline', 'environ']) {
      try {
        search.look(`${of} of a process`, readFileSync(`/proc/${pid}/${of}`))
      } catch {
        // It has ended.
      }
    }
  }
}

/** Runs a command and searches all it prints. */
async function balance(args: readonly string[], stdin = '') {
  const ended = await world.balance(args, stdin)
  search.look(`balance ${args.join(' ')}`, ended.stdout + ended.stderr)
  return ended
}

it('passwords of proxies are given, rightly and wrongly', async () => {
  const store = await world.openStore()
  const others = [...urls].filter(([name]) => !/serves|telltale/.test(name))
  await store.addProxies(
    others.map(([name, url]) => ({
      name,
      url: url.replace(/\/\/(me@)?/, '//me@'),
      password: new Secret((passwords.get(name) as Planted).value),
    })),
  )
  await store.close()
  const [, { value }] = [...passwords][0] as [string, Planted]
  const whole = served.url.replace('me@', `me:${encodeURIComponent(value)}@`)
  expect((await balance(['proxies', 'add', 'serves'], whole)).code).toBe(0)
  const [place, theirs] = [urls.get('telltale') as string, passwords.get('telltale') as Planted]
  const given = ['proxies', 'add', 'telltale', place.replace('//', '//me@'), '--password']
  expect((await balance(given, theirs.value)).code).toBe(0)
  for (const [args, stdin, code] of [
    [['proxies', 'add', 'serves'], whole, 1],
    [['proxies', 'set', 'serves', '--password'], `${value}\u0007`, 2],
    [['proxies', 'add', 'x'], `ftp://me:${value}@x`, 2],
    [['proxies', 'add', 'x'], `http://me:${value}@x y`, 2],
    [['proxies', 'add', 'x', 'http://nobody.lan:1', '--password'], value, 2],
  ] as const) {
    expect([args, (await balance(args, stdin)).code]).toEqual([args, code])
  }
  const file = join(world.cwd, 'balance.config.yaml')
  for (const us of [
    `{ url: http://me@us.lan:1, password: "${value}" }`,
    `http://me:${value}@x:1`,
  ]) {
    writeFileSync(file, `proxies:\n  us: ${us}\n`, { mode: 0o600 })
    expect((await balance(['config', 'validate'])).code).toBe(78)
    await balance(['reload'])
  }
  writeFileSync(file, '', { mode: 0o600 })
}, 30_000)

it('meet proxies that fail in every way', async () => {
  const db = new Sqlite(join(world.dataDir, 'balance.db'))
  db.exec("update proxies set url = 'http://me@127.0.0.1:3' where name = 'damaged'")
  db.close()
  const store = await world.openStore()
  const { port } = upstream.address() as AddressInfo
  for (const name of urls.keys()) {
    const overrides = { proxy: [name], connect_timeout: 300 }
    const baseUrl = `http://127.0.0.1:${port}/v1`
    const provider = { name, kind: 'openai', baseUrl, path: null, overrides } as const
    const keys = [{ value: new Secret(`sk-${name}-0123456789abcdef`) }]
    await store.addProvider(provider, { makeDefault: false, keys })
  }
  await store.close()
  // It serves on with what it holds, and tells of what does not open.
  await daemon.program.said('the passwords of these proxies do not open')
  // That may have been said of a revision in which the last of them was still to come.
  const [last] = [...urls.keys()].slice(-1)
  const path = `/${last}/v1/chat/completions`
  const isThere = async () => (await ask(daemon.port, { path, body: chat(), token })).status !== 404
  await eventually(isThere, `provider ${last}`)
  const fates = new Map<string, number>()
  for (const name of urls.keys()) {
    for (let times = 0; times < 2; times++) {
      const answer = await ask(daemon.port, {
        ...{ path: `/${name}/v1/chat/completions`, body: chat(), token },
      })
      search.look(`an answer through ${name}`, answer.rawHeaders.join('\n') + answer.text)
      fates.set(name, answer.status)
    }
  }
  expect(fates.get('serves')).toBe(200)
  fates.delete('serves')
  expect(new Set(fates.values())).toEqual(new Set([502, 503]))
  // It was given, or nothing of this would show anything.
  expect(served.credentials).toContain(
    `Basic ${Buffer.from(`me:${serving.value}`).toString('base64')}`,
  )
  const test = await balance(['proxies', 'test', '--json'])
  const codes = JSON.parse(test.stdout).map(({ name, code }: { name: string; code: string }) => {
    return [name, code]
  })
  expect(Object.fromEntries(codes)).toMatchObject({
    ...{ serves: null, refuses: 'proxy_407', 'refuses-socks': 'proxy_socks_auth' },
    ...{ forbids: 'proxy_403', beyond: 'proxy_502', hangs: 'proxy_timeout', damaged: 'sealed' },
    ...{ telltale: 'proxy_407', dead: 'proxy_ECONNREFUSED' },
  })
  const { stderr } = await balance(['proxies', 'test', 'serves', 'refuses'])
  expect(stderr).toContain('Another password: balance proxies set refuses --password')
}, 60_000)

it('and are found nowhere', async () => {
  const backup = join(world.root, 'all.backup')
  const asked = [
    ['proxies', 'list'],
    ['status'],
    ['overview'],
    ['providers', 'list'],
    ['providers', 'show', 'refuses'],
    ['keys', 'list'],
    ['logs', 'list', '--limit', '1000'],
    ['logs', 'errors', '--limit', '1000'],
    ['logs', 'show', '1'],
    ['config', 'list', '--show-origin'],
    ['config', 'export'],
    ['config', 'log', '--limit', '1000'],
    ['secrets', 'status'],
    ['backup', backup, '--yes'],
  ]
  const told = asked.flatMap(args => (args[0] === 'backup' ? [args] : [args, [...args, '--json']]))
  const codes = await Promise.all(told.map(async args => [...args, (await balance(args)).code]))
  expect(codes.filter(row => row.at(-1) !== 0)).toEqual([])
  search.look('a backup', gunzipSync(readFileSync(backup)))
  await daemon.stop()
  for (const name of readdirSync(world.dataDir)) {
    if (!name.endsWith('.sock')) search.look(name, readFileSync(join(world.dataDir, name)))
  }
  search.look("the daemon's output", daemon.program.stdout + daemon.stderr)
  expect([...search.hits]).toEqual([])
  // What it would have found: its own needles, as a proxy is given them and as they are.
  search.look('what the proxy got', served.credentials.join('\n'))
  search.look('a clear one', serving.value)
  const where = [...search.hits].map(hit => hit.replace(/.*, in /, ''))
  expect(new Set(where)).toEqual(new Set(['what the proxy got', 'a clear one']))
}, 30_000)

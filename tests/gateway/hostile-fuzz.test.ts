import diagnostics from 'node:diagnostics_channel'
import { IncomingMessage, ServerResponse } from 'node:http'
import { connect, Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Live } from '../../src/balancer/live.ts'
import { systemClock } from '../../src/base/clock.ts'
import { BalanceError } from '../../src/base/errors.ts'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { Exchange } from '../../src/gateway/exchange.ts'
import { faultOf } from '../../src/gateway/framing.ts'
import { Gateway } from '../../src/gateway/gateway.ts'
import { serve } from '../../src/gateway/pipeline.ts'
import { SnapshotHolder } from '../../src/snapshot/holder.ts'
import { catalog, key, provider, token } from '../support/catalog.ts'
import { count, PATIENCE } from '../support/count.ts'
import { ask, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { NO_OBJECTS } from '../support/object-link.ts'
import { CHAT_BODY, post } from './hostile/cases.ts'
import { Fuzz, METHODS } from './hostile/fuzz.ts'
import { DialRecorder } from './hostile/recorder.ts'
import { Sniffer } from './hostile/sniffer.ts'

/** Provider → its origin and its key; the names are those that a path may hold. */
const ORIGINS: Readonly<Record<string, string>> = {
  mock: 'https://mock.example',
  claude: 'https://claude.example:8443',
  google: 'http://127.0.0.1:9999',
}
const SAFE_PATH = /^\/(?!\/)[^\0-\x20\x7f\\#]*$/
const UNSAFE_SEGMENT = /(^|\/)\.{1,2}(\/|$)/
/** What every object would have if something had been written to the prototype of all. */
const CLEAN = prototypes()

function prototypes(): string {
  return [Object, Array, Function, String, Map]
    .map(each => Reflect.ownKeys(each.prototype).length)
    .join()
}

function isPolluted(): boolean {
  for (const _name in {}) return true
  return 'polluted' in {}
}

function requestOf(method: string, url: string, raw: readonly string[]): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  Object.assign(request, { method, url, httpVersion: '1.1', complete: true, rawHeaders: [] })
  // What Node's parser calls, so that the headers are what it makes of them.
  const { _addHeaderLines: add } = request as unknown as {
    _addHeaderLines(this: IncomingMessage, raw: readonly string[], length: number): void
  }
  request.rawHeaders = [...raw]
  add.call(request, raw, raw.length)
  return request
}

it(
  '50,000 (soak: 1,000,000) paths and headers: nothing is dialled but what is configured, and nothing crashes',
  async ({ annotate }) => {
    const recorder = new DialRecorder()
    const live = new Live(systemClock)
    const holder = new SnapshotHolder(live, recorder.agents, systemClock)
    const lines: string[] = []
    const redactor = new Redactor()
    const gateway = new Gateway({
      ...{ clock: systemClock, redactor, live, holder, agents: recorder.agents },
      ...{ dashboard: null, anonymous: false },
      log: createLogger('error', redactor, { write: line => lines.push(line) }),
      link: { records() {}, verdicts() {}, outages() {} },
      objectLink: NO_OBJECTS,
      expose: () => Promise.reject(new BalanceError('local_fault', 'It has no metrics.')),
    })
    holder.swap(
      catalog({
        providers: [
          provider('mock', `${ORIGINS.mock}/v1`),
          provider('claude', String(ORIGINS.claude), { kind: 'anthropic' }),
          provider('google', String(ORIGINS.google), { kind: 'gemini' }),
        ],
        keys: Object.keys(ORIGINS).map(name => key(name, { provider: name })),
        tokens: [token('test', TOKEN)],
        settings: { default_provider: 'mock' },
      }),
    )
    const seed = Number(process.env.BALANCE_SEED ?? Date.now() % 1e9)
    await annotate(`seed ${seed}`)
    const fuzz = new Fuzz(seed)
    const total = count(50_000, 1_000_000)
    let dials = 0
    for (let n = 0; n < total; n++) {
      const [method, target, headers] = [fuzz.of(METHODS), fuzz.target(), fuzz.headers(TOKEN)]
      const request = requestOf(method, target, headers)
      const shown = JSON.stringify({ seed, n, method, target, headers })
      if (faultOf(request) === null) {
        const response = new ServerResponse(request)
        const exchange = new Exchange(
          ...([
            request,
            response,
            gateway.holder.current as NonNullable<typeof holder.current>,
          ] as const),
          ...(['id', systemClock.now(), systemClock.wall()] as const),
        )
        // A body would have to come; what it says it is matters here.
        delete request.headers['content-length']
        delete request.headers['transfer-encoding']
        await serve(exchange, gateway)
        if (exchange.errorCode === 'internal_error') throw new Error(`A crash: ${lines} ${shown}`)
        dials += check(recorder, exchange, shown)
      }
      if (isPolluted() || prototypes() !== CLEAN) throw new Error(`Polluted: ${shown}`)
      if (n % 1_000 === 0) await new Promise(resolve => setImmediate(resolve))
    }
    await annotate(`${total} requests, ${dials} dials`)
    gateway.ledger.close()
    // It would show nothing if most were refused.
    expect(dials).toBeGreaterThan(total / 20)
  },
  PATIENCE,
)

/** The number of dials, each of them to where the path says and with that provider's key alone. */
function check(
  recorder: DialRecorder,
  { route, provider: served }: Exchange,
  shown: string,
): number {
  const dialled = recorder.take()
  for (const { origin, path, headers } of dialled) {
    const name = Object.keys(ORIGINS).find(each => ORIGINS[each] === origin)
    const all = `${shown} → ${origin} ${path} ${headers}`
    if (name === undefined) throw new Error(`An origin that nobody configured: ${all}`)
    if (route?.kind === 'provider' && route.provider !== name) throw new Error(`Another: ${all}`)
    if (served?.name !== name) throw new Error(`Not the one it says: ${all}`)
    const [bare = ''] = path.split('?', 1)
    if (!SAFE_PATH.test(bare) || UNSAFE_SEGMENT.test(bare)) throw new Error(`Unsafe: ${all}`)
    if (new URL(origin + path).origin !== origin) throw new Error(`It leaves its origin: ${all}`)
    const text = headers.join('\n')
    if (text.includes(TOKEN) || path.includes(TOKEN)) throw new Error(`A token went up: ${all}`)
    const keys = text.match(/sk-[a-z]+-0123456789abcdef/g) ?? []
    if (keys.length !== 1 || keys[0] !== `sk-${name}-0123456789abcdef`)
      throw new Error(`Not its key: ${all}`)
  }
  if (dialled.length > 1) throw new Error(`Twice: ${shown}`)
  return dialled.length
}

let upstream: Sniffer
let gateway: TestGateway
const dialled = new Set<string>()
const onDial = (message: unknown) => {
  const { connectParams } = message as { connectParams: { hostname: string; port: string } }
  dialled.add(`${connectParams.hostname}:${connectParams.port}`)
}

beforeAll(async () => {
  diagnostics.subscribe('undici:client:beforeConnect', onDial)
  upstream = await Sniffer.start()
  gateway = await startGateway({
    providers: [provider('mock', `http://127.0.0.1:${upstream.port}/v1`)],
    keys: [key('a')],
  })
})
afterAll(async () => {
  diagnostics.unsubscribe('undici:client:beforeConnect', onDial)
  await gateway.close()
  await upstream.close()
})

it(
  '1,000 (soak: 20,000) mangled requests over sockets: the same, and what goes up is well formed',
  async ({ annotate }) => {
    const seed = Number(process.env.BALANCE_SEED ?? Date.now() % 1e9)
    await annotate(`seed ${seed}`)
    const fuzz = new Fuzz(seed)
    let went = 0
    for (let n = 0; n < count(1_000, 20_000); n++) {
      await send(gateway.port, mangled(fuzz))
      await gateway.gateway.inside.exchanges.emptied()
      const { requests, bytes } = upstream.take()
      went += requests.length
      expect(bytes.toLowerCase()).not.toContain('\r\ntransfer-encoding:')
      expect(bytes).not.toContain(TOKEN)
      expect(isPolluted() || prototypes() !== CLEAN, `seed ${seed}, ${n}`).toBe(false)
    }
    expect(went).toBeGreaterThan(0)
    expect([...dialled]).toEqual([`127.0.0.1:${upstream.port}`])
    expect(gateway.lines.filter(line => line.includes('internal error'))).toEqual([])
    expect((await ask(gateway.port, { path: '/v1/models' })).status).toBe(200)
  },
  PATIENCE,
)

/** A good request, or several, with a few bytes changed, moved or gone. */
function mangled(fuzz: Fuzz): string {
  const headers = fuzz.headers(TOKEN)
  const lines = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1]}`] : []))
  let bytes = fuzz.of([
    `${fuzz.of(METHODS)} ${fuzz.target()} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`,
    post([`content-length: ${CHAT_BODY.length}`]),
    post(['transfer-encoding: chunked'], `24\r\n${CHAT_BODY}\r\n0\r\n\r\n`),
    post([`content-length: 60`], '{"model":"m","__proto__":{"polluted":1},"constructor":{"x":1}}'),
  ])
  for (let change = fuzz.below(4); change > 0; change--) {
    const at = fuzz.below(bytes.length)
    const into = fuzz.of([
      '',
      '\r\n',
      '\n',
      '\0',
      ' ',
      ':',
      bytes.slice(at, at + 20),
      bytes[0] ?? '',
    ])
    bytes = bytes.slice(0, at) + into + bytes.slice(at + fuzz.below(3))
  }
  return bytes
}

/** Writes all and ends, and waits until the gateway has closed. */
function send(port: number, bytes: string): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes, 'latin1'))
    socket.resume()
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
}

import { afterAll, beforeAll, expect, it } from 'vitest'
import { key, provider, route } from '../support/catalog.ts'
import { count, PATIENCE } from '../support/count.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { CHAT_PATH, chunk, request } from './hostile/cases.ts'
import { Fuzz } from './hostile/fuzz.ts'
import { talk } from './hostile/raw.ts'
import { StrictUpstream, type Upward } from './hostile/strict-upstream.ts'

const AT_ONCE = 8
const ALIAS = 'short'
const MODEL = 'a-much-longer-name-than-the-alias'
/** What a caller may say of its connection, its framing, its way and itself. */
const TRICKS: readonly (readonly [name: string, values: readonly string[]])[] = [
  ['Connection', ['close', 'keep-alive', 'content-length', 'host, authorization', 'upgrade, te']],
  ['connection', ['transfer-encoding', 'Content-Type', 'x', '', 'user-agent, accept-encoding']],
  ['Content-Length', ['0', '1', '36', '-1', '+36', '0x24', '36, 36', '99999999999999999999']],
  ['Transfer-Encoding', ['chunked', 'Chunked', 'gzip, chunked', 'identity', 'xchunked', '']],
  ['Host', ['evil.example', '', 'localhost']],
  ['Expect', ['100-continue', '100-Continue', 'x']],
  ['TE', ['trailers', 'chunked', 'gzip;q=1']],
  ['Trailer', ['content-length', 'x-checksum']],
  ['Upgrade', ['h2c', 'TLS/1.0']],
  ['HTTP2-Settings', ['AAMAAABkAARAAAAAAAIAAAAA']],
  ['Keep-Alive', ['timeout=5, max=1000']],
  ['Proxy-Connection', ['keep-alive', 'close']],
  ['Proxy-Authorization', ['Basic eDp5']],
  ['X-Forwarded-Host', ['evil.example']],
  ['X-HTTP-Method-Override', ['DELETE']],
  ['content_length', ['1']],
  ['transfer_encoding', ['chunked']],
  ['X-Transfer-Encoding', ['chunked']],
  ['Content-Encoding', ['identity', 'chunked', 'gzip']],
  ['Content-Range', ['bytes 0-1/2']],
  ['Accept', ['*/*', '\tx\t', 'caf\u00e9']],
  ['Accept-Encoding', ['gzip', 'chunked', 'identity']],
  ['Range', ['bytes=0-1']],
  ['If-Match', ['"x"']],
]
const NEVER = new Set([
  ...['te', 'trailer', 'upgrade', 'expect', 'http2-settings', 'keep-alive', 'proxy-connection'],
  ...['proxy-authorization', 'x-forwarded-host', 'x-http-method-override', 'content_length'],
  ...['transfer_encoding', 'x-transfer-encoding'],
])

/** How a body comes, and goes up. */
type Framing = 'none' | 'length' | 'chunked'

interface Sent {
  readonly bytes: string
  /** Json is held, so it has a length upward, however it came. */
  readonly up: Framing
  readonly method: string
  readonly body: string
  /** There is nothing in it that could be refused. */
  readonly plain: boolean
}

let upstream: StrictUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = await StrictUpstream.start()
  gateway = await startGateway({
    providers: [provider('mock', `http://127.0.0.1:${upstream.port}/v1`)],
    // So many that some are always left.
    keys: Array.from({ length: 32 }, (_, at) => key(`k${at}`)),
    routes: [route(ALIAS, { model: MODEL })],
  })
})
afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

it(
  '3,000 (soak: 100,000) requests that say anything of their framing go up with one of ours',
  async ({ annotate }) => {
    const seed = Number(process.env.BALANCE_SEED ?? Date.now() % 1e9)
    await annotate(`seed ${seed}`)
    const fuzz = new Fuzz(seed)
    upstream.refuses = () => fuzz.below(20) === 0
    const total = count(3_000, 100_000)
    const went = { none: 0, length: 0, chunked: 0 }
    for (let n = 0; n < total; n += AT_ONCE) {
      const sent = Array.from({ length: AT_ONCE }, (_, at) => made(fuzz, at))
      await Promise.all(sent.map(({ bytes }) => talk(gateway.port, bytes, 1)))
      await gateway.gateway.inside.exchanges.emptied()
      const silent = new Set(sent.filter(({ plain }) => plain))
      for (const one of upstream.take()) {
        const from = sent[Number(one.target.split('?n=')[1])] as Sent
        silent.delete(from)
        expect(wrongWith(one, from), `seed ${seed}: ${JSON.stringify(from)}`).toEqual([])
        went[from.up]++
      }
      expect(upstream.faults, `seed ${seed}`).toEqual([])
      expect([...silent], `seed ${seed}`).toEqual([])
    }
    await annotate(JSON.stringify(went))
    // It would show nothing if most were refused.
    for (const each of Object.values(went)) expect(each).toBeGreaterThan(total / 40)
  },
  PATIENCE,
)

function made(fuzz: Fuzz, mark: number): Sent {
  const up = fuzz.of<Framing>(['none', 'length', 'length', 'length', 'chunked'])
  const inChunks = up === 'chunked' || (up === 'length' && fuzz.below(2) === 0)
  // A form has no model that could be another, and streams through with the client's framing.
  const form = up === 'chunked' || (up === 'length' && !inChunks && fuzz.below(4) === 0)
  const method = up === 'none' ? 'GET' : 'POST'
  const aliased = !form && fuzz.below(2) === 0
  const padding = 'y'.repeat(fuzz.below(fuzz.of([2, 100, 5_000])))
  const json = (model: string) => `{"model":"${model}","messages":[],"x":"${padding}"}`
  const given = form ? `--b\r\n\r\n${padding}\r\n--b--` : json(aliased ? ALIAS : 'mock-large')
  const lines = [
    `authorization: Bearer ${TOKEN}`,
    ...(up === 'none'
      ? []
      : [`content-type: ${form ? 'multipart/form-data; boundary=b' : 'application/json'}`]),
    ...(up === 'none'
      ? []
      : [inChunks ? 'transfer-encoding: chunked' : `content-length: ${given.length}`]),
  ]
  const tricks = fuzz.below(4)
  for (let at = 0; at < tricks; at++) {
    const [name, values] = fuzz.of(TRICKS)
    lines.splice(fuzz.below(lines.length + 1), 0, `${name}: ${fuzz.of(values)}`)
  }
  const path = up === 'none' ? '/v1/voices' : form ? '/v1/files' : CHAT_PATH
  const half = fuzz.below(given.length) + 1
  const chunks = [given.slice(0, half), given.slice(half)].filter(part => part !== '')
  const trailer = fuzz.of(['', 'x: y\r\n'])
  const framed = inChunks
    ? `${chunks.map(part => chunk(part, fuzz.of(['', ';a=b']))).join('')}0\r\n${trailer}\r\n`
    : given
  return {
    bytes: request(
      [`${method} ${path}?n=${mark} HTTP/1.1`, 'host: x', ...lines],
      up === 'none' ? '' : framed,
    ),
    up,
    method,
    body: up === 'none' ? '' : aliased ? json(MODEL) : given,
    plain: tricks === 0,
  }
}

/** What is not as it must be of a request that went up. */
function wrongWith(one: Upward, { up, method, body }: Sent): string[] {
  const wrong = one.names.filter(name => NEVER.has(name))
  const expectOne = (name: string, value: string) => {
    const found = one.values.filter((_, at) => one.names[at] === name)
    if (found.length !== 1 || found[0] !== value) wrong.push(`${name}: ${found.join(' and ')}`)
  }
  expectOne('host', `127.0.0.1:${upstream.port}`)
  expectOne('connection', 'keep-alive')
  if (up === 'length') expectOne('content-length', String(body.length))
  if (up === 'chunked') expectOne('transfer-encoding', 'chunked')
  if (up !== 'chunked' && one.names.includes('transfer-encoding')) wrong.push('transfer-encoding')
  if (up !== 'length' && one.names.includes('content-length')) wrong.push('content-length')
  const authorization = one.names.filter(name => name === 'authorization')
  if (authorization.length !== 1 || one.values.some(value => value.includes(TOKEN)))
    wrong.push('authorization')
  if (one.method !== method || one.body !== body) wrong.push(`${one.method} of another body`)
  return wrong
}

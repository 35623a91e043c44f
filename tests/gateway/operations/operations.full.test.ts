import { Agent } from 'node:http'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpointOf } from '../../../src/wire/endpoint.ts'
import { key, provider } from '../../support/catalog.ts'
import { type Echo, EchoUpstream, type Reply } from '../../support/echo-upstream.ts'
import { field, file, form } from '../../support/forms.ts'
import {
  type Answer,
  type Ask,
  ask,
  startGateway,
  type TestGateway,
} from '../../support/gateway.ts'
import { OPERATIONS, type Operation, targetOf } from './operation.ts'

const KEY = 'sk-a-0123456789abcdef'
const agent = new Agent({ keepAlive: true })
let upstream: EchoUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = await EchoUpstream.start()
  gateway = await startGateway({ providers: [provider('mock', upstream.url)], keys: [key('a')] })
})

afterAll(async () => {
  agent.destroy()
  await gateway.close()
  await upstream.close()
})

/** What §6 of the contract lets pass, as a client may spell it. */
const PASSED = {
  Accept: '*/*',
  'ACCEPT-LANGUAGE': 'de, en;q=0.5',
  'User-Agent': 'OpenAI/Python 1.2 \u00fc',
  'Idempotency-Key': 'i-1',
  'OpenAI-Beta': 'assistants=v2',
  'X-Stainless-Retry-Count': '0',
  'Content-Language': 'de',
  Traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
}
/** What it does not. */
const KEPT_BACK = {
  Cookie: 'canary',
  Forwarded: 'for=canary',
  'OpenAI-Organization': 'canary',
  'X-Api-Version': 'canary',
}

/** Asks the gateway, then the upstream itself. */
async function both(asked: Ask): Promise<readonly [through: Answer, direct: Answer]> {
  const path = `/v1${asked.path}`
  return [
    await ask(gateway.port, { agent, ...asked, path }),
    await ask(upstream.port, { agent, ...asked, path, token: KEY }),
  ]
}

/** Name and value of each header, but for those that are the connection's own. */
function headersOf({ rawHeaders }: Echo | Answer, without: readonly string[]): string[] {
  const own = [...without, 'connection', 'keep-alive', 'host', 'date', 'transfer-encoding']
  const pairs = rawHeaders.flatMap((name, i) => {
    const lower = name.toLowerCase()
    return i % 2 === 1 || own.includes(lower) ? [] : [`${lower}: ${rawHeaders[i + 1]}`]
  })
  return pairs.sort()
}

/** Its length, or `chunked`; null where it has no body. */
function framingOf({ rawHeaders }: Echo): string | null {
  const names = rawHeaders.map((name, i) => (i % 2 === 0 ? name.toLowerCase() : ''))
  if (names.includes('transfer-encoding')) return 'chunked'
  const at = names.indexOf('content-length')
  return at === -1 ? null : (rawHeaders[at + 1] as string)
}

describe('every operation goes up as the client sent it', () => {
  it(`${OPERATIONS.length} operations, with each media type of a body and in both framings`, async () => {
    expect(OPERATIONS).toHaveLength(288)
    for (const [number, operation] of OPERATIONS.entries()) {
      for (const type of operation.request.length > 0 ? operation.request : [null]) {
        for (const chunked of type === null ? [false] : [false, true]) {
          await compareUpward(operation, number, type, chunked)
        }
      }
    }
  })
})

async function compareUpward(
  operation: Operation,
  number: number,
  type: string | null,
  chunked: boolean,
): Promise<void> {
  const { method, id } = operation
  const path = targetOf(operation, number)
  const body = type === null ? undefined : bodyOf(type, number)
  const headers = {
    ...PASSED,
    ...KEPT_BACK,
    'Accept-Encoding': 'gzip, br',
    ...(body === undefined ? {} : { 'Content-Type': body.type }),
    ...(chunked ? { 'transfer-encoding': 'chunked' } : {}),
  }
  await both({ method, path, headers, ...(body && { body: body.bytes }) })
  const [through, direct] = upstream.echoes.splice(0)
  if (through === undefined || direct === undefined) throw new Error(`${id} came once only`)
  const { generate } = endpointOf(method, `/v1${path.split('?')[0]}`)
  const without = [...Object.keys(KEPT_BACK).map(name => name.toLowerCase()), 'content-length']
  if (generate) without.push('accept-encoding')
  expect([id, through.method, through.target, through.bytes, through.sha256]).toEqual([
    id,
    method,
    direct.target,
    direct.bytes,
    direct.sha256,
  ])
  expect([id, ...headersOf(through, without)]).toEqual([id, ...headersOf(direct, without)])
  expect(through.rawHeaders.join()).not.toContain('canary')
  if (generate) expect(headersOf(through, [])).toContain('accept-encoding: identity')
  // What is held has a length; what streams, and what is not there, is as its client sent it.
  const held = chunked && type !== null && !type.startsWith('multipart')
  expect([id, framingOf(through)]).toEqual([id, held ? String(through.bytes) : framingOf(direct)])
}

function bodyOf(type: string, number: number): { type: string; bytes: Buffer } {
  switch (type) {
    case 'multipart/form-data': {
      const limit = `----balance${number}x${'='.repeat(number % 4)}`
      const binary = Buffer.from(
        Array.from({ length: 3_000 + number }, (_, i) => (i * number) % 256),
      )
      const parts = [
        file('file', 'a "b" ; \u00e4.bin', binary),
        field('model', 'gpt-4o-transcribe'),
        file('image[]', '..\\x%0d%0a.png', Buffer.alloc(0)),
        field('purpose', 'assistants\r\n--not a delimiter'),
      ]
      if (number % 2 === 1) parts.reverse()
      return { type: `multipart/form-data; boundary="${limit}"`, bytes: form(limit, ...parts) }
    }
    case 'application/json':
      return {
        type: number % 2 === 0 ? type : `${type}; charset=utf-8`,
        bytes: Buffer.from(
          `{"n" :9007199254740993,"e":1e400,\n"model":"gpt-4o","u":"\\u00e4\u00e4"} \n`,
        ),
      }
    case 'application/sdp':
      return { type, bytes: Buffer.from('v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n') }
    default:
      throw new Error(`No body of ${type} is known here.`)
  }
}

describe('every operation’s answer comes down as the upstream gave it', () => {
  it(`${OPERATIONS.length} operations, with each media type of an answer`, async () => {
    for (const [number, operation] of OPERATIONS.entries()) {
      for (const type of operation.response.length > 0 ? operation.response : [null]) {
        await compareDownward(operation, number, type)
      }
    }
  })
})

async function compareDownward(
  operation: Operation,
  number: number,
  type: string | null,
): Promise<void> {
  const { method, id } = operation
  const path = targetOf(operation, number)
  const request = bodyFor(operation, number)
  const { generate } = endpointOf(method, `/v1${path.split('?')[0]}`)
  for (const [asked, reply] of repliesTo(method, type, generate, number)) {
    upstream.reply = reply
    const [through, direct] = await both({ method: asked, path, ...request })
    upstream.reply = null
    const what = `${id} ${asked} ${reply.status} ${reply.headers.join()}`
    expect([what, through.status, through.cut]).toEqual([what, reply.status, false])
    expect([what, through.body.equals(direct.body)]).toEqual([what, true])
    // A stream of events may have to end sooner than its upstream says.
    const gone = generate && type === 'text/event-stream' ? [...GONE, 'content-length'] : GONE
    expect([what, ...headersOf(through, OURS)]).toEqual([what, ...headersOf(direct, gone)])
  }
  upstream.echoes.length = 0
}

/** Added by the gateway; and taken away, or given another name. */
const OURS = ['x-request-id', 'x-balance-provider', 'x-balance-attempts', 'x-balance-key']
const GONE = ['set-cookie', 'server', 'alt-svc', 'strict-transport-security']
const EVERYWHERE = [
  ...['Set-Cookie', 'a=b', 'Server', 'nginx', 'Alt-Svc', 'h3', 'Strict-Transport-Security', '1'],
  ...['OpenAI-Processing-Ms', '12', 'X-RateLimit-Limit-Requests', '60', 'X-Odd', '\u00e4\u00ff'],
]

/** What is asked, and answered. */
function repliesTo(
  method: string,
  type: string | null,
  generate: boolean,
  number: number,
): [asked: string, reply: Reply][] {
  if (type === null) return [[method, replied(generate ? 200 : 204, [], '')]]
  const content = answerOf(type)
  const head = ['Content-Type', type]
  const sized = [...head, 'Content-Length', String(content.length)]
  const plain = replied(number % 2 === 0 ? 200 : 201, number % 3 === 0 ? head : sized, content)
  if (generate) return [[method, plain]]
  const [coding, code] = CODINGS[number % CODINGS.length] as (typeof CODINGS)[number]
  const coded = replied(200, [...head, 'Content-Encoding', coding], code(content))
  const missing = replied(404, ['Content-Type', 'application/json', 'Content-Length', '12'], ERROR)
  if (method !== 'GET')
    return [
      [method, plain],
      [method, coded],
      [method, missing],
    ]
  const part = content.subarray(2, 9)
  const range = ['Content-Range', `bytes 2-8/${content.length}`, 'Content-Length', '7']
  return [
    ['GET', plain],
    ['HEAD', plain],
    ['GET', coded],
    ['HEAD', missing],
    ['GET', replied(304, ['ETag', '"abc"', 'Cache-Control', 'private'], '')],
    ['GET', replied(206, [...head, ...range], part)],
  ]
}

const CODINGS = [
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
] as const
const ERROR = '{"error":{}}'

function replied(status: number, headers: readonly string[], body: Buffer | string): Reply {
  return { status, headers: [...headers, ...EVERYWHERE], body: Buffer.from(body) }
}

function answerOf(type: string): Buffer {
  if (type === 'application/json') return Buffer.from('{"id":"x", "n":1e400,"data":[]}\n')
  if (type === 'text/event-stream') return Buffer.from('data: {"x":1}\n\n: c\n\ndata: [DONE]\n\n')
  return Buffer.from(Array.from({ length: 2_000 }, (_, i) => (i * 7) % 256))
}

function bodyFor({ request: [type] }: Operation, number: number): Partial<Ask> {
  if (type === undefined) return {}
  const { type: full, bytes } = bodyOf(type, number)
  return { body: bytes, headers: { 'content-type': full } }
}

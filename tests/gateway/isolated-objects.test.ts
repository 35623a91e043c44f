import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StoredObject } from '../../src/model/object.ts'
import { key, provider, token } from '../support/catalog.ts'
import { type Ask, ask, chat, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { KeepingUpstream } from '../support/keeping-upstream.ts'

const OTHER = 'bal_other-token-0123456789abcdef'

const TABLE = new URL('operations/openai-operations.tsv', import.meta.url)
/** Each operation of an object, or of a list of them. */
const OPERATIONS = readFileSync(TABLE, 'utf8')
  .trim()
  .split('\n')
  .slice(2)
  .map(line => line.split('\t') as [method: string, path: string])
  .map(([method, path]) => [method, path.split('?', 1)[0] as string] as const)
  .filter(([, path]) => !/^\/(organization|projects|models)\b/.test(path))
const WITH_ID = OPERATIONS.filter(([, path]) => path.includes('{'))
const LISTS = OPERATIONS.filter(
  ([method, path]) => method === 'GET' && !path.includes('{') && path !== '/models',
)

let upstream: KeepingUpstream
let gateway: TestGateway

const call = async (method: string, path: string, body?: unknown, change: Partial<Ask> = {}) => {
  const text = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await ask(gateway.port, { method, path, ...text, ...change })
  return { ...answer, code: codeOf(answer.text) }
}

function codeOf(text: string): string | undefined {
  return text.startsWith('{') ? JSON.parse(text).error?.code : undefined
}

const as = (bearer: string | null) => ({ token: bearer })

const know = (id: string, tokenId: string, keyId = 'one'): string => {
  const object: StoredObject = { id, tokenId, keyId, providerId: 'p_mock', usedAt: Date.now() }
  upstream.owners.set(id, keyId)
  gateway.gateway.learnObjects({ made: [object], gone: [] })
  return id
}

beforeEach(async () => {
  upstream = await KeepingUpstream.start()
  gateway = await startGateway(
    {
      providers: [
        provider('mock', upstream.url),
        provider('claude', upstream.url, { kind: 'anthropic' }),
      ],
      keys: ['one', 'two'].map(name => key(name)),
      tokens: [token('test', TOKEN), token('other', OTHER)],
      settings: { isolate_objects: true },
    },
    { anonymous: true },
  )
})

afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

describe('with isolate_objects', () => {
  it('an object is there for the token that made it, and for no other', async () => {
    const { text } = await call('POST', '/v1/files', {})
    const path = `/v1/files/${JSON.parse(text).id}`
    for (const bearer of [OTHER, null]) {
      for (const method of ['GET', 'DELETE']) {
        const refused = await call(method, path, undefined, as(bearer))
        expect(refused).toMatchObject({ status: 404, code: 'object_not_found' })
      }
    }
    expect((await call('GET', path)).status).toBe(200)
    expect((await call('DELETE', path)).status).toBe(200)
  })

  it('it says so as its vendor’s API tells errors', async () => {
    const { text } = await call('GET', '/v1/messages/batches/msgbatch_01')
    expect(JSON.parse(text)).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error', message: 'No such object: msgbatch_01.' },
    })
  })

  it('local callers without a token share theirs', async () => {
    const { text } = await call('POST', '/v1/files', {}, as(null))
    const path = `/v1/files/${JSON.parse(text).id}`
    expect((await call('GET', path, undefined, as(null))).status).toBe(200)
    expect((await call('GET', path)).status).toBe(404)
  })

  it.each(['file%2D00000001', '%66ile-00000001', '%20', '00000001'])(
    'an id is refused however it is spelled: %s',
    async id => {
      know('file-00000001', 't_other')
      for (const path of [`/v1/files/${id}`, `/v1/%66iles/${id}/content`]) {
        for (const method of ['GET', 'DELETE', 'POST', 'PUT']) {
          const { status } = await call(method, path, method === 'POST' ? {} : undefined)
          expect([method, path, status]).toEqual([method, path, 404])
        }
      }
      expect(upstream.take()).toEqual([])
    },
  )

  it(`${WITH_ID.length} operations answer 404 for another token’s object, and for an unknown one`, async () => {
    expect(WITH_ID.length).toBeGreaterThan(110)
    const theirs = know('file-00000001', 't_other')
    for (const [method, path] of WITH_ID) {
      for (const id of [theirs, 'file-77777777']) {
        const filled = `/v1${path.replaceAll(/\{\w+\}/g, id)}`
        const body = method === 'POST' ? {} : undefined
        const { status, code } = await call(method, filled, body)
        expect([method, path, status, code]).toEqual([method, path, 404, 'object_not_found'])
      }
    }
    expect(upstream.take()).toEqual([])
  })

  it('what lies inside of one’s own object need not be known, but may be nobody else’s', async () => {
    const mine = know('file-00000001', 't_test', 'two')
    const theirs = know('file-00000002', 't_other', 'two')
    const inside = upstream.plant('msg_', 'two')
    for (const [method, path] of WITH_ID) {
      if ((path.match(/\{/g) ?? []).length < 2 || path.includes('{version}')) continue
      const fill = (inner: string) => {
        let outer = true
        return `/v1${path.replaceAll(/\{\w+\}/g, () => {
          if (!outer) return inner
          outer = false
          return mine
        })}`
      }
      const body = method === 'POST' ? {} : undefined
      upstream.owners.set(inside, 'two')
      upstream.owners.set(mine, 'two')
      expect([path, (await call(method, fill(inside), body)).status]).toEqual([path, 200])
      expect([path, (await call(method, fill(theirs), body)).code]).toEqual([
        path,
        'object_not_found',
      ])
    }
  })

  it.each(LISTS)('%s %s is not served', async (method, path) => {
    expect(await call(method, `/v1${path}`)).toMatchObject({
      status: 403,
      code: 'list_not_allowed',
    })
    expect(upstream.take()).toEqual([])
  })

  it.each([
    ['/v1/batches', (id: string) => ({ input_file_id: id })],
    ['/v1/responses', (id: string) => ({ model: 'm', previous_response_id: id })],
    ['/v1/responses', (id: string) => ({ model: 'm', conversation: { id } })],
    ['/v1/vector_stores', (id: string) => ({ file_ids: [id] })],
    ['/v1/fine_tuning/jobs', (id: string) => ({ model: 'm', training_file: id })],
    [
      '/v1/chat/completions',
      (id: string) => ({ model: 'm', messages: [{ content: [{ file: { file_id: id } }] }] }),
    ],
    ['/v1/threads/runs', (id: string) => ({ assistant_id: id })],
  ])('a body of %s may name one’s own only', async (path, body) => {
    const mine = know('file-00000001', 't_test', 'two')
    const theirs = know('file-00000002', 't_other', 'two')
    for (const id of [theirs, 'file-77777777']) {
      expect(await call('POST', path, body(id))).toMatchObject({
        status: 404,
        code: 'object_not_found',
      })
    }
    expect(upstream.take()).toEqual([])
    expect((await call('POST', path, body(mine))).status).toBe(200)
    expect(upstream.take()).toEqual(['two'])
  })

  it('another token’s id is found wherever and however it stands', async () => {
    know('file-00000002', 't_other')
    for (const body of [
      '{"metadata":{"x":["file-00000002"]}}',
      '{"file\\u005fid":"file-0000000\\u0032"}',
      '{"file_id":"file-00000002","file_id":"x"}',
    ]) {
      const { code } = await call('POST', '/v1/assistants', undefined, { body })
      expect([body, code]).toEqual([body, 'object_not_found'])
    }
    // Of a text that only looks like one nothing is known.
    const chatting = chat({ user: 'file-12345678' })
    await call('POST', '/v1/chat/completions', undefined, { body: chatting })
    expect(upstream.take()).toHaveLength(1)
  })

  it.each(['/v1/containers/file-00000001/files', '/v1/audio/voices', '/v1/videos'])(
    'a form that may name objects is refused at %s',
    async path => {
      know('file-00000001', 't_test')
      const headers = { 'content-type': 'multipart/form-data; boundary=x' }
      const refused = await call('POST', path, undefined, { body: '--x--', headers })
      expect(refused).toMatchObject({ status: 403, code: 'list_not_allowed' })
      const upload = await call('POST', '/v1/files', undefined, { body: '--x--', headers })
      expect(upload.status).toBe(200)
    },
  )

  it('a call that makes objects rotates as ever', async () => {
    for (let n = 0; n < 4; n++) await call('POST', '/v1/files', {})
    expect(upstream.take()).toEqual(['one', 'two', 'one', 'two'])
  })
})

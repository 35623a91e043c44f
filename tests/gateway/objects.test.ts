import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ObjectLink } from '../../src/model/link.ts'
import type { ObjectNews, StoredObject } from '../../src/model/object.ts'
import { key, keyMemory, provider, route } from '../support/catalog.ts'
import { ask, chat, startGateway, type TestGateway } from '../support/gateway.ts'
import { KeepingUpstream } from '../support/keeping-upstream.ts'
import { NO_OBJECTS } from '../support/object-link.ts'

const KEYS = ['one', 'two', 'three', 'four', 'five']

let upstream: KeepingUpstream
let gateway: TestGateway

const catalogue = (change: Parameters<typeof startGateway>[0] = {}) => ({
  providers: [provider('mock', upstream.url)],
  keys: KEYS.map(name => key(name)),
  ...change,
})

const start = async (
  change: Parameters<typeof startGateway>[0] = {},
  objectLink: ObjectLink = NO_OBJECTS,
) => {
  gateway = await startGateway(catalogue(change), { objectLink })
}

const call = async (method: string, path: string, body?: unknown, headers = {}) => {
  const answer = await ask(gateway.port, {
    method,
    path,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { ...answer, key: answer.headers['x-balance-key'] }
}

const made = async (path: string, body: unknown = {}): Promise<string> =>
  JSON.parse((await call('POST', path, body)).text).id

/** An object that is there for key `one`, and known to be. */
const objectOf = (keyId: string, change: Partial<StoredObject> = {}): StoredObject => ({
  id: upstream.plant('file-', keyId),
  providerId: 'p_mock',
  keyId,
  tokenId: 't_test',
  usedAt: Date.now(),
  ...change,
})
const know = (...objects: StoredObject[]) =>
  gateway.gateway.learnObjects({ made: objects, gone: [] })

beforeEach(async () => {
  upstream = await KeepingUpstream.start()
})

afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

describe('an object', () => {
  it('is fetched, used and deleted with the key that made it', async () => {
    await start()
    const files = []
    for (let n = 0; n < 10; n++) files.push(await made('/v1/files'))
    expect(new Set(upstream.take())).toEqual(new Set(KEYS))
    for (const id of files) {
      const owner = upstream.owners.get(id)
      expect(await call('GET', `/v1/files/${id}`)).toMatchObject({ status: 200, key: owner })
      const batch = await made('/v1/batches', { input_file_id: id })
      const cancelled = await call('POST', `/v1/batches/${batch}/cancel`)
      expect(cancelled).toMatchObject({ status: 200, key: owner })
      expect(await call('DELETE', `/v1/files/${id}`)).toMatchObject({ status: 200, key: owner })
    }
  })

  it('that is deleted is forgotten', async () => {
    await start()
    await made('/v1/files')
    const id = await made('/v1/files')
    await call('DELETE', `/v1/files/${id}`)
    expect(await call('GET', `/v1/files/${id}`)).toMatchObject({ status: 404, key: 'one' })
  })

  it('that a failed call names is not taken for made', async () => {
    await start()
    upstream.react = (_, __, response) => {
      response.writeHead(422, { 'content-type': 'application/json' }).end('{"id":"file-00000009"}')
      return true
    }
    await call('POST', '/v1/files', {})
    await call('POST', '/v1/files', {})
    upstream.react = () => false
    expect((await call('GET', '/v1/files/file-00000009')).key).toBe('one')
  })

  it('is asked for with its key where a body names it, in a chat too', async () => {
    await start()
    const object = objectOf('four')
    know(object)
    const content = [{ type: 'file', file: { file_id: object.id } }]
    for (let n = 0; n < 3; n++) {
      const messages = [{ role: 'user', content }]
      const answer = await call('POST', '/v1/chat/completions', { model: 'm', messages })
      expect(answer).toMatchObject({ status: 200, key: 'four' })
    }
  })

  it('of the path comes before those of the body, and of these the first', async () => {
    await start()
    const [one, two, three] = [objectOf('one'), objectOf('two'), objectOf('three')]
    know(one, two, three)
    const body = { file_id: two.id }
    expect((await call('POST', `/v1/vector_stores/${one.id}/files`, body)).key).toBe('one')
    const both = { file_ids: [three.id, two.id] }
    expect((await call('POST', '/v1/vector_stores', both)).key).toBe('three')
  })

  it('of a response is known unless it was not to be stored', async () => {
    await start()
    await made('/v1/responses', { model: 'm', input: 'x', store: false })
    for (let n = 0; n < 6; n++) {
      const id = await made('/v1/responses', { model: 'm', input: 'Hi' })
      const next = { model: 'm', input: 'And?', previous_response_id: id }
      const answer = await call('POST', '/v1/responses', next)
      expect(answer).toMatchObject({ status: 200, key: upstream.owners.get(id) })
    }
  })

  it('of a stream is known from its first event', async () => {
    await start()
    await call('POST', '/v1/files', {})
    const id = upstream.plant('resp_', 'two')
    upstream.react = (request, _, response) => {
      if (request.method !== 'POST') return false
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const event = (type: string) => JSON.stringify({ type, response: { id } })
      response.write(`event: response.created\ndata: ${event('response.created')}\n\n`)
      response.end(`event: response.completed\ndata: ${event('response.completed')}\n\n`)
      return true
    }
    const streamed = await call('POST', '/v1/responses', { model: 'm', input: 'x', stream: true })
    expect(streamed.text.match(/data:/g)).toHaveLength(2)
    expect((await call('GET', `/v1/responses/${id}`)).status).toBe(200)
    expect((await call('POST', `/v1/responses/${id}/cancel`)).key).toBe('two')
  })

  it('of a chat is known where the chat was to be stored', async () => {
    await start()
    await call('POST', '/v1/chat/completions', JSON.parse(chat()))
    const stored = await call('POST', '/v1/chat/completions', JSON.parse(chat({ store: true })))
    expect(stored.key).toBe('two')
    const path = `/v1/chat/completions/${JSON.parse(stored.text).id}`
    for (let n = 0; n < 3; n++) expect((await call('GET', path)).key).toBe('two')
  })

  it('is read from a coded answer too, which the client gets as it came', async () => {
    await start()
    await call('POST', '/v1/files', {})
    const id = upstream.plant('file-', 'two')
    const bytes = gzipSync(JSON.stringify({ id }))
    upstream.react = (request, _, response) => {
      if (request.method !== 'POST') return false
      expect(request.headers['accept-encoding']).toBe('gzip')
      const head = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
      response.writeHead(200, head).end(bytes)
      return true
    }
    const answer = await call('POST', '/v1/files', {}, { 'accept-encoding': 'gzip' })
    expect(answer.body.equals(bytes)).toBe(true)
    for (let n = 0; n < 3; n++) expect((await call('GET', `/v1/files/${id}`)).key).toBe('two')
  })

  it('is asked for in no coding that could not be read', async () => {
    await start()
    const seen: unknown[] = []
    upstream.react = request => {
      seen.push(request.headers['accept-encoding'])
      return false
    }
    const headers = { 'accept-encoding': 'gzip, zstd' }
    await call('POST', '/v1/files', {}, headers)
    await call('GET', '/v1/files/file-00000001/content', undefined, headers)
    expect(seen).toEqual(['identity', 'gzip, zstd'])
  })

  it('has its key’s provider, on the default paths', async () => {
    const other = provider('other', upstream.url)
    const keys = [...KEYS.map(name => key(name)), key('far', { provider: 'other' })]
    const routes = [
      route('fast', { provider: 'mock', model: 'm' }, { provider: 'other', model: 'n' }),
    ]
    await start({ providers: [provider('mock', upstream.url), other], keys, routes })
    const id = JSON.parse((await call('POST', '/other/v1/files', {})).text).id
    expect(await call('GET', `/v1/files/${id}`)).toMatchObject({ status: 200, key: 'far' })
    expect(await call('GET', `/other/v1/files/${id}`)).toMatchObject({ status: 200, key: 'far' })
    // A provider that the path names is asked, and with its own home key.
    expect(await call('GET', `/mock/v1/files/${id}`)).toMatchObject({ status: 404, key: 'one' })
    const response = { model: 'fast', input: 'x', previous_response_id: id }
    for (let n = 0; n < 2; n++) {
      expect(await call('POST', '/v1/responses', response)).toMatchObject({ key: 'far' })
      expect(JSON.parse(upstream.seen.at(-1)?.body ?? '')).toMatchObject({ model: 'n' })
    }
  })
})

it('an object is looked for at no other provider while its own is disabled', async () => {
  const providers = [provider('mock', upstream.url), provider('other', upstream.url)]
  await start({ providers })
  know(objectOf('far', { id: 'file-1', providerId: 'p_gone' }))
  const answer = await call('GET', '/v1/files/file-1')
  expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([404, 'provider_not_found'])
  expect((await call('GET', '/mock/v1/files/file-1')).key).toBe('one')
})

describe('what nobody here knows', () => {
  it('goes to the home key, as lists do: by default the oldest that is enabled', async () => {
    await start({ keys: [key('off', { enabled: false }), ...KEYS.map(name => key(name))] })
    const id = upstream.plant('file-', 'one')
    for (let n = 0; n < 3; n++) {
      expect(await call('GET', `/v1/files/${id}`)).toMatchObject({ status: 200, key: 'one' })
      expect(await call('GET', '/v1/files')).toMatchObject({ status: 200, key: 'one' })
      expect(await call('POST', '/v1/batches', { input_file_id: id })).toMatchObject({ key: 'one' })
    }
  })

  it.each(['three', 'label-3'])('goes to the key that home_key names: %s', async home_key => {
    const keys = KEYS.map((name, at) => key(name, { label: `label-${at + 1}` }))
    await start({ keys, providers: [provider('mock', upstream.url, { overrides: { home_key } })] })
    for (let n = 0; n < 3; n++) expect((await call('GET', '/v1/files')).key).toBe('three')
  })

  it('fails where the home key is disabled, and says how to name another', async () => {
    const keys = [key('one', { enabled: false }), key('two')]
    await start({ keys, settings: { home_key: 'one' } })
    const answer = await call('GET', '/v1/files')
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text).error).toMatchObject({
      code: 'no_key_available',
      message: expect.stringMatching(/home key of mock, one, which is disabled\..*home_key=KEY/),
    })
    expect(answer.headers['x-should-retry']).toBe('false')
    expect(upstream.take()).toEqual([])
  })
})

describe('a pinned key that cannot be had', () => {
  const invalid = { reason: '401', since: 0 }
  const mark = { remaining: 30_000, reason: '429' }

  it.each([
    ['disabled', { keys: [key('one', { enabled: false }), key('two')] }, /is disabled/, null],
    ['sealed', { keys: [key('one', { secret: null }), key('two')] }, /can't be opened/, null],
    ['invalid', { memories: [keyMemory({ keyId: 'one', invalid })] }, /is refused/, null],
    [
      'exhausted',
      { memories: [keyMemory({ keyId: 'one', exhausted: { ...mark, kind: 'exhausted' } })] },
      /is out of quota/,
      '30',
    ],
    [
      'cooling',
      { memories: [keyMemory({ keyId: 'one', cooling: { '': { ...mark, kind: 'cooling' } } })] },
      /is rate limited/,
      '30',
    ],
  ] as const)('is not replaced: %s', async (_, change, words, retryAfter) => {
    const wall = Date.now()
    const memories = 'memories' in change ? change.memories.map(m => ({ ...m, savedAt: wall })) : []
    await start({ ...('keys' in change ? { keys: [...change.keys] } : {}), memories })
    const object = objectOf('one')
    know(object)
    const answer = await call('GET', `/v1/files/${object.id}`)
    expect(answer.status).toBe(503)
    const { error } = JSON.parse(answer.text)
    expect(error.code).toBe('no_key_available')
    expect(error.message).toMatch(new RegExp(`${object.id} lives with key one of mock, which`))
    expect(error.message).toMatch(words)
    expect(answer.headers['retry-after'] ?? null).toBe(retryAfter)
    expect(upstream.take()).toEqual([])
    // Others go on.
    expect((await call('POST', '/v1/files', {})).status).toBe(200)
  })

  it('obeys its own limits', async () => {
    await start({ keys: [key('one', { rpm: 1 }), key('two')] })
    const object = objectOf('one')
    know(object)
    expect((await call('GET', `/v1/files/${object.id}`)).status).toBe(200)
    const answer = await call('GET', `/v1/files/${object.id}`)
    expect(answer.status).toBe(503)
    expect(answer.text).toContain('is at its own limit')
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  })

  it.each([401, 429, 402])('is asked once, whatever it answers: %d', async status => {
    await start()
    const object = objectOf('two')
    know(object)
    upstream.react = (_, __, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{}}')
      return true
    }
    const answer = await call('GET', `/v1/files/${object.id}`)
    expect(upstream.take()).toEqual(['two'])
    expect(answer.status).toBe(status === 429 ? 429 : 502)
  })

  it('is forgotten with its objects where it was removed', async () => {
    await start()
    const object = objectOf('two')
    know(object)
    gateway.apply({ ...catalogue({ keys: [key('one'), key('three')] }), revision: 2 })
    expect(await call('GET', `/v1/files/${object.id}`)).toMatchObject({ status: 404, key: 'one' })
  })
})

describe('the word with the owner', () => {
  /** An owner that answers when the test lets it. */
  function slowOwner() {
    const told: ObjectNews[] = []
    const asked: string[][] = []
    const world = { known: [] as StoredObject[], told, asked, answers: true }
    let let_go = () => {}
    const heard = new Promise<void>(resolve => {
      let_go = resolve
    })
    const link: ObjectLink = {
      tell: news => {
        told.push(news)
        return heard
      },
      find: ids => {
        asked.push([...ids])
        const found = world.known.filter(({ id }) => ids.includes(id))
        return world.answers ? Promise.resolve(found) : new Promise(() => {})
      },
    }
    return { ...world, world, link, heard: let_go }
  }

  it('comes before the last byte of the answer', async () => {
    const owner = slowOwner()
    await start({}, owner.link)
    let over = false
    const answer = call('POST', '/v1/files', {}).then(given => {
      over = true
      return given
    })
    while (owner.told.length === 0) await new Promise(setImmediate)
    const id = owner.told[0]?.made[0]?.id
    // All of the answer is here, for the upstream sent it before.
    await call('GET', '/v1/models')
    expect(over).toBe(false)
    owner.heard()
    expect(JSON.parse((await answer).text).id).toBe(id)
  })

  it('says whose an object is: what comes of one is its maker’s, whoever asks', async () => {
    const owner = slowOwner()
    owner.heard()
    await start({}, owner.link)
    await call('POST', '/v1/files', {})
    const [batch, strange] = [objectOf('two', { tokenId: 't_far' }), upstream.plant('file-', 'one')]
    know(batch)
    const output = upstream.plant('file-', 'two')
    upstream.react = (request, _, response) => {
      if (request.url !== `/v1/batches/${batch.id}`) return false
      const head = { 'content-type': 'application/json' }
      response.writeHead(200, head).end(JSON.stringify({ id: batch.id, output_file_id: output }))
      return true
    }
    await call('GET', `/v1/batches/${batch.id}`)
    await call('POST', `/v1/files/${strange}`, {})
    const made = owner.told.flatMap(news => news.made).slice(1)
    expect(owner.told[0]?.made).toMatchObject([{ tokenId: 't_test', keyId: 'one' }])
    expect(made).toMatchObject([
      { id: output, tokenId: 't_far', keyId: 'two' },
      { id: strange, tokenId: '-', keyId: 'one' },
    ])
  })

  it('comes before the end of an answer that has no body', async () => {
    const owner = slowOwner()
    await start({}, owner.link)
    const object = objectOf('two')
    know(object)
    upstream.react = (request, _, response) => {
      if (request.method !== 'DELETE') return false
      response.writeHead(204).end()
      return true
    }
    let over = false
    const answer = call('DELETE', `/v1/files/${object.id}`).then(given => {
      over = true
      return given
    })
    while (owner.told.length === 0) await new Promise(setImmediate)
    expect(owner.told[0]?.gone).toMatchObject([{ id: object.id, providerId: 'p_mock' }])
    await call('GET', '/v1/models')
    expect(over).toBe(false)
    owner.heard()
    expect((await answer).status).toBe(204)
  })

  it('is not waited for beyond half a second', async () => {
    await start({}, slowOwner().link)
    const began = performance.now()
    expect((await call('POST', '/v1/files', {})).cut).toBe(false)
    expect(performance.now() - began).toBeGreaterThan(400)
  })

  it('ends the answer where the client leaves meanwhile', async () => {
    const owner = slowOwner()
    await start({}, owner.link)
    const leaving = new AbortController()
    const record = gateway.nextRecord()
    const { port } = gateway
    const asking = ask(port, { path: '/v1/files', body: '{}', signal: leaving.signal }).catch(
      () => {},
    )
    while (owner.told.length === 0) await new Promise(setImmediate)
    leaving.abort()
    await asking
    expect((await record).status).toBe(499)
    owner.heard()
    expect((await call('GET', '/v1/models')).status).toBe(200)
  })

  it('is asked about an id once in a second, and about plausible ids only', async () => {
    const owner = slowOwner()
    await start({}, owner.link)
    const known = objectOf('three')
    owner.world.known = [known]
    for (let n = 0; n < 3; n++) {
      expect(await call('GET', `/v1/files/${known.id}`)).toMatchObject({ key: 'three' })
      await call('GET', '/v1/files/file-99999999')
      await call('GET', `/v1/files/${'x'.repeat(300)}`)
      await call('POST', '/v1/chat/completions', JSON.parse(chat()))
    }
    expect(owner.asked).toEqual([[known.id], ['file-99999999']])
  })

  it('is waited for some milliseconds, then the id is unknown', async () => {
    const owner = slowOwner()
    owner.world.answers = false
    await start({}, { ...owner.link, find: () => new Promise(() => {}) })
    const began = performance.now()
    expect(await call('GET', '/v1/files/file-99999999')).toMatchObject({ status: 404, key: 'one' })
    expect(performance.now() - began).toBeLessThan(500)
  })

  it('may come from elsewhere while the owner is asked', async () => {
    let asked = () => {}
    const asking = new Promise<void>(resolve => {
      asked = resolve
    })
    await start(
      {},
      {
        tell: () => null,
        find: () => {
          asked()
          return new Promise(() => {})
        },
      },
    )
    const object = objectOf('five')
    const answer = call('GET', `/v1/files/${object.id}`)
    await asking
    know(object)
    expect(await answer).toMatchObject({ status: 200, key: 'five' })
  })
})

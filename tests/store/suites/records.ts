import { describe, expect, it } from 'vitest'
import type { AttemptRecord, ExchangeRecord } from '../../../src/model/record.ts'
import type { Store } from '../../../src/model/store.ts'
import type { Place } from '../place.ts'
import { value } from './keys.ts'
import { OPENAI } from './providers.ts'

export const NODE = 'host:1'

export function exchange(change: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    time: 1_700_000_000_000,
    requestId: 'req-1',
    token: 'laptop',
    provider: 'openai',
    keyId: 'k_aaaaaaaaaa',
    model: 'gpt',
    modelServed: 'gpt-4o',
    method: 'POST',
    path: '/v1/chat/completions',
    status: 200,
    outcome: 'ok',
    attempts: 1,
    stream: true,
    bytesIn: 100,
    bytesOut: 2 ** 40,
    firstByteMs: 12.25,
    firstTokenMs: 20.5,
    ms: 1_234.5,
    promptTokens: 10,
    cachedTokens: 0,
    completionTokens: 20,
    reasoningTokens: null,
    errorCode: null,
    failures: [],
    ...change,
  }
}

export function attempt(change: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    time: 1_700_000_000_001,
    attempt: 1,
    provider: 'openai',
    keyId: 'k_bbbbbbbbbb',
    model: 'gpt-4o',
    status: 429,
    fault: 'rate',
    code: 'rate_limit',
    excerpt: '{"error":"slow down"}',
    ms: 3.5,
    ...change,
  }
}

const EMPTY = exchange({
  token: null,
  provider: null,
  keyId: null,
  model: null,
  modelServed: null,
  stream: false,
  firstByteMs: null,
  firstTokenMs: null,
  promptTokens: null,
  cachedTokens: null,
  completionTokens: null,
})

export function recordSuite(place: () => Promise<Place>): void {
  const opened = async () => (await place()).open()
  const ids = async (store: Store, filter: object) =>
    (await store.records({ limit: 100, ...filter })).map(({ requestId }) => requestId)

  describe('records', () => {
    it('come back as they went in, newest first', async () => {
      const store = await opened()
      await store.record([exchange(), { ...EMPTY, requestId: 'req-2' }], NODE)
      const [second, first] = await store.records({ limit: 10 })
      const { failures: _, ...kept } = exchange()
      expect(first).toEqual({ ...kept, id: first?.id, node: NODE, keyLabel: null })
      const { failures: __, ...bare } = EMPTY
      expect(second).toEqual({
        ...bare,
        requestId: 'req-2',
        id: second?.id,
        node: NODE,
        keyLabel: null,
      })
      expect(second?.id).toBeGreaterThan(first?.id ?? Number.NaN)
    })

    it('name the key by its label while it is there', async () => {
      const store = await opened()
      await store.addProvider(OPENAI, { makeDefault: false })
      const { added } = await store.addKeys('openai', [value('a', { label: 'main' })])
      const keyId = added[0]?.id ?? ''
      await store.record([exchange({ keyId })], NODE)
      expect((await store.records({ limit: 1 }))[0]?.keyLabel).toBe('main')
      await store.removeKeys([keyId])
      expect((await store.records({ limit: 1 }))[0]?.keyLabel).toBeNull()
    })

    it('page by id, both ways, without a gap or a repetition', async () => {
      const store = await opened()
      const names = Array.from({ length: 25 }, (_, index) => `req-${index}`)
      await store.record(
        names.map(requestId => exchange({ requestId })),
        NODE,
      )
      const back: string[] = []
      let before: number | undefined
      for (;;) {
        const page = await store.records({ limit: 10, ...(before !== undefined && { before }) })
        if (page.length === 0) break
        back.push(...page.map(({ requestId }) => requestId))
        before = page.at(-1)?.id
      }
      expect(back).toEqual(names.toReversed())
      const [newest] = await store.records({ limit: 1 })
      await store.record(
        [exchange({ requestId: 'later-1' }), exchange({ requestId: 'later-2' })],
        NODE,
      )
      expect(await ids(store, { after: newest?.id })).toEqual(['later-1', 'later-2'])
    })

    it('name the node that served them, and can be asked for those of all others', async () => {
      const store = await opened()
      for (const node of ['a:1', 'b:2', 'A:1', 'a:1']) {
        await store.record([exchange({ requestId: node })], node)
      }
      const rows = await store.records({ limit: 10, after: 0, notNode: 'a:1' })
      expect(rows.map(({ node }) => node)).toEqual(['b:2', 'A:1'])
      expect(await ids(store, { notNode: 'c:3' })).toHaveLength(4)
    })

    it('write a batch of 1,000 with each failure at its exchange', async () => {
      const store = await opened()
      const batch = Array.from({ length: 1_000 }, (_, index) =>
        exchange({
          requestId: `req-${index}`,
          failures: Array.from({ length: index % 3 }, (_, turn) =>
            attempt({ attempt: turn + 1, code: `code-${index}` }),
          ),
        }),
      )
      await store.record(batch, NODE)
      for (const index of [0, 1, 2, 249, 250, 251, 499, 500, 998, 999]) {
        const { exchange: found, failures } = await store.recordOf(`req-${index}`)
        expect(found.requestId).toBe(`req-${index}`)
        expect(failures.map(({ attempt, code }) => `${attempt} ${code}`)).toEqual(
          Array.from({ length: index % 3 }, (_, turn) => `${turn + 1} code-${index}`),
        )
      }
    })

    it('write a batch once, however often it is given, and its sums too', async () => {
      const store = await opened()
      const batch = [exchange({ requestId: 'one' }), exchange({ requestId: 'two' })]
      for (const id of ['a', 'a', 'a']) await store.record(batch, NODE, id)
      await store.record(batch, 'other:2', 'a')
      await store.record([exchange({ requestId: 'three' })], NODE, 'b')
      expect(await ids(store, {})).toEqual(['three', 'two', 'one', 'two', 'one'])
      const { time } = exchange()
      const [sums] = await store.stats({ by: 'provider', since: time, until: time + 1 })
      expect(sums?.requests).toBe(5)
    })

    it('write a batch that was refused when it is given again', async () => {
      const store = await opened()
      const broken = exchange({ requestId: 'broken', status: null as never })
      await expect(store.record([exchange(), broken], NODE, 'a')).rejects.toThrow()
      await store.record([exchange({ requestId: 'whole' })], NODE, 'a')
      expect(await ids(store, {})).toEqual(['whole'])
    })

    it('write all of a batch or nothing', async () => {
      const store = await opened()
      const broken = exchange({ requestId: 'broken', status: null as never })
      await expect(store.record([exchange(), broken], NODE)).rejects.toThrow()
      expect(await store.records({ limit: 10 })).toEqual([])
      await store.record([], NODE)
    })

    it('are found by id and by request id, the newest where clients repeated it', async () => {
      const store = await opened()
      await store.record(
        [
          exchange({ status: 500, failures: [attempt({ excerpt: 'first' })] }),
          exchange({ status: 200, failures: [attempt({ excerpt: 'second' })] }),
        ],
        NODE,
      )
      const newest = await store.recordOf('req-1')
      expect(newest.exchange.status).toBe(200)
      expect(newest.failures).toMatchObject([
        { ...attempt({ excerpt: 'second' }), requestId: 'req-1' },
      ])
      const older = await store.recordOf(String(newest.exchange.id - 1))
      expect(older.exchange.status).toBe(500)
      expect(older.failures.map(({ excerpt }) => excerpt)).toEqual(['first'])
      for (const none of ['req-2', 'REQ-1', 'req-1 ', '999999', '0']) {
        await expect(store.recordOf(none)).rejects.toMatchObject({ code: 'no_such' })
      }
    })

    it('are filtered by each of their fields, and by all given at once', async () => {
      const store = await opened()
      await store.record(
        [
          exchange({ requestId: 'a', provider: 'openai', status: 200, time: 1_000 }),
          exchange({ requestId: 'b', provider: 'deepseek', status: 429, time: 2_000 }),
          exchange({
            requestId: 'c',
            token: 'ci',
            model: 'x',
            modelServed: 'y',
            status: 503,
            time: 3_000,
          }),
          exchange({
            requestId: 'd',
            keyId: 'k_cccccccccc',
            path: '/v1/embeddings',
            status: 599,
            time: 4_000,
          }),
        ],
        NODE,
      )
      expect(await ids(store, { provider: 'deepseek' })).toEqual(['b'])
      expect(await ids(store, { key: 'k_cccccccccc' })).toEqual(['d'])
      expect(await ids(store, { token: 'ci' })).toEqual(['c'])
      expect(await ids(store, { model: 'x' })).toEqual(['c'])
      expect(await ids(store, { model: 'y' })).toEqual(['c'])
      expect(await ids(store, { status: '429' })).toEqual(['b'])
      expect(await ids(store, { status: '5xx' })).toEqual(['d', 'c'])
      expect(await ids(store, { status: 'error' })).toEqual(['d', 'c', 'b'])
      expect(await ids(store, { path: '/v1/emb' })).toEqual(['d'])
      expect(await ids(store, { requestId: 'a' })).toEqual(['a'])
      expect(await ids(store, { since: 2_000, until: 3_000 })).toEqual(['c', 'b'])
      expect(await ids(store, { status: 'error', since: 3_000, provider: 'openai' })).toEqual([
        'd',
        'c',
      ])
      expect(await ids(store, { provider: 'openai', token: 'nobody' })).toEqual([])
    })

    it('are compared letter by letter: no wildcard, no case, no trailing space', async () => {
      const store = await opened()
      await store.record(
        [
          exchange({ requestId: 'a', path: '/v1/100%_done', model: 'gpt' }),
          exchange({ requestId: 'b', path: '/v1/100xyzdone', model: 'GPT' }),
          exchange({ requestId: 'c', path: "/v1/'quo\\te😀", model: 'gpt ' }),
        ],
        NODE,
      )
      expect(await ids(store, { path: '/v1/100%' })).toEqual(['a'])
      expect(await ids(store, { path: '/v1/100%_' })).toEqual(['a'])
      expect(await ids(store, { path: '%' })).toEqual([])
      expect(await ids(store, { path: '/V1' })).toEqual([])
      expect(await ids(store, { path: "/v1/'quo\\te😀" })).toEqual(['c'])
      expect(await ids(store, { model: 'gpt', path: '/v1' })).toEqual(['a'])
      expect(await ids(store, { provider: 0 as never })).toEqual([])
    })

    it.each(['4', 'xx', '6xx', '42', '429 or 1=1', ''])('refuse the status %j', async status => {
      const store = await opened()
      const found = store.records({ limit: 1, status })
      await expect(found).rejects.toMatchObject({ code: 'invalid_value' })
    })

    it.each([0, -1, 1.5, Number.NaN])('refuse the limit %d', async limit => {
      const store = await opened()
      await expect(store.records({ limit })).rejects.toMatchObject({ code: 'invalid_value' })
    })

    it('cut what clients and upstreams chose, and escape what a terminal would obey', async () => {
      const store = await opened()
      const long = '😀'.repeat(100)
      await store.record(
        [
          exchange({
            requestId: 'cut',
            model: long,
            path: '/\u001b[31m\u0000',
            failures: [attempt({ excerpt: 'ü'.repeat(2_000), code: `${long}` })],
          }),
        ],
        NODE,
      )
      const { exchange: found, failures } = await store.recordOf('cut')
      expect(Buffer.byteLength(found.model ?? '')).toBeLessThanOrEqual(256)
      expect(found.model).toMatch(/^(😀){63}…$/u)
      expect(found.path).toBe('/\\u001b[31m\\u0000')
      expect(Buffer.byteLength(failures[0]?.excerpt ?? '')).toBeLessThanOrEqual(2_048)
      expect(failures[0]?.excerpt.startsWith('üüü')).toBe(true)
      expect(Buffer.byteLength(failures[0]?.code ?? '')).toBeLessThanOrEqual(256)
      expect(await ids(store, { model: long })).toEqual(['cut'])
    })

    it('list failures with filters of their own fields and of their exchange', async () => {
      const store = await opened()
      await store.record(
        [
          exchange({ requestId: 'a', failures: [attempt(), attempt({ attempt: 2, status: 500 })] }),
          exchange({
            requestId: 'b',
            token: 'ci',
            path: '/v1/embeddings',
            failures: [attempt({ status: null, model: null, provider: 'deepseek' })],
          }),
        ],
        NODE,
      )
      const found = async (filter: object) =>
        (await store.failures({ limit: 10, ...filter })).map(
          row => `${row.requestId}${row.attempt}`,
        )
      expect(await found({})).toEqual(['b1', 'a2', 'a1'])
      expect(await found({ status: '5xx' })).toEqual(['a2'])
      expect(await found({ provider: 'deepseek' })).toEqual(['b1'])
      expect(await found({ key: 'k_bbbbbbbbbb', model: 'gpt-4o' })).toEqual(['a2', 'a1'])
      expect(await found({ token: 'ci' })).toEqual(['b1'])
      expect(await found({ path: '/v1/chat' })).toEqual(['a2', 'a1'])
      expect(await found({ requestId: 'a' })).toEqual(['a2', 'a1'])
      const [newest] = await store.failures({ limit: 1 })
      expect(newest).toMatchObject({ status: null, model: null, ms: 3.5, fault: 'rate' })
      expect(await found({ before: newest?.id })).toEqual(['a2', 'a1'])
    })
  })
}

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { BalanceError } from '../../../src/base/errors.ts'
import { parseQuery } from '../../../src/control/admin/query.ts'
import { OPERATIONS, type Operation } from '../../../src/control/api.ts'
import { TestDashboard, WAYS } from '../../support/dashboard.ts'

const table = OPERATIONS as unknown as Record<string, Operation<unknown, unknown>>

beforeAll(() => {
  table['test.rows'] = {
    input: z.strictObject({ n: z.int() }),
    kind: 'rows',
    door: 'all',
    largest: 1_000,
  }
})
afterAll(() => {
  delete table['test.rows']
})

describe.each(WAYS)('an operation that answers in rows, %s', way => {
  let dashboard: TestDashboard
  afterEach(() => dashboard.close())

  const lines = (text: string) =>
    text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as unknown)

  it('has one on each line', async () => {
    dashboard = await TestDashboard.start(way)
    dashboard.answer = async function* () {
      yield { row: 1 }
      yield { row: '2\n' }
    }
    const cookie = await dashboard.enter()
    const { status, headers, text } = await dashboard.post('test.rows', { n: 1 }, cookie)
    expect([status, headers['content-type']]).toEqual([200, 'application/x-ndjson'])
    expect(lines(text)).toEqual([{ row: 1 }, { row: '2\n' }])
    expect(dashboard.calls[0]?.input).toEqual({ n: 1 })
  })

  it('says at the end that it broke off, or with its status that it did not begin', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    const failing = (rows: number) =>
      async function* () {
        for (let row = 1; row <= rows; row++) yield { row }
        throw new BalanceError('no_such', 'It is gone.')
      }
    dashboard.answer = failing(1)
    const begun = await dashboard.post('test.rows', { n: 1 }, cookie)
    const error = { code: 'no_such', message: 'It is gone.' }
    expect([begun.status, lines(begun.text)]).toEqual([200, [{ row: 1 }, { error }]])
    dashboard.answer = failing(0)
    const refused = await dashboard.post('test.rows', { n: 1 }, cookie)
    expect([refused.status, lines(refused.text)]).toEqual([404, [{ error }]])
  })

  it('may have none', async () => {
    dashboard = await TestDashboard.start(way)
    dashboard.answer = async function* () {}
    const cookie = await dashboard.enter()
    const { status, text } = await dashboard.post('test.rows', { n: 1 }, cookie)
    expect([status, text]).toEqual([200, ''])
  })

  it('is given up when the browser leaves', async () => {
    dashboard = await TestDashboard.start(way)
    let ended = false
    dashboard.answer = async function* () {
      try {
        for (;;) {
          yield { row: 'x'.repeat(1_000) }
          await new Promise(setImmediate)
          if (dashboard.calls[0]?.caller.signal.aborted) return
        }
      } finally {
        ended = true
      }
    }
    const cookie = await dashboard.enter()
    const leaving = new AbortController()
    const left = dashboard
      .ask('/admin/api/test.rows', {
        ...{ method: 'POST', body: '{"n":1}', signal: leaving.signal },
        headers: { ...dashboard.own, cookie },
      })
      .catch(() => null)
    await vi.waitFor(() => expect(dashboard.calls).toHaveLength(1))
    leaving.abort()
    await left
    await vi.waitFor(() => expect(ended).toBe(true))
  })
})

describe('a query', () => {
  const schema = z.strictObject({
    limit: z.int().max(200).exactOptional(),
    deep: z.boolean().optional(),
    ratio: z.number().default(1),
    name: z.string().exactOptional(),
    token: z.nullable(z.string()),
    until: z.nullable(z.int()).optional(),
    q: z
      .string()
      .transform(text => text.length)
      .optional(),
  })

  it.each([
    ['', { ratio: 1, token: null }],
    ['limit=20&deep=true&ratio=0.5', { limit: 20, deep: true, ratio: 0.5, token: null }],
    ['deep=false&until=-3&token=12', { deep: false, until: -3, ratio: 1, token: '12' }],
    ['name=7&q=abc', { name: '7', q: 3, ratio: 1, token: null }],
    ['name=a+b%26c%3D', { name: 'a b&c=', ratio: 1, token: null }],
  ])('%j is read as its schema has it', (query, expected) => {
    expect(parseQuery('test', schema, query)).toEqual(expected)
  })

  it.each([
    'limit=',
    'limit=1e2',
    'limit=201',
    'limit=0x10',
    'limit=1.5',
    'deep=yes',
    'colour=red',
  ])('%j is refused, and what it says is not repeated', query => {
    const refused = () => parseQuery('test', schema, query)
    expect(refused).toThrow(expect.objectContaining({ code: 'invalid_value' }))
    expect(refused).not.toThrow(/201|0x10|1e2|yes|red$/)
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BalanceError } from '../../src/base/errors.ts'
import type { Expose } from '../../src/model/exposition.ts'
import { token } from '../support/catalog.ts'
import { type Ask, ask, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'

const WEAK = 'short'
const EXPIRED = 'bal_expired-0123456789abcdef'
const SLOW = 'bal_slow-0123456789abcdef'
const FAR = { host: 'gateway.example' }
const DOCUMENT = { contentType: 'text/plain; version=0.0.4', text: 'müsli 1\n' }
let gateway: TestGateway
let answer: Expose
let asked = 0

const parts = {
  tokens: [
    token('test', TOKEN),
    token('weak', WEAK, { weak: true }),
    token('expired', EXPIRED, { expiresAt: 1 }),
    token('slow', SLOW, { rpm: 1 }),
  ],
}

beforeAll(async () => {
  const expose = () => {
    asked++
    return answer()
  }
  gateway = await startGateway(parts, { expose })
})
afterAll(() => gateway.close())
beforeEach(() => {
  answer = async () => DOCUMENT
  asked = 0
})

const scrape = (change: Partial<Ask> = {}) =>
  ask(gateway.port, { path: '/metrics', token: null, ...change })

const codeOf = (text: string) => JSON.parse(text).error.code

describe('/metrics', () => {
  it('is what the owner says, for a local caller without a token', async () => {
    const { status, headers, text } = await scrape()
    expect([status, text]).toEqual([200, DOCUMENT.text])
    expect(headers).toMatchObject({
      'content-type': DOCUMENT.contentType,
      'content-length': '9',
      'cache-control': 'no-store',
    })
  })

  it.each([
    ['a bearer token', { token: TOKEN }],
    ['x-api-key', { headers: { 'x-api-key': TOKEN } }],
    ['?key=', { path: `/metrics?key=${TOKEN}` }],
  ])('is served to anybody with %s', async (_name, { headers = {}, ...change }: Partial<Ask>) => {
    const { status } = await scrape({ ...change, headers: { ...headers, ...FAR } })
    expect(status).toBe(200)
  })

  it.each([
    ['another host', FAR],
    ['a proxy that names the caller', { 'x-forwarded-for': '10.0.0.1' }],
    ['a proxy that names itself', { via: '1.1 proxy' }],
    ['Forwarded', { forwarded: 'for=10.0.0.1' }],
    ['a wrong token, though local', { authorization: 'Bearer bal_wrong' }],
    ['an expired token, though local', { authorization: `Bearer ${EXPIRED}` }],
    ['a weak token from afar', { authorization: `Bearer ${WEAK}`, ...FAR }],
  ])('is refused with %s: 401, and the owner is not asked', async (_name, headers) => {
    const { status, text } = await scrape({ headers })
    expect([status, codeOf(text), asked]).toEqual([401, 'invalid_token', 0])
  })

  it.each([
    ['without a token', {}],
    ['even with a token', { authorization: `Bearer ${TOKEN}` }],
  ])('is refused to pages of other sites %s', async (_name, headers) => {
    for (const page of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const { status, text } = await scrape({ headers: { ...headers, ...page } })
      expect([status, codeOf(text), asked]).toEqual([403, 'origin_not_allowed', 0])
    }
  })

  it('has no body for HEAD, and takes no other method', async () => {
    const head = await scrape({ method: 'HEAD' })
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '9'])
    const post = await scrape({ method: 'POST', body: '{}' })
    expect([post.status, post.headers.allow, codeOf(post.text)]).toEqual([
      405,
      'GET, HEAD',
      'method_not_allowed',
    ])
  })

  it('is no exchange: it is not written down, and uses up no limit of its token', async () => {
    answer = async () => {
      const { size } = gateway.gateway.inside.exchanges
      return { ...DOCUMENT, text: `${size} under way` }
    }
    for (let i = 0; i < 3; i++) {
      expect((await scrape({ headers: FAR, token: SLOW })).text).toBe('0 under way')
    }
    const next = gateway.nextRecord()
    await ask(gateway.port, { path: '/v1/models', token: null })
    expect((await next).path).toBe('/v1/models')
    expect(gateway.records).toHaveLength(1)
  })

  it('says so where the owner has no answer, or fails', async () => {
    answer = () => Promise.reject(new BalanceError('overloaded', 'Not now.'))
    const refused = await scrape()
    expect([refused.status, codeOf(refused.text)]).toEqual([503, 'overloaded'])
    answer = () => Promise.reject(new TypeError('a defect'))
    const failed = await scrape()
    expect([failed.status, codeOf(failed.text)]).toEqual([500, 'internal_error'])
    expect(failed.text).not.toContain('a defect')
    expect(gateway.lines.join('')).toContain('a defect')
  })

  it('is nothing below it', async () => {
    for (const path of ['/metrics/', '/metrics/x', '/metricsx']) {
      expect((await scrape({ path, token: TOKEN })).status, path).toBe(404)
    }
  })
})

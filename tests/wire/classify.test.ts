import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Dialect, Headers } from '../../src/model/dialect.ts'
import { type Outcome, usualRetry } from '../../src/model/outcome.ts'
import { anthropic } from '../../src/wire/anthropic.ts'
import { dialectNamed } from '../../src/wire/dialects.ts'
import { gemini } from '../../src/wire/gemini.ts'
import { openai } from '../../src/wire/openai.ts'

const WALL = Date.UTC(2026, 0, 1)
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

function judged(dialect: Dialect, status: number, body: unknown, headers: Headers = JSON_TYPE) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return dialect.classify(status, headers, Buffer.from(text), WALL)
}

function error(fields: Record<string, unknown>) {
  return { error: { message: 'why', ...fields } }
}

/** As Gemini details them (google.rpc.Status). */
function status(name: string, ...details: unknown[]) {
  return error({ code: 0, status: name, details })
}
const reason = (value: string) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason: value,
})
const quotaId = (id: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaMetric: 'requests', quotaId: id }],
})
const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '37s' }

const EXHAUSTED = 'upstream_credentials_exhausted'

describe('a refused answer', () => {
  it.each([
    ['openai', 403, error({ message: 'invalid_api_key' }), 'client'],
    ['openai', 429, error({ message: 'insufficient_quota' }), 'rate'],
    ['openai', 404, error({ message: 'model_not_found' }), 'client'],
    ['anthropic', 429, error({ message: 'enforced_spend_limit_reached' }), 'rate'],
    ['gemini', 400, error({ message: 'API_KEY_INVALID' }), 'client'],
  ] as const)('%s %s %j is judged by its fields, not by its message', (name, code, body, fault) => {
    expect(judged(dialectNamed(name), code, body)).toMatchObject({
      fault,
      retry: usualRetry(fault),
    })
  })

  it('is judged by what a code is: a number and its digits are two things', () => {
    expect(judged(openai, 404, error({ code: 404 })).retry).toBe('target')
    expect(judged(openai, 404, error({ code: '404' })).retry).toBe('no')
  })

  it('is judged by headers and members that are there', () => {
    const flat = { statusCode: 403, message: 'Out of call volume quota.' }
    expect(judged(openai, 403, flat).fault).toBe('client')
    expect(judged(openai, 403, flat, { 'retry-after': '60' }).fault).toBe('quota')
    const shape = { code: 403, metadata: { limit_source: 'openrouter_key_limit' } }
    expect(judged(openai, 403, error(shape)).fault).toBe('quota')
    expect(judged(openai, 403, error({ ...shape, metadata: null })).fault).toBe('client')
    expect(judged(openai, 403, error({ ...shape, metadata: { limit_source: {} } })).fault).toBe(
      'client',
    )
  })

  it("keeps the upstream's own code and message", () => {
    expect(
      judged(openai, 429, error({ code: 'rate_limit_exceeded', type: 'tokens' })),
    ).toMatchObject({
      detail: 'rate_limit_exceeded',
      message: 'why',
    })
    expect(judged(openai, 400, error({ code: null, type: 'invalid_request_error' })).detail).toBe(
      'invalid_request_error',
    )
    expect(judged(gemini, 400, status('INVALID_ARGUMENT', reason('API_KEY_INVALID'))).detail).toBe(
      'API_KEY_INVALID',
    )
    expect(
      judged(openai, 400, { object: 'error', message: 'vLLM says', type: 'BadRequestError' }),
    ).toMatchObject({ detail: 'BadRequestError', message: 'vLLM says' })
    expect(judged(anthropic, 429, error({ type: 'a', details: { error_code: 'b' } })).detail).toBe(
      'b',
    )
    expect(judged(openai, 400, error({ innererror: { code: 'Inner' } })).detail).toBe('Inner')
    expect(
      judged(openai, 429, error({ code: 429, metadata: { error_type: 'typed' } })).detail,
    ).toBe('typed')
    expect(judged(openai, 403, { code: 'no', error: 'xAI says' })).toMatchObject({
      detail: 'no',
      message: 'xAI says',
    })
    expect(judged(openai, 503, '<html>')).toMatchObject({
      detail: 'http_503',
      message: 'The upstream answered 503.',
    })
  })

  it('escapes and cuts what it keeps of the upstream', () => {
    const { message, detail } = judged(
      openai,
      400,
      error({ message: `a\n\u001b[31m${'x'.repeat(9_000)}`, code: '\r\n' }),
    )
    expect(message).toMatch(/^a\\u000a\\u001b/)
    expect(message.length).toBeLessThanOrEqual(512)
    expect(detail).toBe('\\u000d\\u000a')
  })

  it('reads when to come back, and trusts a daily quota over its delay', () => {
    expect(judged(openai, 429, '', { 'retry-after': '20' }).retryAfter).toBe(20_000)
    expect(judged(openai, 503, '', { 'retry-after': '2' }).retryAfter).toBe(2_000)
    expect(
      judged(openai, 429, error({ code: 'insufficient_quota' }), { 'retry-after': '7200' })
        .retryAfter,
    ).toBe(7_200_000)
    expect(judged(openai, 429, '', { 'retry-after': '7200' }).retryAfter).toBeNull()
    const perMinute = status('RESOURCE_EXHAUSTED', quotaId('RequestsPerMinute'), retryInfo)
    expect(judged(gemini, 429, perMinute).retryAfter).toBe(37_000)
    const perDay = status('RESOURCE_EXHAUSTED', quotaId('RequestsPerDay'), retryInfo)
    expect(judged(gemini, 429, perDay).retryAfter).toBeNull()
  })
})

describe('an answer that says 200', () => {
  it.each([
    ['an empty body', '', JSON_TYPE, 'empty_body'],
    ['a web page', '<!doctype html>', { 'content-type': 'text/html' }, 'html'],
    ['a web page without a name', '\ufeff<html>', {}, 'html'],
    ['a cut answer', '{"choices":[{"mess', JSON_TYPE, 'invalid_json'],
  ])('with %s says so', (_, body, headers, detail) => {
    expect(judged(openai, 200, body, headers)).toMatchObject({ fault: 'provider', detail })
  })

  it.each([
    [error({ code: 401 }), 'auth', EXHAUSTED],
    [error({ code: 402 }), 'quota', EXHAUSTED],
    [error({ code: 'insufficient_quota' }), 'quota', EXHAUSTED],
    [error({ code: 429 }), 'rate', 'upstream_error'],
    [error({ type: 'rate_limit_error' }), 'rate', 'upstream_error'],
    [error({ code: 502 }), 'provider', 'upstream_error'],
    [error({ code: 'context_length_exceeded' }), 'client', 'invalid_request'],
    [error({ code: 'what_is_this' }), 'provider', 'upstream_error'],
    [{ error: 'it broke' }, 'provider', 'upstream_error'],
    [{ object: 'error', message: 'vLLM', code: 400 }, 'client', 'invalid_request'],
  ])('with %j is what its code means', (body, fault, code) => {
    expect(judged(openai, 200, body)).toMatchObject({ fault, code })
  })

  it('and is an answer has worked', () => {
    const kinds: [string, Headers][] = [
      ['{"choices":[]}', JSON_TYPE],
      ['{"error":null}', JSON_TYPE],
      ['{"id":"ftjob","error":{"code":null,"message":null}}', JSON_TYPE],
      ['{"message":"hello"}', JSON_TYPE],
      ['<i>transcript', { 'content-type': 'text/plain' }],
      ['ID3\u0003', { 'content-type': 'audio/mpeg' }],
      [`{"a":"${'x'.repeat(70_000)}`, JSON_TYPE],
    ]
    for (const [body, headers] of kinds) {
      expect(judged(openai, 200, body, headers).fault, body.slice(0, 40)).toBe('none')
    }
  })
})

describe('any answer at all', () => {
  it('is judged without an error, and 4xx that is the client’s never charges a key', () => {
    const charging = ['auth', 'quota', 'rate', 'model']
    const clients = fc.constantFrom(400, 404, 405, 406, 413, 415, 422)
    const message = fc.constantFrom('invalid_api_key', 'API_KEY_INVALID', 'insufficient_quota')
    fc.assert(
      fc.property(
        fc.constantFrom(openai, anthropic, gemini),
        fc.oneof(clients, fc.integer({ min: 200, max: 599 })),
        fc.oneof(
          fc.json(),
          fc.string(),
          message.map(text => JSON.stringify(error({ message: text }))),
        ),
        (dialect, code, body) => {
          const outcome: Outcome = judged(dialect, code, body)
          if ([400, 404, 405, 406, 413, 415, 422].includes(code)) {
            expect(charging).not.toContain(outcome.fault)
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Dialect, Headers } from '../../src/model/dialect.ts'
import type { Outcome } from '../../src/model/outcome.ts'
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
    ['openai', 401, error({ code: 'invalid_api_key' }), 'auth', EXHAUSTED],
    ['openai', 401, '', 'auth', EXHAUSTED],
    ['openai', 402, error({ message: 'Insufficient Balance' }), 'quota', EXHAUSTED],
    ['openai', 403, error({ code: 'invalid_api_key' }), 'auth', EXHAUSTED],
    ['openai', 403, error({ code: 'account_deactivated' }), 'auth', EXHAUSTED],
    ['openai', 403, error({ code: 'model_not_found' }), 'model', null],
    ['openai', 403, error({ code: 'unsupported_country_region_territory' }), 'provider', null],
    ['openai', 403, error({ code: 'moderation' }), 'client', null],
    ['openai', 403, error({ message: 'invalid_api_key' }), 'client', null],
    ['openai', 403, '<html>denied</html>', 'client', null],
    ['openai', 429, error({ code: 'rate_limit_exceeded', type: 'tokens' }), 'rate', null],
    [
      'openai',
      429,
      error({ code: 'insufficient_quota', type: 'insufficient_quota' }),
      'quota',
      EXHAUSTED,
    ],
    ['openai', 429, error({ code: 'credit_balance_exhausted' }), 'quota', EXHAUSTED],
    ['openai', 429, error({ code: 'organization_spend_limit_exceeded' }), 'quota', EXHAUSTED],
    ['openai', 429, error({ code: 'project_spend_limit_exceeded' }), 'quota', EXHAUSTED],
    ['openai', 429, error({ code: 'organization_usage_limit_exceeded' }), 'quota', EXHAUSTED],
    ['openai', 429, error({ code: 'billing_not_active' }), 'quota', EXHAUSTED],
    ['openai', 400, error({ code: 'billing_hard_limit_reached' }), 'quota', EXHAUSTED],
    ['openai', 429, error({ message: 'insufficient_quota' }), 'rate', null],
    ['openai', 429, error({ code: 'slow_down' }), 'rate', null],
    ['openai', 429, '', 'rate', null],
    ['openai', 429, '<html>slow down</html>', 'rate', null],
    [
      'openai',
      429,
      [status('RESOURCE_EXHAUSTED', quotaId('GenerateRequestsPerDayPerProject'))],
      'quota',
      EXHAUSTED,
    ],
    ['openai', 400, [status('INVALID_ARGUMENT', reason('API_KEY_INVALID'))], 'auth', EXHAUSTED],
    ['openai', 400, error({ code: 'context_length_exceeded' }), 'client', null],
    ['openai', 404, error({ code: 'model_not_found' }), 'client', null],
    ['openai', 405, '', 'client', null],
    ['openai', 413, '', 'client', null],
    ['openai', 415, '', 'client', null],
    ['openai', 422, { detail: [{ msg: 'field required' }] }, 'client', null],
    ['openai', 408, '', 'provider', null],
    ['openai', 409, '', 'provider', null],
    ['openai', 424, '', 'provider', null],
    ['openai', 498, '', 'provider', null],
    ['openai', 499, '', 'provider', null],
    ['openai', 500, error({ type: 'server_error' }), 'provider', null],
    ['openai', 502, '<html>Bad Gateway</html>', 'provider', null],
    ['openai', 503, error({ code: 'server_is_overloaded' }), 'provider', null],
    ['openai', 504, '', 'provider', null],
    ['openai', 524, '<html>', 'provider', null],
    ['openai', 301, '', 'provider', 'upstream_error'],
    ['openai', 307, error({ code: 'insufficient_quota' }), 'provider', 'upstream_error'],

    ['anthropic', 400, error({ type: 'invalid_request_error' }), 'client', null],
    ['anthropic', 401, error({ type: 'authentication_error' }), 'auth', EXHAUSTED],
    ['anthropic', 402, error({ type: 'billing_error' }), 'quota', EXHAUSTED],
    ['anthropic', 400, error({ type: 'billing_error' }), 'quota', EXHAUSTED],
    ['anthropic', 403, error({ type: 'permission_error' }), 'model', null],
    ['anthropic', 404, error({ type: 'not_found_error' }), 'client', null],
    ['anthropic', 413, error({ type: 'request_too_large' }), 'client', null],
    ['anthropic', 429, error({ type: 'rate_limit_error' }), 'rate', null],
    [
      'anthropic',
      429,
      error({ type: 'rate_limit_error', code: 'enforced_spend_limit_reached' }),
      'quota',
      EXHAUSTED,
    ],
    ['anthropic', 500, error({ type: 'api_error' }), 'provider', null],
    ['anthropic', 529, error({ type: 'overloaded_error' }), 'provider', null],

    ['gemini', 400, status('INVALID_ARGUMENT', reason('API_KEY_INVALID')), 'auth', EXHAUSTED],
    ['gemini', 400, status('INVALID_ARGUMENT'), 'client', null],
    ['gemini', 400, error({ message: 'API_KEY_INVALID' }), 'client', null],
    [
      'gemini',
      403,
      status('PERMISSION_DENIED', reason('API_KEY_SERVICE_BLOCKED')),
      'auth',
      EXHAUSTED,
    ],
    ['gemini', 403, status('PERMISSION_DENIED', reason('BILLING_DISABLED')), 'quota', EXHAUSTED],
    ['gemini', 403, status('PERMISSION_DENIED'), 'model', null],
    ['gemini', 404, status('NOT_FOUND'), 'client', null],
    [
      'gemini',
      429,
      status('RESOURCE_EXHAUSTED', quotaId('GenerateRequestsPerMinutePerProject'), retryInfo),
      'rate',
      null,
    ],
    [
      'gemini',
      429,
      status('RESOURCE_EXHAUSTED', quotaId('GenerateRequestsPerDayPerProjectPerModel-FreeTier')),
      'quota',
      EXHAUSTED,
    ],
    ['gemini', 500, status('INTERNAL'), 'provider', null],
    ['gemini', 503, status('UNAVAILABLE'), 'provider', null],
  ] as const)('%s %s %j teaches %s', (name, code, body, fault, ours) => {
    expect(judged(dialectNamed(name), code, body)).toMatchObject({ fault, code: ours })
  })

  it.each([
    [500, 'rejected'],
    [503, 'rejected'],
    [529, 'rejected'],
    [429, 'rejected'],
    [400, 'rejected'],
    [502, 'ambiguous'],
    [504, 'ambiguous'],
    [408, 'ambiguous'],
    [522, 'ambiguous'],
  ] as const)('%s is %s', (code, reach) => {
    expect(judged(openai, code, '').reach).toBe(reach)
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
    ['an empty body', '', JSON_TYPE, 'empty_body', 'ambiguous'],
    ['a web page', '<!doctype html>', { 'content-type': 'text/html' }, 'html', 'rejected'],
    ['a web page under a false name', ' \n<html>', JSON_TYPE, 'html', 'rejected'],
    ['a web page without a name', '\ufeff<html>', {}, 'html', 'rejected'],
    ['a cut answer', '{"choices":[{"mess', JSON_TYPE, 'invalid_json', 'ambiguous'],
  ])('with %s is the provider failing', (_, body, headers, detail, reach) => {
    expect(judged(openai, 200, body, headers)).toMatchObject({
      fault: 'provider',
      code: 'upstream_error',
      detail,
      reach,
    })
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

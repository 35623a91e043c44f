import type { FailedRow } from '../row.ts'
import { refusal } from './refusal.ts'
import { anthropic, gemini, openai, PAGE, type Said } from './said.ts'

const APIM = { 'apim-request-id': '1' }
const NOTHING: Said = { code: '', body: '' }

/** The request's own: it is told to the client at once, and costs nobody. */
const REQUESTS: readonly FailedRow[] = [
  ...alike([400, 404, 405, 406, 413, 414, 415, 422, 431], code => ({
    ...refusal(code, 'the request is wrong', {
      openai: openai(null, 'invalid_request_error'),
      anthropic: anthropic('invalid_request_error'),
      gemini: gemini(code, 'INVALID_ARGUMENT'),
    }),
    fault: 'client',
    way: 'never',
  })),
  {
    ...refusal(403, 'a moderation refused the text', { openai: openai(403) }),
    id: '403-moderation',
    fault: 'client',
    way: 'never',
  },
]

/** The request's own at this provider; another one, or another moment, may do. */
const ELSEWHERE: readonly FailedRow[] = [
  {
    ...refusal(404, 'the model is not known here', {
      openai: openai('model_not_found', 'invalid_request_error'),
      anthropic: anthropic('not_found_error'),
      gemini: gemini(404, 'NOT_FOUND'),
    }),
    id: '404-model',
    fault: 'client',
    way: 'otherProvider',
  },
  {
    ...refusal(404, 'the deployment is not known, as Azure says it', {
      openai: openai('DeploymentNotFound'),
    }),
    id: '404-deployment',
    fault: 'client',
    way: 'otherProvider',
  },
  {
    ...refusal(409, 'a conflict, which may pass', {
      openai: openai('conflict', 'conflict_error'),
      anthropic: anthropic('conflict_error'),
      gemini: gemini(409, 'ABORTED'),
    }),
    fault: 'client',
    way: 'sameProvider',
    pause: 500,
  },
]

/** The provider's. */
const PROVIDERS: readonly FailedRow[] = [
  {
    ...refusal(403, 'the country is not served', {
      openai: openai('unsupported_country_region_territory', 'request_forbidden'),
      anthropic: anthropic('forbidden'),
    }),
    id: '403-country',
    way: 'otherProvider',
  },
  {
    ...refusal(
      403,
      'a firewall of Azure lets nobody in from here',
      { openai: openai('403') },
      APIM,
    ),
    id: '403-firewall',
    way: 'otherProvider',
  },
  {
    ...refusal(429, 'everybody’s capacity is used up, as Azure says it', {
      openai: openai('NoCapacity'),
    }),
    id: '429-capacity',
    way: 'again',
  },
  {
    ...refusal(500, 'an error of its own', {
      openai: openai('server_error', 'server_error'),
      anthropic: anthropic('api_error'),
      gemini: gemini(500, 'INTERNAL'),
    }),
    way: 'again',
  },
  {
    ...refusal(
      503,
      'overloaded, and asks for a second of patience',
      {
        openai: openai('server_is_overloaded', 'service_unavailable_error'),
        anthropic: anthropic('overloaded_error'),
        gemini: gemini(503, 'UNAVAILABLE'),
      },
      { 'retry-after': '1' },
    ),
    way: 'again',
    pause: 1_000,
  },
  {
    ...refusal(503, 'overloaded, for longer than a client should wait', PAGE, {
      'retry-after': '30',
    }),
    id: '503-later',
    way: 'otherProvider',
  },
  {
    ...refusal(529, 'overloaded', {
      openai: openai(529, 'overloaded_error'),
      anthropic: anthropic('overloaded_error'),
      gemini: gemini(529, 'UNAVAILABLE'),
    }),
    way: 'again',
  },
  { ...refusal(498, 'a vendor’s own', PAGE), way: 'again' },
  ...alike([408, 424, 499, 502, 504, 520, 521, 522, 523, 524, 525, 526, 530], code => ({
    ...refusal(code, 'an edge or a vendor gave up', PAGE),
    way: 'once',
  })),
  ...alike([301, 302, 304, 307, 308], code => ({
    ...refusal(code, 'a redirect, which is not followed', code === 304 ? NOTHING : PAGE, {
      location: '/moved',
    }),
    way: 'otherProvider',
    answer: [502, 'upstream_error'],
  })),
]

export const STATUS: readonly FailedRow[] = [...REQUESTS, ...ELSEWHERE, ...PROVIDERS]

/** Statuses that mean the same: each API is asked about the first of them, one about all. */
function alike(codes: readonly number[], row: (code: number) => FailedRow): FailedRow[] {
  return codes.map((code, at) => (at === 0 ? row(code) : { ...row(code), dialects: ['chat'] }))
}

import type { FailedRow } from '../row.ts'
import { refusal } from './refusal.ts'
import { anthropic, gemini, openai, PAGE, RETRY_INFO, reason, violation } from './said.ts'

const EXHAUSTED = [502, 'upstream_credentials_exhausted'] as const
const HOUR = 3_600_000

/** The key's own: another key may do better. */
export const REFUSED_KEYS: readonly FailedRow[] = [
  {
    ...refusal(401, 'the key is refused', {
      openai: openai('invalid_api_key', 'invalid_request_error'),
      anthropic: anthropic('authentication_error'),
      gemini: gemini(401, 'UNAUTHENTICATED'),
    }),
    fault: 'auth',
    way: 'eachKey',
    answer: EXHAUSTED,
  },
  {
    ...refusal(400, 'the key is not valid, as Google says it', {
      openai: openai('API_KEY_INVALID'),
      gemini: gemini(400, 'INVALID_ARGUMENT', [reason('API_KEY_INVALID')]),
    }),
    id: '400-key',
    fault: 'auth',
    way: 'eachKey',
    answer: EXHAUSTED,
  },
  {
    ...refusal(403, 'the code names the key', {
      openai: openai('account_deactivated', 'invalid_request_error'),
      anthropic: anthropic('authentication_error'),
      gemini: gemini(403, 'PERMISSION_DENIED', [reason('API_KEY_IP_ADDRESS_BLOCKED')]),
    }),
    id: '403-key',
    fault: 'auth',
    way: 'eachKey',
    answer: EXHAUSTED,
  },
  {
    ...refusal(402, 'there is no money', {
      openai: openai(402, 'insufficient_balance'),
      anthropic: anthropic('billing_error'),
      gemini: gemini(402, 'FAILED_PRECONDITION'),
    }),
    fault: 'quota',
    way: 'eachKey',
    answer: EXHAUSTED,
    rest: HOUR,
  },
  {
    ...refusal(
      402,
      'requests under way fill the budget, as OpenRouter says it',
      { openai: openai(402), anthropic: openai(402) },
      {
        'retry-after': '90',
      },
    ),
    id: '402-busy',
    fault: 'rate',
    way: 'rated',
    answer: EXHAUSTED,
    rest: 90_000,
  },
  {
    ...refusal(429, 'the money or the quota is used up, by the code', {
      openai: openai('insufficient_quota', 'insufficient_quota'),
      anthropic: anthropic('enforced_spend_limit_reached'),
      gemini: gemini(429, 'RESOURCE_EXHAUSTED', [
        violation('GenerateRequestsPerDayPerProjectPerModel'),
        RETRY_INFO,
      ]),
    }),
    id: '429-money',
    fault: 'quota',
    way: 'eachKey',
    answer: EXHAUSTED,
    rest: HOUR,
  },
  {
    ...refusal(
      429,
      'a rate limit, with the time to come back',
      {
        openai: openai('rate_limit_exceeded', 'requests'),
        anthropic: anthropic('rate_limit_error'),
        gemini: gemini(429, 'RESOURCE_EXHAUSTED'),
      },
      { 'retry-after': '7' },
    ),
    id: '429-until',
    fault: 'rate',
    way: 'rated',
    rest: 7_000,
  },
  {
    ...refusal(429, 'a rate limit, with the delay in the body', {
      gemini: gemini(429, 'RESOURCE_EXHAUSTED', [
        violation('GenerateRequestsPerMinutePerProjectPerModel'),
        RETRY_INFO,
      ]),
    }),
    id: '429-delay',
    fault: 'rate',
    way: 'rated',
    rest: 37_000,
  },
  {
    ...refusal(429, 'no word about why or until when', { ...PAGE, code: 'http_429' }),
    id: '429-bare',
    fault: 'rate',
    way: 'rated',
    rest: [50, 1_000],
  },
  {
    ...refusal(403, 'the key may not use this model', {
      openai: openai('model_not_found', 'invalid_request_error'),
      anthropic: anthropic('permission_error'),
      gemini: gemini(403, 'PERMISSION_DENIED'),
    }),
    id: '403-model',
    fault: 'model',
    way: 'twoKeys',
    rest: 600_000,
  },
]

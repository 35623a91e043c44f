import { COMMON } from './common.ts'
import { type FailureTable, joined } from './rule.ts'

/**
 * Reasons of https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto that
 * name the key itself.
 */
const KEY_REASONS = [
  'API_KEY_INVALID',
  'API_KEY_EXPIRED',
  'API_KEY_SERVICE_BLOCKED',
  'API_KEY_HTTP_REFERRER_BLOCKED',
  'API_KEY_IP_ADDRESS_BLOCKED',
  'API_KEY_ANDROID_APP_BLOCKED',
  'API_KEY_IOS_APP_BLOCKED',
  'CONSUMER_INVALID',
  'CONSUMER_SUSPENDED',
  'SERVICE_DISABLED',
]

/**
 * Google's own, which its OpenAI-compatible endpoint gives as well.
 * https://ai.google.dev/gemini-api/docs/troubleshooting, https://google.aip.dev/193
 */
export const GOOGLE: FailureTable = {
  rules: [
    { status: [400, 403], code: KEY_REASONS, fault: 'auth' },
    { status: [400, 429], code: ['BILLING_DISABLED'], fault: 'quota' },
    { status: 429, quotaId: /PerDay/, fault: 'quota' },
    // "User location is not supported for the API use.", which a file that is not ready shares: so
    // that it is tried elsewhere, and charged to nobody.
    { status: 400, code: ['FAILED_PRECONDITION'], fault: 'client', retry: 'target' },
    // "Your API key doesn't have the required permissions."
    { status: 403, code: ['PERMISSION_DENIED'], fault: 'model' },
    { status: 404, code: ['NOT_FOUND'], fault: 'client', retry: 'target' },
  ],
  // https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
  statusOf: {
    INVALID_ARGUMENT: 400,
    FAILED_PRECONDITION: 400,
    OUT_OF_RANGE: 400,
    UNAUTHENTICATED: 401,
    PERMISSION_DENIED: 403,
    NOT_FOUND: 404,
    ABORTED: 409,
    ALREADY_EXISTS: 409,
    RESOURCE_EXHAUSTED: 429,
    CANCELLED: 499,
    INTERNAL: 500,
    UNKNOWN: 500,
    DATA_LOSS: 500,
    UNIMPLEMENTED: 501,
    UNAVAILABLE: 503,
    DEADLINE_EXCEEDED: 504,
  },
}

/** The Gemini API. */
export const GEMINI: FailureTable = joined(GOOGLE, COMMON)

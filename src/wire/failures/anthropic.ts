import { COMMON } from './common.ts'
import { OPENROUTER } from './openrouter.ts'
import { type FailureTable, joined } from './rule.ts'

/**
 * https://docs.claude.com/en/api/errors, https://docs.claude.com/en/api/rate-limits.
 * A credit balance that is too low, and a spend limit that the organization set itself, come as a 400
 * `invalid_request_error` which only its message tells from a bad request; they are relayed as one.
 */
const OWN: FailureTable = {
  rules: [
    {
      status: [400, 499],
      code: ['billing_error', 'enforced_spend_limit_reached'],
      fault: 'quota',
    },
    { status: 403, code: ['authentication_error'], fault: 'auth' },
    // "Your API key does not have permission to use the specified resource."
    { status: 403, code: ['permission_error'], fault: 'model' },
    // "Request not allowed": the edge's word to countries that are not served.
    { status: 403, code: ['forbidden'], fault: 'provider', retry: 'target' },
    { status: 404, code: ['not_found_error'], fault: 'client', retry: 'target' },
  ],
  statusOf: {
    invalid_request_error: 400,
    authentication_error: 401,
    billing_error: 402,
    permission_error: 403,
    not_found_error: 404,
    conflict_error: 409,
    request_too_large: 413,
    rate_limit_error: 429,
    api_error: 500,
    timeout_error: 504,
    overloaded_error: 529,
  },
}

/** The Messages API, of Anthropic and of OpenRouter. */
export const ANTHROPIC: FailureTable = joined(OPENROUTER, OWN, COMMON)

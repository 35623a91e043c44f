import type { FailureTable } from './rule.ts'

/**
 * OpenRouter: `error.code` is a number, and `error_type` (in `error.metadata`; in `error` itself under
 * /messages) says what it stands for. https://openrouter.ai/docs/api-reference/errors,
 * https://openrouter.ai/docs/api-reference/limits
 */
export const OPENROUTER: FailureTable = {
  rules: [
    // Requests under way fill the budget; the balance is positive.
    {
      status: 402,
      member: { at: 'metadata.limit_source', is: ['openrouter_in_flight_budget'] },
      fault: 'rate',
      error: 'upstream_credentials_exhausted',
    },
    // The same, of before `limit_source` was told. A 402 without the header does not pass.
    {
      status: 402,
      code: [402],
      header: 'retry-after',
      fault: 'rate',
      error: 'upstream_credentials_exhausted',
    },
    {
      status: 403,
      member: {
        at: 'metadata.limit_source',
        is: ['openrouter_guardrail_budget', 'openrouter_workspace_budget', 'openrouter_key_limit'],
      },
      fault: 'quota',
    },
    // A guardrail that a prompt ran into speaks so too, under /messages as a `permission_error`: were
    // that a word about the key, a prompt could take models away from it.
    { status: 403, member: { at: 'error_type', is: ['permission_denied'] }, fault: 'client' },
    // "No endpoints found for …", and model ids that there are not.
    { status: 404, code: [404, 'not_found'], fault: 'client', retry: 'target' },
  ],
  statusOf: {
    context_length_exceeded: 400,
    max_tokens_exceeded: 400,
    token_limit_exceeded: 400,
    string_too_long: 400,
    invalid_request: 400,
    invalid_prompt: 400,
    content_policy_violation: 400,
    refusal: 400,
    invalid_image: 400,
    authentication: 401,
    payment_required: 402,
    permission_denied: 403,
    not_found: 404,
    payload_too_large: 413,
    unprocessable: 422,
    rate_limit_exceeded: 429,
    server: 500,
    unmapped: 500,
    provider_unavailable: 502,
    provider_overloaded: 503,
    timeout: 504,
  },
}

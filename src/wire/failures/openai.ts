import { AZURE } from './azure.ts'
import { COMMON } from './common.ts'
import { GOOGLE } from './gemini.ts'
import { OPENROUTER } from './openrouter.ts'
import { type FailureTable, joined } from './rule.ts'

/** Money and quota, by `error.code` (`error.type` alone is not enough: it may still say `insufficient_quota`). */
const QUOTA = [
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
  'billing_not_active',
  'billing_hard_limit_reached',
]

/** xAI's `code` is a sentence, or a word since. */
const XAI_PERMISSION = [
  'The caller does not have permission to execute the specified operation',
  'permission-denied',
]

/** https://platform.openai.com/docs/guides/error-codes, and those who answer in OpenAI's manner. */
const OWN: FailureTable = {
  rules: [
    { status: [400, 499], code: QUOTA, fault: 'quota' },
    { status: 403, code: ['invalid_api_key', 'account_deactivated'], fault: 'auth' },
    {
      status: 403,
      code: ['model_not_found', 'model_not_available', ...XAI_PERMISSION],
      fault: 'model',
    },
    {
      status: 403,
      code: ['unsupported_country_region_territory'],
      fault: 'provider',
      retry: 'target',
    },
    // OpenAI and Groq; Together; vLLM; Ollama.
    {
      status: 404,
      code: ['model_not_found', 'model_not_available', 'NotFoundError', 'not_found_error'],
      fault: 'client',
      retry: 'target',
    },
  ],
  statusOf: {
    invalid_request_error: 400,
    invalid_prompt: 400,
    context_length_exceeded: 400,
    authentication_error: 401,
    invalid_api_key: 401,
    permission_error: 403,
    model_not_found: 404,
    insufficient_quota: 429,
    rate_limit_error: 429,
    rate_limit_exceeded: 429,
    server_error: 500,
    service_unavailable_error: 503,
    server_is_overloaded: 503,
    slow_down: 503,
  },
}

/** Everything that speaks OpenAI's dialect. */
export const OPENAI: FailureTable = joined(AZURE, OPENROUTER, GOOGLE, OWN, COMMON)

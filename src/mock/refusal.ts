import { mask } from '../base/secret.ts'

/** An answer that is an error, as OpenAI words it unless said otherwise. */
export interface Refusal {
  readonly status: number
  /** @param key the credential that was presented; only its mask is shown, as vendors do. */
  readonly body: (key: string, model: string) => unknown
}

/** By behaviour name. Texts and codes: https://platform.openai.com/docs/guides/error-codes */
export const REFUSALS = {
  '400': refusal(400, 'invalid_request_error', null, () => 'Unrecognized request argument: mock'),
  '401': refusal(
    401,
    'invalid_request_error',
    'invalid_api_key',
    key => `Incorrect API key provided: ${mask(key)}. It is revoked, or was never given out.`,
  ),
  /** DeepSeek's: https://api-docs.deepseek.com/quick_start/error_codes */
  '402': refusal(402, 'unknown_error', 'invalid_request_error', () => 'Insufficient Balance'),
  '403': refusal(
    403,
    'invalid_request_error',
    'account_deactivated',
    () => 'The account associated with this API key has been deactivated.',
  ),
  '403-model': refusal(
    403,
    'invalid_request_error',
    'model_not_found',
    (_, model) => `Project \`proj_mock\` does not have access to model \`${model}\`.`,
  ),
  '404': refusal(
    404,
    'invalid_request_error',
    'model_not_found',
    (_, model) => `The model \`${model}\` does not exist or you do not have access to it.`,
  ),
  '429': refusal(
    429,
    'requests',
    'rate_limit_exceeded',
    (_, model) => `Rate limit reached for ${model} on requests per min (RPM): Limit 3, Used 3.`,
  ),
  '429-quota': refusal(
    429,
    'insufficient_quota',
    'insufficient_quota',
    () => 'You exceeded your current quota, please check your plan and billing details.',
  ),
  '500': refusal(
    500,
    'server_error',
    null,
    () => 'The server had an error while processing your request. Sorry about that!',
  ),
  '503': refusal(
    503,
    'server_error',
    'service_unavailable',
    () => 'The engine is currently overloaded, please try again later.',
  ),
  /** Anthropic's: https://docs.anthropic.com/en/api/errors */
  '529': {
    status: 529,
    body: () => ({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  },
} as const satisfies Record<string, Refusal>

/** The error that a stream carries as an event, and that some vendors put into a 200. */
export const STREAM_ERROR = {
  message: 'The server had an error while processing your request. Sorry about that!',
  type: 'server_error',
  param: null,
  code: null,
}

function refusal(
  status: number,
  type: string,
  code: string | null,
  message: (key: string, model: string) => string,
): Refusal {
  return {
    status,
    body: (key, model) => ({ error: { message: message(key, model), type, param: null, code } }),
  }
}

const REQUESTS = 10_000
const TOKENS = 2_000_000

/**
 * Rate-limit headers, names and values in turn.
 * https://platform.openai.com/docs/guides/rate-limits
 * @param retryAfter milliseconds; 0: nothing is said of it
 */
export function rateLimits(sequence: number, limited: boolean, retryAfter: number): string[] {
  const used = sequence % REQUESTS
  const headers = [
    'x-ratelimit-limit-requests',
    String(REQUESTS),
    'x-ratelimit-limit-tokens',
    String(TOKENS),
    'x-ratelimit-remaining-requests',
    limited ? '0' : String(REQUESTS - 1 - used),
    'x-ratelimit-remaining-tokens',
    String(TOKENS - used * 10),
    'x-ratelimit-reset-requests',
    limited && retryAfter > 0 ? `${retryAfter}ms` : '6ms',
    'x-ratelimit-reset-tokens',
    '0s',
  ]
  if (retryAfter > 0) {
    headers.push('retry-after', String(Math.ceil(retryAfter / 1_000)))
    headers.push('retry-after-ms', String(retryAfter))
  }
  return headers
}

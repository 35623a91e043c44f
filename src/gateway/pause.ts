import type { Outcome } from '../model/outcome.ts'

/** A provider that asks for more patience than this is not waited for. */
const LONGEST_MS = 2_000
/** After a conflict (409), whose cause may pass. */
const CONFLICT_MS = 500
const BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 1_000

/**
 * Milliseconds to wait before the same provider is asked once more: what it asked for, else some
 * 100 ms and twice as many each time, with full jitter, so that retries do not come in waves.
 * Null: it asked for more time than a client should be kept waiting.
 * @param failed attempts of this exchange that ended in a transient fault
 */
export function pauseBefore({ retryAfter, retry }: Outcome, failed: number): number | null {
  if (retryAfter !== null) return retryAfter > LONGEST_MS ? null : retryAfter
  if (retry === 'same') return CONFLICT_MS
  return Math.random() * Math.min(BACKOFF_MS * 2 ** (failed - 1), LONGEST_BACKOFF_MS)
}

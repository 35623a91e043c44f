import type { StoredExchange, StoredFailure } from '../../model/record.ts'

/**
 * One attempt of an exchange as `logs show --json` prints it under `tries`, all of them in order.
 * `status` is the upstream's, null where it gave none. `outcome` is `ok` or the fault. What is not
 * kept any more is null, and so is the `ms` of a first attempt that worked: when it began, after the
 * request's body, is not written down.
 */
export interface TryShape {
  readonly attempt: number
  readonly provider: string | null
  readonly key: string | null
  readonly status: number | null
  readonly outcome: string | null
  readonly code: string | null
  readonly ms: number | null
}

/** Only failed attempts are written down; the last one, where it is none of them, is what worked. */
export function tryShapes(
  exchange: StoredExchange,
  failures: readonly StoredFailure[],
): TryShape[] {
  return Array.from({ length: exchange.attempts }, (_, index) => {
    const attempt = index + 1
    const failure = failures.find(one => one.attempt === attempt)
    if (failure) return failedTry(failure)
    if (attempt < exchange.attempts) return { attempt, provider: null, key: null, ...UNKNOWN }
    const { provider, keyId: key, status, outcome } = exchange
    if (outcome !== 'ok') return { attempt, provider, key, ...UNKNOWN }
    const ms = msSince(exchange, failures.at(-1))
    return { attempt, provider, key, status, outcome, code: null, ms }
  })
}

const UNKNOWN = { status: null, outcome: null, code: null, ms: null }

function failedTry({ attempt, provider, keyId, status, fault, code, ms }: StoredFailure): TryShape {
  return { attempt, provider, key: keyId, status, outcome: fault, code, ms }
}

/** From the end of the attempt before, which the last one follows at once, to the end of the exchange. */
function msSince(exchange: StoredExchange, before: StoredFailure | undefined): number | null {
  if (before?.attempt !== exchange.attempts - 1) return null
  const ms = exchange.time + exchange.ms - (before.time + before.ms)
  return ms >= 0 ? ms : null
}

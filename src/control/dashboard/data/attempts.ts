import type { ExchangeShape, FailureShape } from './shapes.ts'

/** One try at one key, as far as it was written down. */
export interface Attempt {
  readonly attempt: number
  readonly provider: string | null
  readonly key: string | null
  /** The upstream's; null where it gave none. */
  readonly status: number | null
  /** `ok` or the fault; null where it is not known. */
  readonly outcome: string | null
  readonly code: string | null
  readonly ms: number | null
  readonly excerpt: string
}

/** Every attempt of an exchange in order: failures are written down, and the last one may be what worked. */
export function attemptsOf(
  exchange: ExchangeShape,
  failures: readonly FailureShape[],
): readonly Attempt[] {
  return Array.from({ length: exchange.attempts }, (_, index) => {
    const attempt = index + 1
    const failure = failures.find(one => one.attempt === attempt)
    if (failure) return failed(failure)
    if (attempt < exchange.attempts) return { ...UNKNOWN, attempt }
    const { provider, key, status, outcome } = exchange
    const last = { ...UNKNOWN, attempt, provider, key }
    return outcome === 'ok' ? { ...last, status, outcome } : last
  })
}

const UNKNOWN = {
  provider: null,
  key: null,
  status: null,
  outcome: null,
  code: null,
  ms: null,
  excerpt: '',
}

function failed(failure: FailureShape): Attempt {
  const { attempt, provider, key, status, fault, code, ms, excerpt } = failure
  return { attempt, provider, key, status, outcome: fault, code, ms, excerpt }
}

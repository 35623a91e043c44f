import { BalanceError } from '../base/errors.ts'
import { formatSize } from '../model/units.ts'
import type { Exchange } from './exchange.ts'

/** Lets a client that asked first (`Expect: 100-continue`) send its body. */
export function proceed(exchange: Exchange): void {
  if (!exchange.expects) return
  exchange.expects = false
  exchange.response.writeContinue()
}

export function tooLarge(most: number, setting: string, hint?: string): BalanceError {
  return new BalanceError(
    'request_too_large',
    `The body is larger than ${formatSize(most)} (${setting}).`,
    hint === undefined ? {} : { hint },
  )
}

export function overBudget(): BalanceError {
  return new BalanceError('overloaded', 'Too many large bodies are being held (body_budget).', {
    retryAfter: 1_000,
  })
}

export function left(): BalanceError {
  return new BalanceError('client_closed', 'The client left while its body was being read.')
}

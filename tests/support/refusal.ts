import { BalanceError } from '../../src/base/errors.ts'

/** The BalanceError that a call throws; anything else it throws, or nothing, fails the test. */
export function refusal(call: () => unknown): BalanceError {
  try {
    call()
  } catch (error) {
    if (error instanceof BalanceError) return error
    throw error
  }
  throw new Error('it was accepted')
}

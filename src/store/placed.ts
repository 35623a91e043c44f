import { BalanceError, type ErrorCode } from '../base/errors.ts'

/** A refusal of what was read there, beginning with the place; other errors as they are. */
export function placed(error: unknown, place: string | undefined): unknown {
  if (place === undefined || !(error instanceof BalanceError)) return error
  const { code, message, hint } = error
  if (!REFUSALS.has(code)) return error
  return new BalanceError(code, `${place}: ${message}`, hint === null ? {} : { hint })
}

const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'config_invalid',
  'invalid_value',
  'name_taken',
  'no_such',
])

import { BalanceError } from '../base/errors.ts'

/**
 * The value of a JSON column; other hands than ours may have written there.
 * @param row as an operator knows it
 * @throws BalanceError config_invalid, naming the row
 */
export function readJson<T>(text: string, row: string): T {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BalanceError('config_invalid', `${row}: what the store has of it is no JSON.`, {
      cause,
    })
  }
}

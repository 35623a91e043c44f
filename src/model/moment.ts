import { BalanceError } from '../base/errors.ts'
import { parseDuration, parseTime } from './units.ts'

/** `90s`, `2h`, `7d` (so long before `wall`) or an ISO 8601 time → wall milliseconds. */
export function parsePast(text: string, wall: number): number {
  return isDuration(text) ? wall - parseDuration(text) : parseTime(text)
}

/** `30d` (so long after `wall`) or an ISO 8601 time → wall milliseconds. */
export function parseFuture(text: string, wall: number): number {
  const moment = isDuration(text) ? wall + parseDuration(text) : parseTime(text)
  if (moment > wall) return moment
  throw new BalanceError('invalid_value', `"${text}" is in the past.`)
}

function isDuration(text: string): boolean {
  return /^[\d.]+[a-z]/i.test(text.trim())
}

import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import { formatSetting, parseSetting } from '../model/settings.ts'

/** Longest key value, in characters. */
export const LONGEST_KEY = 4_096

/** What is wrong with a clear key value, as the rest of a sentence; null for a good one. */
export function keyValueFault(secret: Secret): string | null {
  const value = secret.reveal()
  if (value === '') return 'is empty'
  if (value.length > LONGEST_KEY) return `is longer than ${LONGEST_KEY} characters`
  if (/\s/.test(value)) return 'holds white space'
  if (!/^[\x21-\x7e]+$/.test(value)) return 'holds characters that no HTTP header can carry'
  return null
}

interface Limits {
  readonly weight?: number
  readonly tier?: number
  readonly rpm?: number | null
  readonly concurrency?: number | null
}

/** @throws BalanceError invalid_value */
export function checkLimits(limits: Limits): void {
  checkWhole('weight', limits.weight, 1_000)
  checkWhole('tier', limits.tier, 100)
  checkWhole('rpm', limits.rpm ?? undefined, 1_000_000)
  checkWhole('concurrency', limits.concurrency ?? undefined, 1_000_000)
}

/**
 * A name people give to a key or a token: 1-64 characters that can be shown on one line.
 * @throws BalanceError invalid_value; the name is not repeated, for in a file whose columns are
 *   out of place it may be a key
 */
export function checkLabel(what: string, label: string): void {
  const characters = [...label].length
  if (characters >= 1 && characters <= 64 && label.trim() === label && printable(label) === label) {
    return
  }
  throw new BalanceError('invalid_value', `This cannot be a ${what}.`, {
    hint: 'It takes 1 to 64 visible characters, without space at its ends.',
  })
}

/**
 * What a key is dialled through, as it is kept.
 * @throws BalanceError invalid_value
 */
export function proxyWords(given: string | null): string | null {
  return given === null ? null : formatSetting('proxy', parseSetting('proxy', given))
}

/** @param kept as {@link proxyWords} gives them */
export function wordsIn(kept: string | null | undefined): readonly string[] {
  return kept?.split(',') ?? []
}

function checkWhole(name: string, value: number | undefined, most: number): void {
  if (value === undefined) return
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return
  throw new BalanceError('invalid_value', `${name}: must be a whole number from 1 to ${most}.`)
}

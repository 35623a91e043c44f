import { BalanceError } from '../base/errors.ts'

/** An option's parser for a whole number within bounds, both inclusive. */
export function whole(option: string, least: number, most: number): (text: string) => number {
  return text => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new BalanceError(
      'invalid_value',
      `${option} takes a whole number from ${least} to ${most}, not "${text}".`,
    )
  }
}

/** The same where `none` takes a limit away. */
export function limit(option: string, most = 1_000_000): (text: string) => number | null {
  const parse = whole(option, 1, most)
  return text => (text === 'none' ? null : parse(text))
}

/** `a,b , c` → its parts. */
export function list(option: string): (text: string) => string[] {
  return text => {
    const parts = text.split(',').map(part => part.trim())
    if (parts.every(part => part !== '')) return parts
    throw new BalanceError('invalid_value', `${option} takes names with commas between them.`)
  }
}

/** Gathers an option that may be given several times. */
export function gather(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

/** One of some words. */
export function oneOf<T extends string>(option: string, words: readonly T[]): (text: string) => T {
  return text => {
    const word = words.find(known => known === text)
    if (word) return word
    throw new BalanceError('invalid_value', `${option} takes ${words.join(', ')}, not "${text}".`)
  }
}

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

/** No limit: what an option's parser gives for null, of which commander would make an empty text. */
const UNLIMITED = Symbol('unlimited')

/** Options as actions get them, with null where a limit is taken away. */
export function withNulls(options: object): object {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, value === UNLIMITED ? null : value]),
  )
}

/** The same where `none` takes a limit away. */
export function limit(option: string): (text: string) => number | typeof UNLIMITED {
  const parse = whole(option, 1, 1_000_000)
  return text => (text === 'none' ? UNLIMITED : parse(text))
}

/** `a,b , c` → its parts; `all` takes the limit away. */
export function listOrAll(option: string): (text: string) => string[] | typeof UNLIMITED {
  return text => {
    if (text === 'all') return UNLIMITED
    const parts = text.split(',').map(part => part.trim())
    if (parts.every(part => part !== '')) return parts
    throw new BalanceError('invalid_value', `${option} takes names with commas between them.`)
  }
}

/** A text as it is; `word` gives back what was said before. */
export function orNull(word: string): (text: string) => string | typeof UNLIMITED {
  return text => (text === word ? UNLIMITED : text)
}

/** Gathers an option that may be given several times. */
export function gather(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

/** What parsers of {@link oneOf} take, for completion. */
const TAKEN = new WeakMap<object, readonly string[]>()

/** One of some words. */
export function oneOf<T extends string>(option: string, words: readonly T[]): (text: string) => T {
  const parse = (text: string) => {
    const word = words.find(known => known === text)
    if (word) return word
    throw new BalanceError('invalid_value', `${option} takes ${words.join(', ')}, not "${text}".`)
  }
  TAKEN.set(parse, words)
  return parse
}

/** The words that a parser takes; none where it takes others too. */
export function wordsOf(parser: object): readonly string[] {
  return TAKEN.get(parser) ?? []
}

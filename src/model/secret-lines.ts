import { BalanceError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'

/** Longest credential taken, in characters: service account tokens reach a few thousand. */
const LONGEST_SECRET = 8_192

/**
 * Secrets written one a line: blank lines and `#` comments are skipped, surrounding blanks and one
 * pair of quotes are taken off.
 * @param source how the input is called in messages: `stdin`, a file's path
 * @throws BalanceError invalid_value naming the first bad line by its number, never by its text;
 *   usage when there is no secret at all
 */
export function parseSecretLines(text: string, source: string): Secret[] {
  return secretLines(text, source).map(({ line, value }) => {
    const fault = secretFault(value)
    if (fault === null) return new Secret(value)
    throw new BalanceError('invalid_value', `Line ${line} of ${source} ${fault}.`, {
      hint: 'Write one a line and nothing else. Nothing was changed.',
    })
  })
}

/** The same without looking at what each is; `line` counts from 1. */
export function secretLines(text: string, source: string): SecretLine[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ line: index + 1, value: unquoted(line.trim()) }))
    .filter(({ value }) => value !== '' && !value.startsWith('#'))
  if (lines.length > 0) return lines
  throw new BalanceError('usage', `There is no secret in ${source}.`, {
    hint: 'Write one a line; blank lines and lines that start with # are skipped.',
  })
}

export interface SecretLine {
  readonly line: number
  readonly value: string
}

function unquoted(text: string): string {
  const [first] = text
  const quoted = text.length >= 2 && (first === '"' || first === "'") && text.endsWith(first)
  return quoted ? text.slice(1, -1).trim() : text
}

/** What keeps a value from being sent in a header as it is, as the rest of a sentence; null: nothing. */
export function secretFault(value: string): string | null {
  if (/\s/.test(value)) return 'has a blank inside'
  if (!/^[\x21-\x7e]+$/.test(value)) return 'has a character that no key has'
  if (value.length > LONGEST_SECRET) return 'is longer than any key'
  return null
}

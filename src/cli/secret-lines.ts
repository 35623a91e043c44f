import { readFile } from 'node:fs/promises'
import { BalanceError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'

/** Far more than any list of keys; what is longer is the wrong file. */
const LARGEST_INPUT = 16 * 1_048_576
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
    const fault = faultOf(value)
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

interface SecretLine {
  readonly line: number
  readonly value: string
}

/** The text of a file that holds secrets. */
export async function readSecretFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    throw new BalanceError('usage', `The file ${path} cannot be read (${reason}).`, {
      cause: error,
      hint: 'Check the path and its permissions.',
    })
  }
}

/** The text on stdin, read to its end. */
export async function readSecretInput(): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer)
    bytes += (chunk as Buffer).length
    if (bytes > LARGEST_INPUT) {
      throw new BalanceError('usage', 'More than 16 MiB came on stdin: that is no list of keys.')
    }
  }
  return Buffer.concat(chunks).toString('utf8')
}

function unquoted(text: string): string {
  const [first] = text
  const quoted = text.length >= 2 && (first === '"' || first === "'") && text.endsWith(first)
  return quoted ? text.slice(1, -1).trim() : text
}

/** What keeps a value from being sent in a header as it is. */
function faultOf(value: string): string | null {
  if (/\s/.test(value)) return 'has a blank inside'
  if (!/^[\x21-\x7e]+$/.test(value)) return 'has a character that no key has'
  if (value.length > LONGEST_SECRET) return 'is longer than any key'
  return null
}

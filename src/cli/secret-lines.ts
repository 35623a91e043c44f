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
  const secrets: Secret[] = []
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const value = unquoted(line.trim())
    if (value === '' || value.startsWith('#')) continue
    const fault = faultOf(value)
    if (fault) {
      throw new BalanceError('invalid_value', `Line ${index + 1} of ${source} ${fault}.`, {
        hint: 'Write one a line and nothing else. Nothing was changed.',
      })
    }
    secrets.push(new Secret(value))
  }
  if (secrets.length > 0) return secrets
  throw new BalanceError('usage', `There is no secret in ${source}.`, {
    hint: 'Write one a line; blank lines and lines that start with # are skipped.',
  })
}

/** The secrets in a file, one a line. */
export async function readSecretFile(path: string): Promise<Secret[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    throw new BalanceError('usage', `The file ${path} cannot be read (${reason}).`, {
      cause: error,
      hint: 'Check the path and its permissions.',
    })
  }
  return parseSecretLines(text, path)
}

/** The secrets on stdin, one a line, read to its end. */
export async function readSecretInput(): Promise<Secret[]> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer)
    bytes += (chunk as Buffer).length
    if (bytes > LARGEST_INPUT) {
      throw new BalanceError('usage', 'More than 16 MiB came on stdin: that is no list of keys.')
    }
  }
  return parseSecretLines(Buffer.concat(chunks).toString('utf8'), 'stdin')
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

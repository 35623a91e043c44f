import { readFile } from 'node:fs/promises'
import { BalanceError } from '../base/errors.ts'

/** Far more than any list of keys; what is longer is the wrong file. */
const LARGEST_INPUT = 16 * 1_048_576

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

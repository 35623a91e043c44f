import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { parseSecretLines } from '../model/secret-lines.ts'
import { askSecrets, canAsk } from './prompts.ts'
import { readSecretFile, readSecretInput } from './secret-lines.ts'

/**
 * Secrets from where they may come: a file, a hidden prompt on a terminal, else stdin.
 * @param name what is asked for, in the prompt's words
 */
export async function readSecrets(from: string | undefined, name: string): Promise<Secret[]> {
  if (from !== undefined) return parseSecretLines(await readSecretFile(from), from)
  return canAsk() ? askSecrets(name, Number.POSITIVE_INFINITY) : readPipedSecrets()
}

/** The same where exactly one is wanted. */
export async function readSecret(name: string): Promise<Secret> {
  const [value, ...more] = await (canAsk() ? askSecrets(name, 1) : readPipedSecrets())
  if (value && more.length === 0) return value
  throw new BalanceError('usage', `Exactly one ${name} is wanted; ${more.length + 1} came.`)
}

async function readPipedSecrets(): Promise<Secret[]> {
  return parseSecretLines(await readSecretInput(), 'stdin')
}

/** Refuses secrets on the command line, without showing them again. */
export function refuseArguments(operands: readonly string[], wanted: number): void {
  if (operands.length <= wanted) return
  throw new BalanceError(
    'usage',
    'A secret is never taken as an argument: other users of this host could read it.',
    {
      hint: 'Pipe it in (balance keys add PROVIDER < keys.txt) or type it when asked. What was just typed is in your shell history: remove it there.',
    },
  )
}

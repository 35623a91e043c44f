import type { ZodType } from 'zod'
import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'

/**
 * What was given to an operation, or to another thing that is asked for by name, as its schema has it.
 * @throws BalanceError invalid_value, naming the field that is wrong and never its value
 */
export function parseInput<In>(name: string, schema: ZodType<In>, given: unknown): In {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
  const what = (issue?.message ?? 'Invalid input').replace(/\.$/, '')
  throw new BalanceError('invalid_value', printable(`${name}: ${where}${what}.`, 300), {
    hint: 'Whoever asks so may be of another version than the daemon.',
  })
}

import { CommanderError } from 'commander'
import { asBalanceError, BalanceError } from '../base/errors.ts'
import { Output } from './output.ts'
import { createProgram } from './program.ts'
import { isLeftPrompt } from './prompts.ts'

/**
 * Runs one command line.
 * @param args what follows `balance`
 * @returns the exit code; see CATALOGUE in base/errors.ts. 130 when a prompt was left with Ctrl-C.
 */
export async function main(args: readonly string[]): Promise<number> {
  endQuietlyWithReader()
  let output = new Output({
    json: args.includes('--json'),
    color: !args.includes('--no-color'),
  })
  const { program, path } = createProgram(flags => {
    output = new Output({ json: flags.json === true, color: flags.color })
    return output
  })
  try {
    await program.parseAsync(helpLast(args), { from: 'user' })
    return 0
  } catch (error) {
    if (isHelp(error)) return error.exitCode === 0 ? 0 : 2
    if (isLeftPrompt(error)) return 130
    const shown = error instanceof CommanderError ? usageError(error, path()) : operatorError(error)
    output.fail(shown)
    return shown.exit
  }
}

/** `balance logs list | head`: the reader left, so there is nothing more to do, and nothing wrong. */
function endQuietlyWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

/** `help keys` as `keys --help`: a group's subcommands are known only once it is parsed. */
function helpLast(args: readonly string[]): readonly string[] {
  return args[0] === 'help' ? [...args.slice(1), '--help'] : args
}

function isHelp(error: unknown): error is CommanderError {
  return (
    error instanceof CommanderError && /^commander\.(help|helpDisplayed|version)$/.test(error.code)
  )
}

/** commander's message as one of ours; what follows `=` in an unknown option may be a secret. */
function usageError(error: CommanderError, path: string): BalanceError {
  const [first = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  const message = first.replace(/'(--?[\w-]+)=.*'/s, "'$1'")
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? `See ${path} --help.`
  return new BalanceError('usage', sentence(message), { hint })
}

/** Operators are told what a defect was: it is their own machine. */
function operatorError(error: unknown): BalanceError {
  const known = asBalanceError(error)
  if (known.code !== 'internal_error') return known
  const reason = known.cause instanceof Error ? known.cause.message : String(known.cause)
  return new BalanceError('internal_error', `This is a defect of balance: ${reason}`, {
    hint: 'Please report it with the command that was typed.',
  })
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`
}

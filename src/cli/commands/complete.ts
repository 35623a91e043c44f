import type { Command } from 'commander'
import { loadConfig } from '../../model/config.ts'
import { complete } from '../completion.ts'
import { COMPLETED_SHELLS } from '../completion-scripts.ts'
import type { Suggestions, Words } from '../completion-values.ts'
import { oneOf } from '../option-values.ts'
import { createProgram, type Run } from '../program.ts'
import { bootstrapFlags, type GlobalFlags, type Session } from '../session.ts'

/** Asked by the scripts of `completion` at each press of Tab; hidden, for nobody types it. */
export function define(command: Command, run: Run): void {
  command
    .option('--shell <name>', COMPLETED_SHELLS.join(', '), oneOf('--shell', COMPLETED_SHELLS))
    .argument('[word...]', 'what follows balance; the last one is being typed')
    .addHelpText('after', '\nExample:\n  $ balance complete -- keys li')
    .action(run(print))
}

async function print(
  { out }: Session,
  given: readonly string[],
  { shell }: { readonly shell?: string },
): Promise<void> {
  const words = shell === 'bash' ? joined(given) : given
  const found = await suggestions(words)
  const cut = shell === 'bash' ? words.at(-1)?.match(/^.*[=:]/s)?.[0].length : 0
  if (found.files) out.line(':files')
  for (const { value, about } of found.candidates) out.line(`${value.slice(cut)}\t${about}`)
}

/** bash takes `a:b` and `--a=b` for three words, and wants the last of them alone for an answer. */
function joined(given: readonly string[]): readonly string[] {
  const words: string[] = []
  for (const [index, word] of given.entries()) {
    const glued = /^[=:]+$/.test(word) || /^[=:]+$/.test(given[index - 1] ?? '')
    if (glued && words.length > 0) words.push(`${words.pop()}${word}`)
    else words.push(word)
  }
  return words
}

async function suggestions(words: readonly string[]): Promise<Suggestions> {
  const { program, load } = createProgram(() => {
    throw new Error('Nothing is run.')
  })
  try {
    const { operands } = program.parseOptions([...words.slice(0, -1)])
    await load(operands[0] ?? '')
  } catch {
    // An option that still waits for its value: it is what is asked for.
  }
  return complete(program, words, namesOf(program.opts<GlobalFlags>()))
}

/** Of the store that the line itself names, or the one in force. */
function namesOf(flags: GlobalFlags): Words {
  return async () => {
    const { readNames } = await import('../../store/names.ts')
    try {
      return await readNames(loadConfig({ flags: bootstrapFlags(flags) }).store)
    } catch {
      return null
    }
  }
}

import { type AddHelpTextContext, Command, Help } from 'commander'

/** A text that ends with these lines: `Example:` or `Examples:`, then each after `  $ `. */
const EXAMPLES = /^Examples?:\n((?: {2}.*\n)* {2}.*)$/m

/**
 * A command whose help shows its examples before its options, as people read it. They are written
 * where commander has them, at the end of the text that follows the options.
 */
export class HelpfulCommand extends Command {
  /** As they are typed, without the prompt. */
  readonly examples: string[] = []
  /** What follows the options. */
  notes = ''

  override createCommand(name?: string): HelpfulCommand {
    return new HelpfulCommand(name)
  }

  override createHelp(): Help {
    return Object.assign(new ExamplesFirst(), this.configureHelp())
  }

  override addHelpText(
    position: 'beforeAll' | 'before' | 'after' | 'afterAll',
    text: string | ((context: AddHelpTextContext) => string),
  ): this {
    if (position !== 'after' || typeof text !== 'string') throw new Error('Help has no such place.')
    const [whole = '', lines = ''] = EXAMPLES.exec(text) ?? []
    this.examples.push(...exampleLines(lines))
    const notes = text.replace(whole, '').trim()
    if (notes === '') return this
    this.notes = notes
    return super.addHelpText(position, `\n${notes}`)
  }
}

function exampleLines(text: string): string[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.replace(/^ {2}(\$ )?/, ''))
}

/** Every command of a program that runs, not one that only holds others. */
export function leavesOf(command: HelpfulCommand): HelpfulCommand[] {
  const inner = command.commands as readonly HelpfulCommand[]
  return inner.length === 0 ? [command] : inner.flatMap(leavesOf)
}

class ExamplesFirst extends Help {
  /** Usage and description, then the examples, then what commander puts there. */
  override formatHelp(command: HelpfulCommand, helper: Help): string {
    const [usage, description, ...others] = super.formatHelp(command, helper).split('\n\n')
    const examples = shownExamples(command)
    if (examples.length === 0) return [usage, description, ...others].join('\n\n')
    const title = helper.styleTitle(examples.length === 1 ? 'Example:' : 'Examples:')
    const block = [title, ...examples.map(line => `  $ ${line}`)].join('\n')
    return [usage, description, block, ...others].join('\n\n')
  }
}

/** Of a group the first of each of its commands. */
function shownExamples(command: HelpfulCommand): string[] {
  if (command.examples.length > 0) return command.examples
  const inner = command.commands as readonly HelpfulCommand[]
  return inner.flatMap(({ examples }) => examples.slice(0, 1))
}

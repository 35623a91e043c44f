import type { Command } from 'commander'
import { beforeAll, describe, expect, it } from 'vitest'
import { type HelpfulCommand, leavesOf } from '../../src/cli/help.ts'
import { wholeProgram } from '../../src/cli/program.ts'
import { CommandLine } from '../support/command-line.ts'
import { faultOf } from './typed-command.ts'

let program: HelpfulCommand
const leaves = () => leavesOf(program)

beforeAll(async () => {
  program = await wholeProgram()
})

describe('every command', () => {
  it('has a description and an example', () => {
    const bare = leaves().filter(leaf => leaf.description() === '' || leaf.examples.length === 0)
    expect(leaves().length).toBeGreaterThan(40)
    expect(bare.map(pathOf)).toEqual([])
  })

  it('has an example that is about itself', () => {
    const strange = leaves().filter(
      leaf => !leaf.examples.some(line => line.includes(pathOf(leaf))),
    )
    expect(strange.map(pathOf)).toEqual([])
  })

  it('has examples that can be typed', () => {
    const lines = [program, ...leaves()].flatMap(({ examples }) => examples)
    expect(lines.flatMap(line => faultOf(program, line))).toEqual([])
  })

  it('shows usage, what it does, and examples, before arguments and options', () => {
    for (const command of all(program)) {
      const help = command.helpInformation()
      const [usage, description, examples] = help.split('\n\n')
      expect(usage).toMatch(/^Usage: balance/)
      expect(description?.replaceAll('\n', ' ')).toBe(command.description())
      expect(examples, pathOf(command)).toMatch(/^Examples?:\n {2}\$ /)
      expect(help.match(/^Examples?:$/gm), pathOf(command)).toHaveLength(1)
    }
  })
})

describe('an example that cannot be typed', () => {
  it.each([
    ['balance keyz list', 'no command keyz'],
    ['balance keys lst', 'no command lst'],
    ['balance keys list --all-of-it', 'no option --all-of-it'],
    ['balance keys show', 'too few arguments'],
    ['balance keys list a b', 'too many arguments'],
    ['balance config export --origin nobody', 'nobody'],
    ['balance keys set a --weight 0', '--weight'],
    ['cat keys.txt | balance keys ad openai', 'no command ad'],
    ['eval "$(balance env --clint openai)"', 'no option --clint'],
    ['cat keys.txt', 'no balance in it'],
  ])('is found: %s', (line, fault) => {
    expect(faultOf(program, line).join('\n')).toContain(fault)
  })
})

describe('--help, as it is typed', () => {
  it('has the examples before the options, and the notes behind', async () => {
    const cli = new CommandLine()
    try {
      const { code, stdout } = await cli.run(['keys', 'add', '--help'])
      expect(code).toBe(0)
      const order = [
        'Usage:',
        'add keys, read',
        'Examples:',
        'Arguments:',
        'Options:',
        'Secrets are',
      ]
      const places = order.map(words => stdout.indexOf(words))
      expect(places).toEqual([...places].sort((one, other) => one - other))
      expect(places).not.toContain(-1)
    } finally {
      cli.remove()
    }
  })
})

function all(command: HelpfulCommand): HelpfulCommand[] {
  return [command, ...(command.commands as HelpfulCommand[]).flatMap(all)]
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}

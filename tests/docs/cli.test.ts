import { beforeAll, describe, expect, it } from 'vitest'
import { type HelpfulCommand, leavesOf } from '../../src/cli/help.ts'
import { wholeProgram } from '../../src/cli/program.ts'
import { cliReference, pathOf } from './cli-reference.ts'
import { Generated } from './generated.ts'

const document = new Generated('cli.md')

let program: HelpfulCommand

beforeAll(async () => {
  program = await wholeProgram()
})

describe('docs/cli.md', () => {
  it('has the program as it is', () => {
    const reference = cliReference(program)
    expect(document.part('commands', reference), 'npm run report:docs').toBe(reference)
  })

  it('has every command that runs, but those nobody types', () => {
    const names = leavesOf(program).map(pathOf)
    const missing = names.filter(name => !new RegExp(`^##+ ${name}$`, 'm').test(document.text))
    expect(missing).toEqual(['balance complete'])
  })
})

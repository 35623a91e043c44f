import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { type HelpfulCommand, leavesOf } from '../../src/cli/help.ts'
import { wholeProgram } from '../../src/cli/program.ts'
import { cliReference } from './cli-reference.ts'

const FILE = new URL('../../docs/cli.md', import.meta.url)
const BEGIN = '<!-- commands -->\n'
const END = '\n<!-- /commands -->'

let program: HelpfulCommand

beforeAll(async () => {
  program = await wholeProgram()
})

describe('docs/cli.md', () => {
  it('has the program as it is', () => {
    const reference = cliReference(program)
    const document = readFileSync(FILE, 'utf8')
    const [before, rest = ''] = document.split(BEGIN)
    const [kept, after = ''] = rest.split(END)
    if (process.env.BALANCE_REPORT === undefined) {
      expect(kept, 'npm run report:cli').toBe(reference)
      return
    }
    const end = rest.includes(END) ? after : '\n'
    writeFileSync(FILE, [before, BEGIN, reference, END, end].join(''))
  })

  it('has every command that runs, but those nobody types', () => {
    const document = readFileSync(FILE, 'utf8')
    const names = leavesOf(program).map(leaf => {
      const parent = leaf.parent === program ? '' : `${leaf.parent?.name()} `
      return `balance ${parent}${leaf.name()}`
    })
    const missing = names.filter(name => !new RegExp(`^##+ ${name}$`, 'm').test(document))
    expect(missing).toEqual(['balance complete'])
  })
})

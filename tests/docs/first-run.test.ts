import { beforeAll, describe, expect, it } from 'vitest'
import type { HelpfulCommand } from '../../src/cli/help.ts'
import { wholeProgram } from '../../src/cli/program.ts'
import { commandsIn, faultOf } from '../cli/typed-command.ts'
import { codeBlocks, headings, prose, read } from './markdown.ts'

const document = read('docs/first-run.md')
const typed = [...document.matchAll(/^\$ (.*)$/gm)].map(([, line = '']) => line)

let program: HelpfulCommand

beforeAll(async () => {
  program = await wholeProgram()
})

describe('docs/first-run.md', () => {
  it('shows no token and no key', () => {
    expect(document).toContain('bal_…')
    expect(document).not.toMatch(/bal_[\w-]{8}|sk-[\w-]{8}/)
  })

  it('says how long each step took', () => {
    const times = prose(document).match(/^\d+\.\d s$/gm) ?? []
    expect(times.length).toBe(codeBlocks(document, 'console').length)
    expect(headings(document).length).toBeGreaterThan(8)
  })

  it('follows README: its commands are there, and can still be typed', () => {
    const readme = codeBlocks(read('README.md')).join('')
    const lines = typed.filter(line => commandsIn(line).length > 0)
    expect(lines.length).toBeGreaterThan(8)
    for (const line of lines) {
      expect(faultOf(program, line)).toEqual([])
      expect(readme).toContain(readme.includes(line) ? line : line.replace(/^npx /, ''))
    }
  })

  it('shows every command of "Use it"', () => {
    const [, use = ''] = read('README.md').split('## Use it')
    const blocks = codeBlocks(use.split('### Commands')[0] ?? '').join('')
    const wanted = blocks.split('\n').filter(line => line.startsWith('balance '))
    const shown = wanted.map(line => `npx ${line.replace(/ +#.*/, '')}`)
    expect(shown.filter(line => !typed.includes(line))).toEqual([])
  })
})

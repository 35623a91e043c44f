import { existsSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { HelpfulCommand } from '../../src/cli/help.ts'
import { wholeProgram } from '../../src/cli/program.ts'
import { commandsIn, faultOf } from '../cli/typed-command.ts'
import { anchor, codeBlocks, DOCUMENTS, headings, links, read } from './markdown.ts'

let program: HelpfulCommand

beforeAll(async () => {
  program = await wholeProgram()
})

describe.each(DOCUMENTS)('%s', document => {
  it('has only commands that can be typed', () => {
    const lines = codeBlocks(read(document)).flatMap(block => block.split('\n'))
    const typed = lines.filter(line => commandsIn(line).length > 0)
    expect(typed.flatMap(line => faultOf(program, line))).toEqual([])
  })

  it('leads to what is there', () => {
    expect(links(read(document)).filter(target => !leadsSomewhere(document, target))).toEqual([])
  })

  it('is linked from a README', () => {
    if (document === 'README.md') return
    expect(links(read('README.md'))).toContain(document)
  })
})

describe('README in Chinese', () => {
  const [english, chinese] = [read('README.md'), read('README.zh-CN.md')]

  it('has the same code, but for its remarks', () => {
    const code = (text: string) => codeBlocks(text).map(block => block.replace(/ +# .*$/gm, ''))
    expect(code(chinese)).toEqual(code(english))
    expect(code(english).length).toBeGreaterThan(10)
  })

  it('has the same headings, in number and level', () => {
    const levels = (text: string) => headings(text).map(({ level }) => level)
    expect(levels(chinese)).toEqual(levels(english))
  })

  it('has the same tables: rows, and what stands in their first cells in backticks', () => {
    const rows = (text: string) => (text.match(/^\|.*\|$/gm) ?? []).map(row => firstCode(row))
    expect(rows(chinese)).toEqual(rows(english))
  })

  it('leads to the same documents, and both to each other', () => {
    const targets = (text: string) => links(text).filter(target => !/^#|^README/.test(target))
    expect(new Set(targets(chinese))).toEqual(new Set(targets(english)))
    expect(english.split('\n')[2]).toContain('(README.zh-CN.md)')
    expect(chinese.split('\n')[2]).toContain('(README.md)')
  })
})

describe('what is not there', () => {
  it.each(['docs/none.md', '#nowhere', 'docs/cli.md#nowhere'])('is found: %s', target => {
    expect(leadsSomewhere('README.md', target)).toBe(false)
  })
})

function firstCode(row: string): string {
  const [, status = '', code = ''] = /^\|\s*(\d*)[^`]*`([^`]*)`/.exec(row) ?? []
  return `${status} ${code}`
}

function leadsSomewhere(document: string, target: string): boolean {
  if (/^https:/.test(target)) return true
  const [path = '', fragment] = target.split('#')
  const file = new URL(path, new URL(document, 'file:///'))
  const found = path === '' ? document : file.pathname.slice(1)
  if (!existsSync(new URL(found, new URL('../../', import.meta.url)))) return false
  if (fragment === undefined) return true
  const anchors = headings(read(found)).map(({ title }) => anchor(title))
  return anchors.includes(decodeURIComponent(fragment))
}

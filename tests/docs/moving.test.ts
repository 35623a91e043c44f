import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ORIGINAL_SETTINGS, PROVIDER_FIELDS } from '../../src/model/moving/original-settings.ts'

const FILE = new URL('../../docs/moving-from-openai-balance.md', import.meta.url)

interface Row {
  readonly here: string
  readonly how: string
}

/** The importer's own table, as the document shows it. */
function rows(head: string, table: Readonly<Record<string, Row>>): string {
  const lines = Object.entries(table).map(
    ([name, { here, how }]) => `| \`${name}\` | ${here || 'nothing'} | ${how} |`,
  )
  return [`| ${head} | here | how |`, '|---|---|---|', ...lines].join('\n')
}

const SECTIONS = [
  ['settings', rows('there', ORIGINAL_SETTINGS)],
  ['fields', rows('field', PROVIDER_FIELDS)],
] as const

const document = () => readFileSync(FILE, 'utf8')

function section(name: string): RegExp {
  return new RegExp(`(<!-- ${name} -->\n)([^]*?)\n?(<!-- /${name} -->)`)
}

/** `BALANCE_REPORT=1` writes what the table says into the document. */
if (process.env.BALANCE_REPORT) {
  const written = SECTIONS.reduce(
    (text, [name, table]) => text.replace(section(name), `$1${table}\n$3`),
    document(),
  )
  writeFileSync(FILE, written)
}

describe('docs/moving-from-openai-balance.md', () => {
  it.each(SECTIONS)('shows the importer’s own table of %s', (name, table) => {
    expect(section(name).exec(document())?.[2]).toBe(table)
  })

  it('names every command as it is typed', async () => {
    const { createProgram } = await import('../../src/cli/program.ts')
    const { program } = createProgram(() => {
      throw new Error('Nothing is run.')
    })
    const groups = program.commands.map(command => command.name())
    const named = [...document().matchAll(/(?:`|^ *)balance ([a-z]+)/gm)].map(([, group]) => group)
    expect(named).toContain('import')
    expect(named.filter(group => !groups.includes(group ?? ''))).toEqual([])
  })
})

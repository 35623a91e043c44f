import { readFileSync, writeFileSync } from 'node:fs'

/** A document with parts that are made from the code, each between two marks of its name. */
export class Generated {
  readonly #file: URL

  /** @param name below docs/ */
  constructor(name: string) {
    this.#file = new URL(`../../docs/${name}`, import.meta.url)
  }

  get text(): string {
    return readFileSync(this.#file, 'utf8')
  }

  /** What stands between the marks; with `BALANCE_REPORT=1` it is written there first. */
  part(name: string, made: string): string | undefined {
    const part = new RegExp(`(<!-- ${name} -->\n)([^]*?)\n?(<!-- /${name} -->)`)
    if (process.env.BALANCE_REPORT) {
      writeFileSync(
        this.#file,
        this.text.replace(part, (_, begin, _old, end) => `${begin}${made}\n${end}`),
      )
    }
    return part.exec(this.text)?.[2]
  }
}

/** A Markdown table; bars in its cells are kept from ending them. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

import { stripVTControlCharacters } from 'node:util'
import type { Output } from './output.ts'

/**
 * A terminal on which a text takes the place of the one before. Nothing is cleared first, so nothing
 * flickers; what was there before the first one is scrolled up, not lost. Words said meanwhile, which
 * the next text would be drawn over, are shown below it.
 */
export class Screen {
  readonly #out: Output
  #words: string[] = []
  #isBlank = true

  constructor(out: Output) {
    this.#out = out
    if (out.wordsOnTerminal) out.speakTo(text => this.#words.push(text))
  }

  draw(text: string): void {
    const size = { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }
    const below = this.#words.length === 0 ? [] : ['', ...this.#words]
    const scroll = this.#isBlank ? '\n'.repeat(size.rows - 1) : ''
    process.stdout.write(scroll + frame([text, ...below].join('\n'), size))
    this.#isBlank = false
    this.#words = []
  }

  /** What was drawn stays, without what Ctrl-C leaves on the line below. */
  close(): void {
    this.#out.speakTo(null)
    if (!this.#isBlank) process.stdout.write(`\r${ERASE_LINE}`)
    for (const text of this.#words) this.#out.say(text)
  }
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** What draws a text over the one before, no higher than the terminal: it would scroll. */
export function frame(text: string, size: Size): string {
  const lines = fitting(text.split('\n'), size)
  return `${HOME}${lines.map(line => `${line}${erase(line, size)}\n`).join('')}${ERASE_BELOW}`
}

/** As many lines as there is room for above the cursor's own, the last of them saying what is left out. */
function fitting(lines: readonly string[], size: Size): readonly string[] {
  const room = size.rows - 1
  if (heightOf(lines, size) <= room) return lines
  let count = lines.length
  while (count > 0 && heightOf(lines.slice(0, count), size) > room - 1) count--
  return [...lines.slice(0, count), `… ${lines.length - count} more lines`]
}

/** The terminal breaks lines that are too long for it. */
function heightOf(lines: readonly string[], { columns }: Size): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0)
}

/** A line that ends at the terminal's edge leaves nothing to erase, and would lose its last character. */
function erase(line: string, { columns }: Size): string {
  const width = widthOf(line)
  return width > 0 && width % columns === 0 ? '' : ERASE_LINE
}

function widthOf(line: string): number {
  return stripVTControlCharacters(line).length
}

const HOME = '\u001b[H'
const ERASE_LINE = '\u001b[K'
const ERASE_BELOW = '\u001b[J'

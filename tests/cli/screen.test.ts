import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frame } from '../../src/cli/screen.ts'
import { CommandLine } from '../support/command-line.ts'
import { hasTerminal, terminal } from './terminal.ts'

/** What a terminal shows after it was written to; it fails where that would have scrolled. */
class Emulator {
  readonly rows: string[][]
  readonly #columns: number
  #row = 0
  #column = 0

  constructor(columns: number, rows: number) {
    this.#columns = columns
    this.rows = Array.from({ length: rows }, () => [])
  }

  write(text: string): void {
    for (const [token] of text.matchAll(TOKEN)) this.#take(token)
  }

  get text(): string {
    return this.rows
      .map(row => row.join('').trimEnd())
      .join('\n')
      .trimEnd()
  }

  #take(token: string): void {
    if (token === '\u001b[H') [this.#row, this.#column] = [0, 0]
    else if (token === '\u001b[K') this.#current.length = Math.min(this.#column, this.#columns - 1)
    else if (token === '\u001b[J') for (const row of this.rows.slice(this.#row)) row.length = 0
    else if (token === '\n') this.#down()
    else {
      // The cursor stays on the last column until one more character comes.
      if (this.#column === this.#columns) this.#down()
      this.#current[this.#column++] = token
    }
  }

  #down(): void {
    if (this.#row === this.rows.length - 1) throw new Error('It would scroll.')
    this.#row++
    this.#column = 0
  }

  get #current(): string[] {
    return this.rows[this.#row] as string[]
  }
}

const ESCAPE = '\u001b'
/** A control sequence, or a character. */
const TOKEN = new RegExp(`${ESCAPE}\\[[\\d;]*[A-Za-z]|.`, 'gsu')

/** Lines that are often just as wide as the terminal. */
const text = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constantFrom(20, 40)), { minLength: 1 })
  .map(widths => widths.map((width, index) => String(index % 10).repeat(width)).join('\n'))

describe('a frame', () => {
  it('takes the place of any other without a trace, and never scrolls', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 2, max: 30 }), (before, after, rows) => {
        const size = { columns: 20, rows }
        const [over, fresh] = [new Emulator(20, rows), new Emulator(20, rows)]
        over.write(frame(before, size))
        over.write(frame(after, size))
        fresh.write(frame(after, size))
        expect(over.text).toBe(fresh.text)
      }),
    )
  })

  it('shows all where it fits to the line, and else says how much is left out', () => {
    const shown = (lines: number, rows: number) => {
      const emulator = new Emulator(20, rows)
      const numbered = Array.from({ length: lines }, (_, at) => `line ${at + 1}`)
      emulator.write(frame(numbered.join('\n'), { columns: 20, rows }))
      return emulator.text.split('\n')
    }
    expect(shown(5, 6).at(-1)).toBe('line 5')
    expect(shown(6, 6)).toEqual(['line 1', 'line 2', 'line 3', 'line 4', '… 2 more lines'])
  })

  it('keeps the last character of a line as wide as the terminal', () => {
    const emulator = new Emulator(20, 6)
    emulator.write(frame('x'.repeat(20), { columns: 20, rows: 6 }))
    expect(emulator.text).toBe('x'.repeat(20))
  })

  it('clears nothing before it is drawn', () => {
    expect(frame('one\ntwo', { columns: 20, rows: 9 })).toBe(
      '\u001b[Hone\u001b[K\ntwo\u001b[K\n\u001b[J',
    )
  })
})

describe.skipIf(!hasTerminal)('status --watch', () => {
  const cli = new CommandLine()

  it('draws in place, under it what was said meanwhile, and ends well on Ctrl-C', async () => {
    await cli.inProcess(['providers', 'add', 'openai'])
    await cli.run(['keys', 'add', 'openai'], 'sk-0123456789abcdef\n')
    await cli.run(['keys', 'list'])
    const { code, screen } = await terminal(cli.folder, 'status --watch 1', {
      env: { BALANCE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') },
      answers: [['openai', '\u0003']],
    })
    expect(code).toBe(0)
    expect(screen.startsWith(`${'\r\n'.repeat(23)}\u001b[Hdaemon`)).toBe(true)
    expect(screen).not.toContain('\u001b[2J')
    const [, below = ''] = screen.split('1 sealed')
    expect(below.split('\r\n')[1]).toBe('\u001b[K')
    expect(below.split('\r\n')[2]).toMatch(/warning:.*master key/)
    expect(screen.endsWith('\r\u001b[K')).toBe(true)
    cli.remove()
  })
})

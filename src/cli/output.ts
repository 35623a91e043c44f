import type { WriteStream } from 'node:tty'
import {
  Chalk,
  type ChalkInstance,
  type ColorInfo,
  supportsColor,
  supportsColorStderr,
} from 'chalk'
import { printable } from '../base/text.ts'
import { invocationOf } from './invocation.ts'
import { type Column, table } from './table.ts'

/**
 * Where a command writes: data on stdout, words on stderr. With `--json` the data is one JSON
 * document, its shape documented in `shapes/`; words stay what they are.
 */
export class Output {
  readonly json: boolean
  /** Colours of what goes to stdout; they do nothing where it cannot show them. */
  readonly paint: ChalkInstance
  readonly #words: ChalkInstance
  #speak: (text: string) => void = toStderr

  constructor(options: { readonly json: boolean; readonly color: boolean }) {
    this.json = options.json
    this.paint = colors(process.stdout, supportsColor, options.color && !options.json)
    this.#words = colors(process.stderr, supportsColorStderr, options.color)
  }

  /** Whether a person reads stdout. */
  get onTerminal(): boolean {
    return process.stdout.isTTY === true
  }

  /** Whether a person reads stderr. */
  get wordsOnTerminal(): boolean {
    return process.stderr.isTTY === true
  }

  /** Characters of a terminal's line, 80 where it does not say; undefined in a pipe. */
  get width(): number | undefined {
    return this.onTerminal ? process.stdout.columns || 80 : undefined
  }

  /** How commands are typed where this one was: `balance`, `npx balance`, … */
  get invocation(): string {
    return invocationOf(process.argv[1] ?? '', process.cwd())
  }

  /** The result of a command: its documented shape with `--json`, else the text made by `human`. */
  show(shape: unknown, human: () => string): void {
    if (this.json) this.line(JSON.stringify(shape, null, 2))
    else this.line(human())
  }

  /** Rows as a JSON array with `--json`, else as a table, which is nothing where there are none. */
  list<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
    this.show(rows, () => (rows.length === 0 ? '' : this.table(columns, rows)))
  }

  /** A table no wider than the terminal; in a pipe, as wide as its cells. */
  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
    const shown = this.paint.level > 0 ? columns : columns.map(({ paint: _, ...plain }) => plain)
    return table(shown, rows, this.width)
  }

  /** A line of data; nothing where there is none. */
  line(text: string): void {
    if (text !== '') process.stdout.write(`${text}\n`)
  }

  /** Words for the person at the terminal. */
  say(text: string): void {
    this.#speak(text)
  }

  /** Has words taken elsewhere than to stderr, until null gives them back. */
  speakTo(listener: ((text: string) => void) | null): void {
    this.#speak = listener ?? toStderr
  }

  warn(text: string): void {
    this.say(`${this.#words.yellow('warning:')} ${text}`)
  }

  /** What went wrong and what to do next; one JSON object on stderr with `--json`. */
  fail(error: { readonly code: string; readonly message: string; readonly hint: string | null }) {
    const { code, message, hint } = error
    if (this.json) return this.say(JSON.stringify({ error: { code, message, hint } }))
    // What is wrong with a file comes as a line for each fault, made fit to be shown where it was found.
    const lines = code === 'config_invalid' ? message.split('\n') : [message]
    const shown = lines.map(line => printable(line, 2_000)).join('\n')
    this.say(`${this.#words.red('error:')} ${shown}`)
    if (hint) this.say(hint)
  }
}

function toStderr(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** chalk knows FORCE_COLOR and `--no-color`; NO_COLOR is known to the terminal stream alone. */
function colors(stream: WriteStream, detected: ColorInfo, wanted: boolean): ChalkInstance {
  const shown = wanted && detected !== false && (!stream.isTTY || stream.hasColors())
  return new Chalk({ level: shown ? detected.level : 0 })
}

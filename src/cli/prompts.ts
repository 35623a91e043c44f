import { PassThrough } from 'node:stream'
import { asBalanceError, BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { parseSecretLines } from '../model/secret-lines.ts'

/** Whether a person can be asked: prompts read stdin and write to stderr. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/**
 * Asks before something is lost.
 * @param question what will happen, as a yes/no question
 * @throws BalanceError usage where nobody can be asked and `yes` was not given; failed on "no"
 */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return
  if (!canAsk()) {
    throw new BalanceError('usage', `${question} Nobody can be asked here.`, {
      hint: 'Add --yes to go on without a question.',
    })
  }
  if (!(await agree(question, false))) throw new BalanceError('failed', 'Nothing was changed.')
}

/** Asks a yes/no question; Enter alone means `byDefault`. */
export async function agree(question: string, byDefault: boolean): Promise<boolean> {
  const { confirm: ask } = await import('@inquirer/prompts')
  return ask({ message: question, default: byDefault }, { output: process.stderr })
}

/** Asks for one of several things; Enter alone takes `byDefault`. */
export async function choose<T>(
  question: string,
  choices: readonly { readonly name: string; readonly value: T }[],
  byDefault: T,
): Promise<T> {
  const { select } = await import('@inquirer/prompts')
  return select(
    { message: question, choices, default: byDefault, pageSize: 20, loop: false },
    { output: process.stderr },
  )
}

/**
 * Asks for a text until it is one that `parse` takes; what `parse` throws is said.
 * @param byDefault taken on Enter alone
 */
export async function askText<T>(
  question: string,
  parse: (text: string) => T,
  byDefault?: string,
): Promise<T> {
  const { input } = await import('@inquirer/prompts')
  const validate = (text: string) => {
    try {
      parse(text.trim())
      return true
    } catch (error) {
      const { message, hint } = asBalanceError(error)
      return hint ? `${message} ${hint}` : message
    }
  }
  const asked = { message: question, validate, ...(byDefault ? { default: byDefault } : {}) }
  return parse((await input(asked, { output: process.stderr })).trim())
}

/** Whether somebody left a prompt by Ctrl-C. */
export function isLeftPrompt(error: unknown): boolean {
  return error instanceof Error && error.name === 'ExitPromptError'
}

/** Asks for secrets without showing them, one after the other, until `most` came or an empty answer. */
export async function askSecrets(name: string, most: number): Promise<Secret[]> {
  return parseSecretLines(await askHiddenLines(name, most), 'what was typed')
}

/** The same where an empty answer means that there is none. */
export async function askForAnySecrets(name: string): Promise<Secret[]> {
  const text = await askHiddenLines(name, Number.POSITIVE_INFINITY)
  return text.trim() === '' ? [] : parseSecretLines(text, 'what was typed')
}

/**
 * Asks for a password that is to be set, twice and without showing it.
 * @throws BalanceError invalid_value where the two differ
 */
export async function askNewPassword(): Promise<string> {
  const lines = new LineByLine()
  try {
    const first = await askHidden('New password:', lines.next())
    if ((await askHidden('The same again:', lines.next())) === first) return first
  } finally {
    lines.close()
  }
  throw new BalanceError('invalid_value', 'The two are not the same.', {
    hint: 'Nothing was changed.',
  })
}

async function askHiddenLines(name: string, most: number): Promise<string> {
  const answers: string[] = []
  const lines = new LineByLine()
  try {
    do {
      const message = answers.length === 0 ? `${name}:` : `Another ${name}, or Enter to finish:`
      answers.push(await askHidden(message, lines.next()))
    } while (answers.length < most && (answers.at(-1) !== '' || lines.waiting))
  } finally {
    lines.close()
  }
  return answers.join('\n')
}

async function askHidden(message: string, input: PassThrough): Promise<string> {
  const { password } = await import('@inquirer/prompts')
  const answer = await password({ message, mask: true }, { input, output: process.stderr })
  return answer.trim()
}

/**
 * Hands the terminal's input to one prompt at a time, each up to its Enter. A prompt that reads the
 * terminal itself swallows what comes after its first line, so that of several pasted keys only one
 * would be taken.
 */
class LineByLine {
  #held = ''
  #last = ''
  #reader: PassThrough | null = null

  constructor() {
    process.stdin.setRawMode(true)
    process.stdin.setEncoding('utf8')
    process.stdin.on('data', this.#take)
    // A prompt before this one has paused it.
    process.stdin.resume()
  }

  next(): PassThrough {
    const reader = new PassThrough()
    this.#reader = reader
    this.#feed()
    return reader
  }

  close(): void {
    process.stdin.off('data', this.#take)
    process.stdin.setRawMode(false)
    process.stdin.pause()
  }

  /** More was pasted than has been asked for. */
  get waiting(): boolean {
    return this.#held !== ''
  }

  readonly #take = (typed: string): void => {
    // Ctrl-D is an answer too; a prompt that is fed would wait for more.
    const text = typed.replaceAll('\u0004', '\r')
    const brokenLineEnd = this.#last === '\r' && text.startsWith('\n')
    this.#held += brokenLineEnd ? text.slice(1) : text
    this.#last = text.slice(-1)
    this.#feed()
  }

  #feed(): void {
    if (!this.#reader || this.#held === '') return
    const [line, end] = /^[^\r\n]*(\r\n|\r|\n)?/.exec(this.#held) ?? ['']
    this.#held = this.#held.slice(line.length)
    this.#reader.write(line)
    if (end) this.#reader = null
  }
}

import { BalanceError } from '../base/errors.ts'
import { nearest } from '../base/text.ts'
import { parseDuration } from '../model/units.ts'
import { BEHAVIOURS, type BehaviourName } from './behaviours.ts'

/** One entry of a script: a behaviour and its argument (ms, a count or a share, as the behaviour takes). */
export interface Step {
  readonly name: BehaviourName
  readonly argument: number
}

/** A script's text by key, `*` for every key that has none of its own. */
export type Scripts = Readonly<Record<string, string>>

/** Most repetitions of one step: they are written out. */
const MOST = 100_000

/**
 * `401,429:2s,ok*3` → steps. One is used up by each request; the last one repeats.
 * @throws BalanceError config_invalid, naming the entry.
 */
export function parseScript(text: string): readonly Step[] {
  return text.split(',').flatMap(entry => parseEntry(entry.trim()))
}

/**
 * Scripts from data as a file holds it: a map of key → text, or → list of entries.
 * @throws BalanceError config_invalid, naming the entry.
 */
export function scriptsFromObject(value: unknown): Scripts {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BalanceError('config_invalid', 'The script file is not a map of keys to scripts.', {
      hint: 'Write one line per key: sk-one: 401,ok',
    })
  }
  const scripts: Record<string, string> = Object.create(null)
  let index = 0
  for (const [key, script] of Object.entries(value)) {
    index++
    const text = Array.isArray(script) ? script.join(',') : String(script)
    try {
      parseScript(text)
    } catch (error) {
      if (!(error instanceof BalanceError)) throw error
      // The key itself may be a real one: it is named by its place, not its text.
      const which = key === '*' ? '"*"' : `key ${index}`
      throw new BalanceError('config_invalid', `Script of ${which}: ${error.message}`, {
        ...(error.hint === null ? {} : { hint: error.hint }),
      })
    }
    scripts[key] = text
  }
  return scripts
}

/** A place in a script. */
export class Cursor {
  readonly #steps: readonly Step[]
  #next = 0

  constructor(script: string) {
    this.#steps = parseScript(script)
  }

  take(): Step {
    const step = this.#steps[this.#next] as Step
    if (this.#next < this.#steps.length - 1) this.#next++
    return step
  }
}

function parseEntry(entry: string): Step[] {
  const match = /^([a-z0-9-]+)(?::([^*]+))?(?:\*(\d+))?$/.exec(entry)
  if (!match) throw bad(entry, 'is not written like ok, 429:2s or 500*3')
  const [, name = '', argument, times = '1'] = match
  if (!Object.hasOwn(BEHAVIOURS, name)) {
    const near = nearest(name, Object.keys(BEHAVIOURS))
    throw bad(entry, 'is no behaviour', near ? `Did you mean ${near}?` : undefined)
  }
  const count = Number(times)
  if (count < 1 || count > MOST) throw bad(entry, `is repeated 1 to ${MOST} times`)
  const step = { name: name as BehaviourName, argument: parseArgument(entry, name, argument) }
  return Array.from({ length: count }, () => step)
}

function parseArgument(entry: string, name: string, text: string | undefined): number {
  const { takes } = BEHAVIOURS[name as BehaviourName]
  if (text === undefined) return takes === null ? 0 : takes.fallback
  if (takes === null) throw bad(entry, `takes nothing after "${name}"`)
  if (takes.kind === 'duration') {
    try {
      return parseDuration(text)
    } catch {
      throw bad(entry, 'needs a duration, like 500ms or 2s')
    }
  }
  const value = Number(text)
  if (takes.kind === 'count' && /^\d{1,9}$/.test(text)) return value
  if (takes.kind === 'share' && /^[\d.]+$/.test(text) && value <= 1) return value
  throw bad(entry, takes.kind === 'count' ? 'needs a whole number' : 'needs a share from 0 to 1')
}

function bad(entry: string, problem: string, hint?: string): BalanceError {
  return new BalanceError('config_invalid', `"${entry}" ${problem}.`, {
    hint: hint ?? 'See balance mock --help for all behaviours.',
  })
}

import type { Command, Option } from 'commander'
import { type Candidate, candidatesFor, type Suggestions, type Words } from './completion-values.ts'

/**
 * What can stand in place of the last word of a command line.
 * @param program with the group of the first word loaded
 * @param words those after `balance`; the last one is being typed, and may be empty
 * @param known what the store calls things, read when it is needed
 */
export async function complete(
  program: Command,
  words: readonly string[],
  known: Words,
): Promise<Suggestions> {
  const typed = words.at(-1) ?? ''
  const place = placeOf(program, words.slice(0, -1))
  if (place.option) return fitting(await candidatesFor(place, place.option, known), typed)
  const [, name, begun] = /^(--[\w-]+)=(.*)$/s.exec(typed) ?? []
  if (name !== undefined && begun !== undefined) {
    const option = optionNamed(place, name)
    if (!option) return NOTHING
    const found = fitting(await candidatesFor(place, option, known), begun)
    return { ...found, candidates: found.candidates.map(each => prefixed(each, `${name}=`)) }
  }
  if (typed.startsWith('-') && !place.ended) return fitting(options(place), typed)
  const { command, operands } = place
  if (command.commands.length > 0) {
    return operands > 0 ? NOTHING : fitting(subcommands(command), typed)
  }
  const last = command.registeredArguments.at(-1)
  const argument =
    command.registeredArguments[operands] ?? (last?.variadic === true ? last : undefined)
  return argument ? fitting(await candidatesFor(place, argument, known), typed) : NOTHING
}

/** Where in the program the words before lead. */
export interface Place {
  readonly program: Command
  readonly command: Command
  /** Arguments of the command that are there already. */
  readonly operands: number
  /** The option whose value comes next; null where none waits for one. */
  readonly option: Option | null
  readonly given: ReadonlySet<Option>
  /** `--` came: nothing is an option any more. */
  readonly ended: boolean
}

const NOTHING: Suggestions = { candidates: [], files: false }

function placeOf(program: Command, words: readonly string[]): Place {
  let command = program
  let operands = 0
  let option: Option | null = null
  let ended = false
  const given = new Set<Option>()
  for (const word of words) {
    if (option) {
      option = null
    } else if (word === '--') {
      ended = true
    } else if (word.startsWith('-') && !ended) {
      const found = optionNamed({ program, command }, word.replace(/=.*/s, ''))
      if (found) given.add(found)
      option = found?.required && !word.includes('=') ? found : null
    } else {
      const inner: Command | undefined = command.commands.find(each => each.name() === word)
      if (inner) command = inner
      else operands += 1
    }
  }
  return { program, command, operands, option, given, ended }
}

function optionNamed(
  { program, command }: Pick<Place, 'program' | 'command'>,
  name: string,
): Option | null {
  const all = [...command.options, ...program.options]
  return all.find(({ long, short }) => name === long || name === short) ?? null
}

function options({ program, command, given }: Place): Suggestions {
  const helper = command.createHelp()
  const own = helper.visibleOptions(command)
  const all = command === program ? own : [...own, ...helper.visibleOptions(program)]
  const candidates = new Map<string, Candidate>()
  for (const option of all) {
    const name = option.long ?? option.short
    const again = !given.has(option) || option.description.includes('repeatable')
    if (name && again) candidates.set(name, { value: name, about: option.description })
  }
  return { candidates: [...candidates.values()], files: false }
}

function subcommands(command: Command): Suggestions {
  const visible = command.createHelp().visibleCommands(command)
  const candidates = visible.map(each => ({ value: each.name(), about: each.description() }))
  return { candidates, files: false }
}

function fitting({ candidates, files }: Suggestions, typed: string): Suggestions {
  return { candidates: candidates.filter(({ value }) => value.startsWith(typed)), files }
}

function prefixed({ value, about }: Candidate, prefix: string): Candidate {
  return { value: prefix + value, about }
}

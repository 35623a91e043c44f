import type { Command } from 'commander'

/** What keeps a line of shell from running: each `balance …` in it that the program does not take. */
export function faultOf(program: Command, line: string): string[] {
  const typed = commandsIn(line)
  if (typed.length === 0) return [`${line}: no balance in it`]
  return typed.flatMap(words => {
    const fault = faultIn(program, words)
    return fault === null ? [] : [`${line}: ${fault}`]
  })
}

/**
 * The words of each `balance` in a line, up to a pipe, a redirection, a remark or its end. One after
 * `--name`, or before another, is a container's name.
 */
export function commandsIn(line: string): string[][] {
  const found: string[][] = []
  for (const { index, 0: match } of line.matchAll(
    /(?<![\w/.-]|--name )balance (?!balance )(?=[a-z-])/g,
  )) {
    found.push(wordsOf(line.slice(index + match.length)))
  }
  return found
}

function wordsOf(text: string): string[] {
  const words: string[] = []
  const word =
    /\s*(?:(#.*|[|<>;&)].*)|((?:'[^']*'|"(?:\$\([^)]*\)|[^"])*"|\$\([^)]*\)|[^\s'"|<>;&)])+)|"|$)/y
  for (;;) {
    const [, , found] = word.exec(text) ?? []
    if (found === undefined) return words
    words.push(found.replace(/['"]/g, ''))
  }
}

function faultIn(program: Command, words: readonly string[]): string | null {
  let command = program
  let rest = [...words]
  while (command.commands.length > 0) {
    const [name = ''] = rest
    if (command === program && /^(--version|--help)$/.test(name)) return null
    const inner = command.commands.find(known => known.name() === name)
    if (!inner) return `no command ${name}`
    command = inner
    rest = rest.slice(1)
  }
  return faultOfArguments(program, command, rest)
}

function faultOfArguments(program: Command, command: Command, rest: string[]): string | null {
  try {
    const own = command.parseOptions(rest)
    const { operands, unknown } = program.parseOptions(own.unknown)
    if (unknown[0]?.startsWith('-') && unknown[0] !== '--help') return `no option ${unknown[0]}`
    const given = [...own.operands, ...operands]
    const wanted = command.registeredArguments
    if (given.length < wanted.filter(({ required }) => required).length) return 'too few arguments'
    if (given.length > wanted.length && !wanted.at(-1)?.variadic) return 'too many arguments'
    return null
  } catch (error) {
    return (error as Error).message
  }
}

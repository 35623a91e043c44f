import { type Argument, type Command, Help, type Option } from 'commander'
import { type HelpfulCommand, leavesOf } from '../../src/cli/help.ts'

/** The command line as docs/cli.md has it between its marks. */
export function cliReference(program: HelpfulCommand): string {
  const groups = new Help().visibleCommands(program).filter(each => each.name() !== 'help')
  return [
    '## Options of every command',
    table('option', optionRows(program)),
    ...(groups as HelpfulCommand[]).flatMap(groupText),
  ].join('\n\n')
}

function groupText(group: HelpfulCommand): string[] {
  const head = [`## balance ${group.name()}`, `${sentence(group.description())}`]
  const notes = group.notes === '' ? [] : [fenced('text', group.notes)]
  if (group.commands.length === 0) return [...head, ...commandText(group)]
  const inner = leavesOf(group).flatMap(leaf => [
    `### ${pathOf(leaf)}`,
    sentence(leaf.description()),
    ...commandText(leaf),
  ])
  return [...head, ...notes, ...inner]
}

/** `balance keys add` */
export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}

function commandText(command: HelpfulCommand): string[] {
  const { registeredArguments: args } = command
  return [
    fenced('sh', command.examples.join('\n')),
    `Usage: \`${usage(command)}\``,
    ...(args.length === 0 ? [] : [table('argument', args.map(argumentRow))]),
    ...(command.options.length === 0 ? [] : [table('option', optionRows(command))]),
    ...(command.notes === '' ? [] : [fenced('text', command.notes)]),
  ]
}

function usage(command: HelpfulCommand): string {
  return new Help().commandUsage(command)
}

function argumentRow(argument: Argument): readonly [string, string] {
  const help = new Help()
  const name = `${argument.name()}${argument.variadic ? '…' : ''}`
  const term = argument.required ? name : `[${name}]`
  return [term, help.argumentDescription(argument)]
}

function optionRows(command: HelpfulCommand): (readonly [string, string])[] {
  const help = new Help()
  return command.options.map((option: Option) => [option.flags, help.optionDescription(option)])
}

function table(head: string, rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([term, about]) => `| \`${barred(term)}\` | ${plain(about)} |`)
  return [`| ${head} | |`, '|---|---|', ...lines].join('\n')
}

/** A bar would end the cell, also within backticks. */
function barred(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** Outside backticks a name in angles would be taken for HTML, and a star for emphasis. */
function plain(text: string): string {
  return barred(text).replaceAll('<', '&lt;').replaceAll('*', '\\*')
}

function fenced(language: string, text: string): string {
  return [`\`\`\`${language}`, text, '```'].join('\n')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

import type { Command } from 'commander'
import { VERSION } from '../base/version.ts'
import { HelpfulCommand } from './help.ts'
import { withNulls } from './option-values.ts'
import type { Output } from './output.ts'
import { type GlobalFlags, Session } from './session.ts'

/**
 * Runs what a command does, with a session that is closed when it ended. The action gets the
 * command's arguments, its options and the command itself, as commander gives them.
 */
export type Run = <Given extends unknown[]>(
  action: (session: Session, ...given: Given) => Promise<void>,
) => (...given: unknown[]) => Promise<void>

/** What a file in `commands/` exports: it adds the group's subcommands or its own action. */
export interface CommandGroup {
  define(command: Command, run: Run): void
}

interface Entry {
  readonly summary: string
  /** Left out of every list of commands. */
  readonly hidden?: true
  readonly load: () => Promise<CommandGroup>
}

/** Every first word of the command line; a group's file is imported when it is asked for. */
const GROUPS: Readonly<Record<string, Entry>> = {
  init: {
    summary: 'the first run: a provider, its keys, a token for your client',
    load: () => import('./commands/init.ts'),
  },
  serve: { summary: 'start the gateway', load: () => import('./commands/serve.ts') },
  status: { summary: 'what runs, and how it is', load: () => import('./commands/status.ts') },
  health: {
    summary: 'whether it may get requests',
    load: () => import('./commands/health.ts'),
  },
  stop: { summary: 'drain the gateway and end it', load: () => import('./commands/stop.ts') },
  reload: { summary: 'read the config file again', load: () => import('./commands/reload.ts') },
  providers: { summary: 'vendor accounts', load: () => import('./commands/providers.ts') },
  keys: { summary: 'provider credentials', load: () => import('./commands/keys.ts') },
  secrets: {
    summary: 'the master key that seals keys',
    load: () => import('./commands/secrets.ts'),
  },
  tokens: { summary: "callers' bearer secrets", load: () => import('./commands/tokens.ts') },
  routes: {
    summary: 'models, and where they are asked for',
    load: () => import('./commands/routes.ts'),
  },
  proxies: {
    summary: 'what upstreams are dialled through',
    load: () => import('./commands/proxies.ts'),
  },
  logs: {
    summary: 'what was requested, and how it ended',
    load: () => import('./commands/logs.ts'),
  },
  stats: {
    summary: 'requests, errors and tokens of a time',
    load: () => import('./commands/stats.ts'),
  },
  overview: {
    summary: 'traffic, and the keys that fail most',
    load: () => import('./commands/overview.ts'),
  },
  env: {
    summary: 'the lines that point a client at this gateway',
    load: () => import('./commands/env.ts'),
  },
  import: {
    summary: 'what another gateway, or the environment, has',
    load: () => import('./commands/import.ts'),
  },
  dashboard: {
    summary: 'the dashboard, in your browser',
    load: () => import('./commands/dashboard.ts'),
  },
  admin: {
    summary: 'who may look at the dashboard: its password, its sessions',
    load: () => import('./commands/admin.ts'),
  },
  config: { summary: 'settings', load: () => import('./commands/config.ts') },
  backup: { summary: 'all of the store in one file', load: () => import('./commands/backup.ts') },
  restore: { summary: 'a backup put back', load: () => import('./commands/restore.ts') },
  service: {
    summary: 'the gateway as a service of systemd',
    load: () => import('./commands/service.ts'),
  },
  completion: {
    summary: 'completes commands and names at Tab, in bash, zsh and fish',
    load: () => import('./commands/completion.ts'),
  },
  complete: {
    summary: 'what completion asks',
    hidden: true,
    load: () => import('./commands/complete.ts'),
  },
  bench: {
    summary: 'what a request costs here, measured side by side',
    load: () => import('./commands/bench.ts'),
  },
  mock: { summary: 'a simulated provider', load: () => import('./commands/mock.ts') },
}

/** The whole command line, ready to parse. `path` follows the command being parsed, for hints. */
export function createProgram(openOutput: (flags: GlobalFlags) => Output): {
  readonly program: HelpfulCommand
  readonly path: () => string
  /** Defines the commands of a group, once; nothing for a word that is none. */
  readonly load: (name: string) => Promise<void>
} {
  let path = 'balance'
  const follow = (_parent: Command, child: Command) => {
    path = `${path} ${child.name()}`
  }

  const program = new HelpfulCommand('balance')
    .description(
      'An LLM gateway for your own machine: many keys, many providers, truthful failover.',
    )
    .option('--store <url>', 'sqlite:PATH or mysql://user@host/db')
    .option('--data-dir <dir>', 'folder of the store and its master key')
    .option('--config <file>', 'configuration file')
    .option('--json', 'data as JSON on stdout, errors as JSON on stderr')
    .option('--no-color', 'no colours')
    .version(VERSION, '-V, --version', 'print the version')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText('after', FIRST_STEPS)
    .hook('preSubcommand', follow)

  const run: Run =
    <Given extends unknown[]>(action: (session: Session, ...given: Given) => Promise<void>) =>
    async (...given) => {
      const flags = program.opts<GlobalFlags>()
      const session = new Session(openOutput(flags), flags, doing(given.at(-1) as Command))
      const taken = given.with(-2, withNulls(given.at(-2) as object))
      try {
        await action(session, ...(taken as Given))
      } finally {
        await session.close()
      }
    }

  const groups = new Map<string, Command>()
  for (const [name, { summary, hidden = false }] of Object.entries(GROUPS)) {
    groups.set(name, program.command(name, { hidden }).description(summary))
  }
  const load = async (name: string) => {
    const group = groups.get(name)
    groups.delete(name)
    if (group) (await GROUPS[name]?.load())?.define(group.hook('preSubcommand', follow), run)
  }
  program.hook('preSubcommand', (_parent, child) => load(child.name()))
  return { program, path: () => path, load }
}

/** All commands with all their options, to be read and never run. */
export async function wholeProgram(): Promise<HelpfulCommand> {
  const { program, load } = createProgram(() => {
    throw new Error('Nothing is run.')
  })
  for (const name of Object.keys(GROUPS)) await load(name)
  return program
}

/** The command and what it is about, for the audit row: no values, for they may be secrets. */
function doing(command: Command): string {
  const subjects = command.args
    .filter((_, index) => namesSomething(command, index))
    .map(operand => operand.replace(/=.*/s, ''))
  return [commandPath(command), ...subjects].join(' ')
}

function namesSomething(command: Command, index: number): boolean {
  const last = command.registeredArguments.at(-1)
  const argument = command.registeredArguments[index] ?? (last?.variadic ? last : undefined)
  return argument !== undefined && argument.name() !== 'value'
}

function commandPath(command: Command): string {
  return command.parent?.parent
    ? `${commandPath(command.parent)} ${command.name()}`
    : command.name()
}

const FIRST_STEPS = `
Examples:
  $ balance init                              # a provider, its keys, a token for your client
  $ balance serve                             # start the gateway
  $ balance env --client claude-code          # how a client is pointed at it
  $ balance logs tail                         # watch requests as they end
`

import type { Command } from 'commander'
import { PROVIDER_KINDS } from '../../model/catalog.ts'
import { PRESETS } from '../../model/presets.ts'
import { parseBaseUrl, parseProviderName } from '../../model/provider-fields.ts'
import { FirstRun, type InitOptions } from '../first-run.ts'
import { refuseArguments } from '../key-input.ts'
import { oneOf } from '../option-values.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

export function define(command: Command, run: Run): void {
  command
    .option(
      '--provider <name>',
      'a preset, or any name together with --base-url',
      parseProviderName,
    )
    .option('--base-url <url>', 'of a provider that is no preset', parseBaseUrl)
    .option(
      '--kind <kind>',
      `API it speaks: ${PROVIDER_KINDS.join(', ')}`,
      oneOf('--kind', PROVIDER_KINDS),
    )
    .option('--key-file <file>', 'its keys, one a line; - for stdin')
    .option('--from-env', "use the vendors' keys in the environment")
    .option('--no-test', 'do not ask the provider whether the new keys work')
    .option('--token-name <name>', 'make a client token for this one, unless there is one')
    .option('--token-file <file>', 'write it to a new file instead of showing it')
    .option('--yes', 'without a question: flags say all')
    .allowExcessArguments()
    .addHelpText('after', HELP)
    .action(run(init))
}

const HELP = `
Asks on a terminal for what the flags leave open. Run again it says what is there, and adds;
it changes and removes nothing. Keys are never an argument: other users could read them.

Presets: ${Object.keys(PRESETS).join(', ')}.

Examples:
  $ balance init
  $ balance init --provider openai --key-file keys.txt --token-name laptop --token-file token --yes
  $ balance init --from-env --token-name ci --yes --json`

async function init(session: Session, options: InitOptions, { args }: Command): Promise<void> {
  refuseArguments(args, 0)
  await new FirstRun(session, options).go()
}

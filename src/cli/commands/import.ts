import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import type { MovingOptions } from '../moving-in.ts'
import type { PendingLog } from '../original-logs.ts'
import type { OpenSource, SourceOptions } from '../original-source.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

export function define(command: Command, run: Run): void {
  moving(command.command('openai-balance'))
    .description('providers, keys, tokens and settings of OpenAI Balance or gemini-balance')
    .option('--env <file>', 'its .env; the one in this folder if nothing is named')
    .option('--store-file <path>', 'its SQLite database, data/default_db')
    .option('--mysql <url>', 'its MySQL database, as mysql://user@host/database')
    .option('--logs', 'its log too: requests, and failed attempts')
    .option('--timezone <tz>', "zone of the log's times, as Asia/Shanghai (this host's)")
    .option('--weak', 'tokens that are known to everybody, or short, too')
    .addHelpText('after', ORIGINAL_HELP)
    .action(run(importOriginal))
  moving(command.command('env'))
    .description("vendors' keys in the environment: OPENAI_API_KEY, ANTHROPIC_API_KEY, …")
    .option('--reference', 'keep the name of the variable, not the key in it')
    .addHelpText('after', ENVIRONMENT_HELP)
    .action(run(importEnvironment))
}

const ORIGINAL_HELP = `
What it has and what that becomes here is shown first; then it asks. Nothing of the original is
changed, and what is here already is not added twice, so that it may be run again. The password of
MySQL comes from BALANCE_IMPORT_PASSWORD, BALANCE_IMPORT_PASSWORD_FILE, the .env, or is asked for.

Examples:
  $ cd openai-balance && balance import openai-balance --dry-run
  $ balance import openai-balance --store-file data/default_db --yes
  $ balance import openai-balance --logs --timezone Asia/Shanghai
  $ balance import openai-balance --env .env --mysql mysql://balance@db.example/balance`

const ENVIRONMENT_HELP = `
For each provider that has a preset: NAME_API_KEY, NAME_API_KEY_1, …, each one key, or several with
commas between them; of Gemini GOOGLE_API_KEY too. Providers that are not here are added.

Examples:
  $ balance import env
  $ balance import env --reference --yes`

function moving(command: Command): Command {
  return command
    .option('--dry-run', 'only show what would be written')
    .option('--yes', 'without a question')
}

interface OriginalOptions extends SourceOptions, MovingOptions {
  readonly weak?: true
  readonly logs?: true
  readonly timezone?: string
}

/** The rooms are imported here: no other command reads other programs' databases. */
async function importOriginal(session: Session, options: OriginalOptions): Promise<void> {
  const { openSource } = await import('../original-source.ts')
  const { planOriginal } = await import('../../model/moving/original.ts')
  const { moveIn } = await import('../moving-in.ts')
  const source = await openSource(session, options)
  try {
    const present = await (await session.store()).providers()
    const plan = planOriginal(source.content, present, options.weak === true)
    const log = options.logs ? await pendingLog(session, source, options.timezone) : null
    const goOn = await moveIn(session, source.named, plan, options, log?.changes)
    if (goOn) await log?.bringAlong(plan.names)
  } finally {
    await source.database?.close()
  }
}

async function pendingLog(
  session: Session,
  { database }: OpenSource,
  timezone: string | undefined,
): Promise<PendingLog> {
  if (!database) {
    throw new BalanceError('usage', 'Its log is in its database, of which there is none here.', {
      hint: 'Name it with --store-file PATH or --mysql URL, or leave out --logs.',
    })
  }
  const { PendingLog } = await import('../original-logs.ts')
  return PendingLog.open(session, database, timezone)
}

interface EnvironmentOptions extends MovingOptions {
  readonly reference?: true
}

async function importEnvironment(session: Session, options: EnvironmentOptions): Promise<void> {
  const { planEnvironment } = await import('../../model/moving/environment.ts')
  const { moveIn } = await import('../moving-in.ts')
  const { variables } = session.config().environment.references
  const present = await (await session.store()).providers()
  const plan = planEnvironment(variables, present, options.reference === true)
  await moveIn(session, { env: null, database: null }, plan, options)
}

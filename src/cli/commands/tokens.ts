import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import { tokenShape } from '../../control/shapes/token.ts'
import type { NewToken, TokenChange } from '../../model/changes.ts'
import { parseFuture } from '../../model/moment.ts'
import { CLIENTS, shellLines } from '../clients.ts'
import { tokenColumns } from '../columns/token.ts'
import { example } from '../example.ts'
import { gatewayPlace } from '../gateway-url.ts'
import { readSecret } from '../key-input.ts'
import { limit, listOrAll } from '../option-values.ts'
import type { Run } from '../program.ts'
import { confirm } from '../prompts.ts'
import type { Session } from '../session.ts'
import { card } from '../table.ts'
import { tokenNamed } from '../token-named.ts'

export function define(command: Command, run: Run): void {
  command
    .command('list')
    .description('client tokens')
    .addHelpText('after', example('balance tokens list'))
    .action(run(list))
  limits(command.command('create'))
    .description('make a token for a client; it is shown this once')
    .argument('<name>', 'who uses it')
    .option('--stdin', 'bring your own: read the token from stdin, or type it when asked')
    .addHelpText('after', CREATE_HELP)
    .action(run(create))
  command
    .command('show')
    .description('one token: what it may do')
    .argument('<token>', 'id or name')
    .addHelpText('after', example('balance tokens show laptop'))
    .action(run(show))
  limits(command.command('set'))
    .description('change what a token may do, or its name')
    .argument('<token>', 'id or name')
    .option('--name <name>', 'who uses it')
    .addHelpText('after', SET_HELP)
    .action(run(set))
  command
    .command('revoke')
    .description('end a token')
    .argument('<token>', 'id or name')
    .option('--yes', 'without a question')
    .addHelpText('after', example('balance tokens revoke laptop'))
    .action(run(revoke))
}

const CREATE_HELP = `
Only its hash is kept. The token is printed to a terminal, or with --json.

Examples:
  $ balance tokens create laptop
  $ balance tokens create ci --models 'gpt-4o*' --rpm 60 --expires 30d --json`

const SET_HELP = `
What is not given stays, and so does the token itself.

Examples:
  $ balance tokens set laptop --models 'gpt-4o*,o3' --rpm 60
  $ balance tokens set ci --providers all --expires never`

interface Limits {
  readonly providers?: readonly string[] | null
  readonly models?: readonly string[] | null
  readonly rpm?: number | null
  readonly concurrency?: number | null
  readonly expires?: string
}

function limits(command: Command): Command {
  return command
    .option('--providers <names>', 'only these, with commas; or all', listOrAll('--providers'))
    .option(
      '--models <globs>',
      'only these, with commas, e.g. gpt-4o*; or all',
      listOrAll('--models'),
    )
    .option('--rpm <n|none>', 'most requests a minute', limit('--rpm'))
    .option('--concurrency <n|none>', 'most requests at once', limit('--concurrency'))
    .option('--expires <when>', 'e.g. 30d, or 2027-01-31; or never')
}

/** The limits as the store takes them. */
function limitsOf({ expires, ...others }: Limits, { clock }: Session): Omit<TokenChange, 'name'> {
  if (expires === undefined) return others
  const expiresAt = expires === 'never' ? null : parseFuture(expires, clock.wall())
  return { ...others, expiresAt }
}

async function list(session: Session): Promise<void> {
  const wall = session.clock.wall()
  const tokens = (await (await session.store()).tokens()).map(token => tokenShape(token, wall))
  const columns = tokenColumns(session.out.paint)
  session.out.list(columns, tokens)
  if (tokens.length === 0) session.out.say('No token yet: balance tokens create NAME')
}

async function create(
  session: Session,
  name: string,
  { stdin, ...given }: Limits & { stdin?: true },
): Promise<void> {
  if (!stdin) refuseUnseen(session)
  const store = await session.store()
  for (const provider of given.providers ?? []) await store.provider(provider)
  const wanted: NewToken = {
    name,
    ...limitsOf(given, session),
    ...(stdin ? { value: await readSecret(`token for ${name}`) } : {}),
  }
  const { token, secret } = await store.createToken(wanted)
  const shown = stdin ? null : secret.reveal()
  session.out.show({ id: token.id, name: token.name, token: shown }, () => shown ?? '')
  session.out.say(`created ${token.name} (${token.id})`)
  if (token.weak) {
    session.out.warn('It is shorter than 16 characters: only callers on this host may use it.')
  }
  await session.inForce()
  if (shown && !session.out.json) await snippet(session, shown)
}

/** A token made for nobody to see would be lost, and one in a pipe ends in some log. */
function refuseUnseen({ out }: Session): void {
  if (out.json || out.onTerminal) return
  throw new BalanceError('usage', 'The token would be printed to something that is no terminal.', {
    hint: 'Add --json to have it printed all the same. Nothing was created.',
  })
}

/** On a terminal alone: the lines an OpenAI client needs. */
async function snippet(session: Session, token: string): Promise<void> {
  const { dim } = session.out.paint
  const { url } = await gatewayPlace(session)
  session.out.line(`\n${dim('# shown this once; for an OpenAI client:')}`)
  session.out.line(shellLines(CLIENTS.openai.setup(url, token), 'bash').join('\n'))
  session.out.say('For other clients: balance env --help')
}

async function show(session: Session, given: string): Promise<void> {
  const token = tokenShape(await tokenNamed(session, given), session.clock.wall())
  session.out.show(token, () =>
    card([
      ['id', token.id],
      ['name', token.name],
      ['token', token.masked],
      ['state', token.state],
      ['providers', token.providers?.join(', ') ?? 'all'],
      ['models', token.models?.join(', ') ?? 'all'],
      ['requests a minute', token.rpm ?? 'no limit'],
      ['requests at once', token.concurrency ?? 'no limit'],
      ['expires', token.expires ?? 'never'],
      ['weak', token.weak],
      ['origin', token.origin],
      ['created', token.created],
    ]),
  )
}

async function set(
  session: Session,
  given: string,
  { name, ...options }: Limits & { name?: string },
): Promise<void> {
  const change = { ...limitsOf(options, session), ...(name === undefined ? {} : { name }) }
  if (Object.keys(change).length === 0) {
    throw new BalanceError('usage', 'Nothing to change was given.', {
      hint: 'Say what: --name, --providers, --models, --rpm, --concurrency or --expires.',
    })
  }
  const { id } = await tokenNamed(session, given)
  const token = await (await session.store()).changeToken(id, change)
  session.out.show(tokenShape(token, session.clock.wall()), () => '')
  session.out.say(`changed ${token.name} (${token.id})`)
  await session.inForce()
}

async function revoke(session: Session, given: string, options: { yes?: true }): Promise<void> {
  const token = await tokenNamed(session, given)
  await confirm(`Revoke ${token.name} (${token.masked})?`, options.yes === true)
  await (await session.store()).revokeToken(token.id)
  session.out.show({ revoked: token.id, name: token.name }, () => '')
  session.out.say(`revoked ${token.name}`)
  await session.inForce()
}

import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import { nearest } from '../../base/text.ts'
import type { Token } from '../../model/catalog.ts'
import type { NewToken } from '../../model/store.ts'
import { tokenColumns } from '../columns/token.ts'
import { readSecret } from '../key-input.ts'
import { parseFuture } from '../moment.ts'
import { limit, list as names } from '../option-values.ts'
import type { Run } from '../program.ts'
import { confirm } from '../prompts.ts'
import type { Session } from '../session.ts'
import { tokenShape } from '../shapes/token.ts'
import { card } from '../table.ts'

export function define(command: Command, run: Run): void {
  command
    .command('list')
    .description('client tokens')
    .addHelpText('after', example('balance tokens list'))
    .action(run(list))
  command
    .command('create')
    .description('make a token for a client; it is shown this once')
    .argument('<name>', 'who uses it')
    .option('--providers <names>', 'only these providers, with commas', names('--providers'))
    .option('--models <globs>', 'only these models, with commas, e.g. gpt-4o*', names('--models'))
    .option('--rpm <n|none>', 'most requests a minute', limit('--rpm'))
    .option('--concurrency <n|none>', 'most requests at once', limit('--concurrency'))
    .option('--expires <when>', 'e.g. 30d, or 2027-01-31')
    .option('--stdin', 'bring your own: read the token from stdin, or type it when asked')
    .addHelpText('after', CREATE_HELP)
    .action(run(create))
  command
    .command('show')
    .description('one token: what it may do')
    .argument('<token>', 'id or name')
    .addHelpText('after', example('balance tokens show laptop'))
    .action(run(show))
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

function example(line: string): string {
  return `\nExample:\n  $ ${line}`
}

async function list(session: Session): Promise<void> {
  const wall = session.clock.wall()
  const tokens = (await (await session.store()).tokens()).map(token => tokenShape(token, wall))
  const columns = tokenColumns(session.out.paint)
  session.out.list(columns, tokens)
  if (tokens.length === 0) session.out.say('No token yet: balance tokens create NAME')
}

interface CreateOptions {
  readonly providers?: readonly string[]
  readonly models?: readonly string[]
  readonly rpm?: number | null
  readonly concurrency?: number | null
  readonly expires?: string
  readonly stdin?: true
}

async function create(session: Session, name: string, options: CreateOptions): Promise<void> {
  const { expires, stdin, ...limits } = options
  if (!stdin) refuseUnseen(session)
  const store = await session.store()
  for (const provider of limits.providers ?? []) await store.provider(provider)
  const wanted: NewToken = {
    name,
    ...limits,
    ...(expires === undefined ? {} : { expiresAt: parseFuture(expires, session.clock.wall()) }),
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
  session.out.line(`
${dim('# shown this once; for an OpenAI client:')}
export OPENAI_BASE_URL=${await gatewayUrl(session)}/v1
export OPENAI_API_KEY=${token}`)
}

/** Where a running daemon listens, else where one started here would. */
async function gatewayUrl(session: Session): Promise<string> {
  const daemon = await session.daemon()
  const status = await daemon?.call('status', {}).catch(() => null)
  if (status?.url) return status.url
  const { host, port } = session.config().listen
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
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
      ['created', token.created],
    ]),
  )
}

async function revoke(session: Session, given: string, options: { yes?: true }): Promise<void> {
  const token = await tokenNamed(session, given)
  await confirm(`Revoke ${token.name} (${token.masked})?`, options.yes === true)
  await (await session.store()).revokeToken(token.id)
  session.out.show({ revoked: token.id, name: token.name }, () => '')
  session.out.say(`revoked ${token.name}`)
  await session.inForce()
}

async function tokenNamed(session: Session, given: string): Promise<Token> {
  const tokens = await (await session.store()).tokens()
  const token = tokens.find(({ id }) => id === given) ?? tokens.find(({ name }) => name === given)
  if (token) return token
  const near = nearest(
    given,
    tokens.flatMap(({ id, name }) => [id, name]),
  )
  throw new BalanceError('no_such', `There is no token "${given}".`, {
    hint: `${near ? `Did you mean ${near}? ` : ''}See balance tokens list.`,
  })
}

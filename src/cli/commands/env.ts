import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import type { Secret } from '../../base/secret.ts'
import { parseSecretLines } from '../../model/secret-lines.ts'
import { CLIENT_NAMES, CLIENTS, type ClientName, shellLines, UNKNOWN_TOKEN } from '../clients.ts'
import { gatewayPlace } from '../gateway-url.ts'
import { oneOf } from '../option-values.ts'
import type { Run } from '../program.ts'
import { readSecretFile } from '../secret-lines.ts'
import type { Session } from '../session.ts'
import { SHELLS, type Shell } from '../shell-words.ts'

interface EnvOptions {
  readonly client: ClientName
  readonly shell: Shell
  readonly tokenFile?: string
}

export function define(command: Command, run: Run): void {
  command
    .option('--client <name>', CLIENT_NAMES.join(', '), oneOf('--client', CLIENT_NAMES), 'openai')
    .option('--shell <name>', SHELLS.join(', '), oneOf('--shell', SHELLS), 'bash')
    .option('--token-file <file>', 'holds the client token; else BALANCE_TOKEN, or _FILE')
    .addHelpText('after', HELP)
    .action(run(env))
}

const HELP = `
Only the lines go to stdout. The store keeps a hash of each token, so the token itself must
be given; without one, words stand where it belongs.

Clients:
${CLIENT_NAMES.map(name => `  ${name.padEnd(12)} ${CLIENTS[name].title}`).join('\n')}

Examples:
  $ eval "$(balance env --token-file ~/.balance-token)"
  $ balance env --client claude-code
  $ balance env --shell fish | source`

async function env(
  session: Session,
  { client: name, shell, tokenFile }: EnvOptions,
): Promise<void> {
  const { out } = session
  const client = CLIENTS[name]
  const token = (await givenToken(session, tokenFile))?.reveal() ?? null
  const { url, running, every } = await gatewayPlace(session)
  const setup = client.setup(url, token ?? UNKNOWN_TOKEN)
  const { variables, unset } = setup
  out.show({ client: name, url, running, token, variables, unset }, () =>
    shellLines(setup, shell).join('\n'),
  )
  if (token === null) {
    out.warn(`put your client token where ${UNKNOWN_TOKEN} stands, or give it: --token-file FILE`)
    out.say('A new one is made by: balance tokens create NAME')
  }
  if (every !== null) {
    out.say(`The gateway listens on ${every}; other hosts put this host's name in its place.`)
  }
  if (!running) out.say('No daemon is running: balance serve')
  if (client.note) out.say(client.note)
}

async function givenToken(session: Session, file: string | undefined): Promise<Secret | null> {
  if (file === undefined) return session.config().environment.clientToken?.read() ?? null
  const [token, ...more] = parseSecretLines(await readSecretFile(file), file)
  if (token && more.length === 0) return token
  throw new BalanceError('usage', `${file} holds ${more.length + 1} lines; one token is wanted.`)
}

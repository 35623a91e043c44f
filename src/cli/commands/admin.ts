import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import { keptPassword } from '../../control/admin/password.ts'
import { type SessionShape, sessionShape } from '../../control/shapes/session.ts'
import { formatMoment } from '../moment.ts'
import { plural } from '../plural.ts'
import type { Run } from '../program.ts'
import { askNewPassword, canAsk, confirm } from '../prompts.ts'
import { readSecretInput } from '../secret-lines.ts'
import type { Session } from '../session.ts'
import type { Column } from '../table.ts'

export function define(command: Command, run: Run): void {
  command
    .command('password')
    .description('set the password of the dashboard, or remove it')
    .argument('[remove]', 'the word "remove": no password any more')
    .option('--stdin', 'read it from stdin, also where it could be asked for')
    .option('--yes', 'remove it without a question')
    .addHelpText('after', PASSWORD_HELP)
    .action(run(password))
  const sessions = command
    .command('sessions')
    .description('browsers that are logged in to the dashboard')
  sessions
    .command('list')
    .description('who is logged in to the dashboard, since when and from where')
    .addHelpText('after', '\nExample:\n  $ balance admin sessions list')
    .action(run(list))
  sessions
    .command('revoke')
    .description('log browsers out of the dashboard')
    .argument('[id]', 'of one session')
    .option('--all', 'every session')
    .addHelpText('after', REVOKE_HELP)
    .action(run(revoke))
}

const PASSWORD_HELP = `
It has 12 characters or more, and is asked for twice; without a terminal it is read from
stdin. What is kept of it is made by scrypt. Every session ends with the old password. With
none, the dashboard opens by links of "balance dashboard" alone.

Examples:
  $ balance admin password
  $ openssl rand -base64 18 | tee /dev/stderr | balance admin password --stdin
  $ balance admin password remove --yes`

const REVOKE_HELP = `
Their pages are told within a second.

Examples:
  $ balance admin sessions revoke s_abcdefghij
  $ balance admin sessions revoke --all`

async function password(
  session: Session,
  word: string | undefined,
  options: { readonly stdin?: true; readonly yes?: true },
): Promise<void> {
  if (word === 'remove') return remove(session, options.yes === true)
  if (word !== undefined) throw typedPassword()
  const text = options.stdin || !canAsk() ? await pipedPassword() : await askNewPassword()
  const kept = await keptPassword(new Secret(text))
  await (await session.store()).setAdminPassword(kept)
  session.out.show({ password: 'set' }, () => '')
  session.out.say('the password is set; whoever was logged in has to log in again')
}

async function remove(session: Session, yes: boolean): Promise<void> {
  await confirm('Remove the password? Nobody can log in with one then.', yes)
  await (await session.store()).removeAdminPassword()
  session.out.show({ password: null }, () => '')
  session.out.say(
    'the password is removed, and every session with it; balance dashboard still opens it',
  )
}

/** Its last line break is the pipe's. */
async function pipedPassword(): Promise<string> {
  const text = (await readSecretInput()).trim()
  if (text !== '' && !/[\r\n]/.test(text)) return text
  throw new BalanceError('usage', 'Exactly one line with the password is wanted on stdin.', {
    hint: 'Nothing was changed.',
  })
}

function typedPassword(): BalanceError {
  return new BalanceError(
    'usage',
    'A password is never taken as an argument: other users of this host could read it.',
    {
      hint: 'Type it when asked, or pipe it in. What was just typed is in your shell history: remove it there.',
    },
  )
}

async function list(session: Session): Promise<void> {
  const sessions = (await (await session.store()).adminSessions()).map(sessionShape)
  session.out.list(COLUMNS, sessions)
  if (sessions.length === 0) session.out.say('Nobody is logged in: balance dashboard')
}

const COLUMNS: readonly Column<SessionShape>[] = [
  { head: 'ID', cell: row => row.id },
  { head: 'FROM', cell: row => row.peer },
  { head: 'SINCE', cell: row => formatMoment(Date.parse(row.created)) },
  { head: 'SEEN', cell: row => formatMoment(Date.parse(row.seen)) },
  { head: 'UNTIL', cell: row => formatMoment(Date.parse(row.expires)) },
]

async function revoke(
  session: Session,
  id: string | undefined,
  options: { readonly all?: true },
): Promise<void> {
  if ((id === undefined) === (options.all === undefined)) {
    throw new BalanceError('usage', 'Name one session, or --all of them.', {
      hint: 'See balance admin sessions list.',
    })
  }
  const revoked = await (await session.store()).revokeAdminSessions(id ?? null)
  session.out.show({ revoked: revoked.map(each => each.id) }, () => '')
  session.out.say(`logged out ${plural(revoked.length, 'browser')}`)
}

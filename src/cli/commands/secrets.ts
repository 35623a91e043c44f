import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import type { GivenMasterKey, RotatedMasterKey, SecretCounts } from '../../model/secrets.ts'
import { secretColumns } from '../columns/secret.ts'
import { formatMoment } from '../moment.ts'
import { plural } from '../plural.ts'
import type { Run } from '../program.ts'
import { confirm } from '../prompts.ts'
import { readSecretFile, readSecretInput } from '../secret-lines.ts'
import type { Session } from '../session.ts'
import { type SecretsShape, secretsShape } from '../shapes/secrets.ts'
import { card, type Field } from '../table.ts'

export function define(command: Command, run: Run): void {
  command
    .command('status')
    .description('where the master key is, and what it opens')
    .addHelpText('after', STATUS_HELP)
    .action(run(status))
  command
    .command('rotate')
    .description('put a new master key in place of the old one, which then opens nothing')
    .option('--new-key-file <file>', 'the new one, made by you; - for stdin')
    .option('--yes', 'without a question, where what does not open would be lost for good')
    .addHelpText('after', ROTATE_HELP)
    .action(run(rotate))
}

const STATUS_HELP = `
Exits 1 where the master key is missing or wrong.

Example:
  $ balance secrets status --json | jq .master_key.state`

const ROTATE_HELP = `
All keys and passwords are sealed anew in one transaction, while a running gateway serves. Backups made
before are opened by the old master key: keep it as long as you keep them. On MySQL so are
the server's own logs, for as long as it keeps those.

Where the master key comes from a variable, from systemd's credentials or from a file that
may not be written here, make the new one and name it; the command says where to put it.

Where several hosts share the store, each has its own copy of the file. Put the new one
beside it on every host first, as master-key.new, and name it on one of them: the others
find it at once.

Examples:
  $ balance secrets rotate
  $ (umask 077; openssl rand -base64 32 > new-key) && balance secrets rotate --new-key-file new-key`

async function status(session: Session): Promise<void> {
  const state = await (await session.store()).secrets()
  const shape = secretsShape(state)
  const { out } = session
  out.show(shape, () => readable(shape, session))
  const { problem, hint } = state.masterKey
  if (problem !== null) throw new BalanceError('failed', problem, hint === null ? {} : { hint })
  const { unopened } = shape.proxies
  const keys = shape.unopened - unopened
  if (keys > 0) {
    out.warn(`${plural(keys, 'key')} cannot be opened: changed by other hands.`)
    out.say('Give them their secrets again: balance keys set KEY --secret')
  }
  if (unopened > 0) {
    out.warn(`${plural(unopened, 'password')} of proxies cannot be opened: changed by other hands.`)
    out.say('Give them again: balance proxies set NAME --password')
  }
}

function readable(shape: SecretsShape, { out }: Session): string {
  const { state, source, noted } = shape.master_key
  const { green, red } = out.paint
  const parts = [
    card([
      ['master key', state, state === 'right' || state === 'none' ? green : red],
      ['found in', source],
      ['first used from', noted],
      ['data key made', shape.created && formatMoment(Date.parse(shape.created))],
      ...passwords(shape.proxies),
    ]),
  ]
  if (shape.providers.length > 0) parts.push(out.table(secretColumns(out.paint), shape.providers))
  return parts.join('\n\n')
}

function passwords({ sealed, references, unopened }: SecretCounts): Field[] {
  if (sealed + references === 0) return []
  const opened = unopened === 0 ? '' : `, of which ${unopened} cannot be opened`
  const kept = `${sealed} sealed${opened}, ${plural(references, 'reference')}`
  return [['passwords of proxies', kept]]
}

interface RotateOptions {
  readonly newKeyFile?: string
  readonly yes?: true
}

async function rotate(session: Session, options: RotateOptions): Promise<void> {
  const store = await session.store()
  const given = options.newKeyFile === undefined ? undefined : await readKey(options.newKeyFile)
  const { master_key: masterKey, unopened } = secretsShape(await store.secrets())
  if (masterKey.state === 'right' && unopened > 0) {
    await confirm(lossOf(unopened), options.yes === true)
  }
  const rotated = await store.rotateMasterKey(given)
  session.out.show(shapeOf(rotated), () => '')
  session.out.say(
    `sealed ${plural(rotated.resealed, 'secret')} anew; the master key is in ${rotated.to}`,
  )
  if (rotated.inPlace) {
    session.out.say(
      'Backups and exports from before need the old one, which is gone: make new ones.',
    )
    await session.inForce()
  } else tellOwner(session, rotated)
  await tellNodes(session, rotated)
  if (rotated.erased === false) tellRemains(session)
}

async function readKey(file: string): Promise<GivenMasterKey> {
  if (file === '-') return { value: new Secret(await readSecretInput()), source: 'stdin' }
  return { value: new Secret(await readSecretFile(file)), source: file }
}

function lossOf(unopened: number): string {
  return `${plural(unopened, 'secret')} cannot be opened now, and never will be after this. Go on?`
}

/** What `secrets rotate --json` prints. */
function shapeOf({ from, to, inPlace, resealed, unopened, erased }: RotatedMasterKey) {
  return { from, to, in_place: inPlace, resealed, unopened, erased }
}

function tellOwner({ out }: Session, { from, to }: RotatedMasterKey): void {
  out.warn(`${from} still has the old master key, which opens nothing any more.`)
  out.say(`Put the new one, from ${to}, where ${from} comes from, then restart the daemon.`)
  out.say('Until then a running daemon serves on with the keys that it holds, and takes no change.')
}

function tellRemains({ out }: Session): void {
  out.warn("What the old master key opens is still in the store's write-ahead log (-wal).")
  out.say(
    'Somebody was reading the store all the time, as balance backup does. When that has ended,',
  )
  out.say('run balance secrets rotate again, or end all that has the store open: balance stop.')
}

/** Each daemon elsewhere has a copy of its own, which only its owner can replace. */
async function tellNodes(session: Session, { to }: RotatedMasterKey): Promise<void> {
  const nodes = await (await session.store()).nodes()
  if (nodes.length < 2) return
  session.out.warn(
    `${nodes.length} daemons serve this store: ${nodes.map(({ id }) => id).join(', ')}.`,
  )
  session.out.say(
    `One that reads the master key elsewhere needs the new one there, from ${to}, and then: balance reload. Until then it serves on with what it holds, takes no change, and its balance status says so.`,
  )
}

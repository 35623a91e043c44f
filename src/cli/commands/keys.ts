import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import { type KeyShape, readKeyShape, type UsageShape } from '../../control/shapes/key.ts'
import type { Key } from '../../model/catalog.ts'
import type { KeyChange } from '../../model/changes.ts'
import { readAdded, tellAdded } from '../added-keys.ts'
import { keyColor } from '../columns/key.ts'
import { example } from '../example.ts'
import { importKeys } from '../key-import.ts'
import { readSecret, readSecrets, refuseArguments } from '../key-input.ts'
import { keysNamed } from '../named-keys.ts'
import { checkProxies } from '../named-proxies.ts'
import { limit, orNull, whole } from '../option-values.ts'
import { plural } from '../plural.ts'
import type { Run } from '../program.ts'
import { confirm } from '../prompts.ts'
import type { Session } from '../session.ts'
import { readKeys, readState } from '../state.ts'
import { card, type Field } from '../table.ts'
import { defineList } from './keys-list.ts'
import { defineTest } from './keys-test.ts'

export function define(command: Command, run: Run): void {
  command.addHelpText('after', '\nA KEY is named by its id (k_…) or its label.')
  defineList(command, run)
  attributes(command.command('add'))
    .description('add keys, read one a line from stdin, a file, or a hidden prompt')
    .argument('<provider>', 'whose keys they are')
    .option('--from <file>', 'read them from a file')
    .allowExcessArguments()
    .addHelpText('after', ADD_HELP)
    .action(run(add))
  command
    .command('import')
    .description('add keys of one or several providers from a file')
    .argument('<file>', 'lines or CSV; - for stdin')
    .option('--provider <name>', 'whose keys they are, where the file does not say')
    .addHelpText('after', IMPORT_HELP)
    .action(run(importKeys))
  command
    .command('show')
    .description('one key, with what was learned about it')
    .argument('<key>', 'id or label')
    .addHelpText('after', example('balance keys show k_3fa9c27d01'))
    .action(run(show))
  attributes(command.command('set'))
    .description("change a key's label, weight, limits, or its secret")
    .argument('<key>', 'id or label')
    .option('--secret', 'read a new secret from stdin, or ask for it')
    .addHelpText('after', example('balance keys set backup --weight 3 --rpm none'))
    .action(run(set))
  several(command, 'enable', 'use keys again').action(run(enable))
  several(command, 'disable', 'stop using keys, until they are enabled again')
    .option('--now', 'also end the attempts that are using them')
    .action(run(disable))
  several(command, 'reset', 'forget what was learned about keys: faults, waits').action(run(reset))
  defineTest(command, run)
  several(command, 'remove', 'delete keys')
    .option('--yes', 'without a question')
    .action(run(remove))
}

const ADD_HELP = `
Secrets are never an argument: other users of this host could read them. Blank lines
and lines starting with # are skipped; env:NAME or file:/path refers to a secret that
is kept elsewhere. If any line is bad, nothing is added.

Examples:
  $ balance keys add openai                       # asks, without showing what is typed
  $ balance keys add openai < keys.txt
  $ balance keys add openai --from keys.txt --tier 2
  $ echo env:OPENAI_API_KEY | balance keys add openai --label mine`

const IMPORT_HELP = `
A file has one key a line, or is CSV: its first row then names its columns, in any order,
of provider, key, label, weight, tier, rpm and concurrency. Values may be references, as
with keys add. If anything is wrong, nothing is added; keys that are there are skipped.

Examples:
  $ balance keys import keys.csv
  $ balance keys import keys.txt --provider openai
  $ printf 'key,rpm\\nenv:OPENAI_API_KEY,60\\n' | balance keys import - --provider openai`

interface Attributes {
  readonly label?: string
  readonly weight?: number
  readonly tier?: number
  readonly rpm?: number | null
  readonly concurrency?: number | null
  readonly proxy?: string | null
}

function attributes(command: Command): Command {
  return command
    .option('--label <text>', 'a name of its own; several keys get text-1, text-2, …')
    .option('--weight <n>', 'its share under the weighted policy', whole('--weight', 1, 1_000))
    .option('--tier <n>', 'used after lower tiers', whole('--tier', 1, 100))
    .option('--rpm <n|none>', 'most requests a minute', limit('--rpm'))
    .option('--concurrency <n|none>', 'most requests at once', limit('--concurrency'))
    .option(
      '--proxy <names>',
      'proxies of its own, with commas; all, none, or provider: as its provider is dialled',
      orNull('provider'),
    )
}

function several(group: Command, name: string, description: string): Command {
  return group
    .command(name)
    .description(description)
    .argument('<key...>', 'ids or labels')
    .addHelpText('after', example(`balance keys ${name} k_3fa9c27d01 backup`))
}

async function add(
  session: Session,
  provider: string,
  options: Attributes & { from?: string },
  { args }: Command,
): Promise<void> {
  refuseArguments(args, 1)
  const store = await session.store()
  await store.provider(provider)
  await checkProxies(store, options.proxy)
  const { from, ...given } = options
  const secrets = await readSecrets(from, `key for ${provider}`)
  const group = await store.addKeys(
    provider,
    secrets.map((value, index) => ({ ...given, ...labelled(given, index, secrets.length), value })),
  )
  const shapes = await readAdded(session, [{ provider, ...group }])
  session.out.show(shapes[0], () => '')
  await tellAdded(session, provider, shapes)
  session.out.say(`See them: balance keys list ${provider}`)
}

/** A label names one key: several get `label-1`, `label-2`, … */
function labelled({ label }: Attributes, index: number, count: number): Attributes {
  return label === undefined || count === 1 ? {} : { label: `${label}-${index + 1}` }
}

async function show(session: Session, given: string): Promise<void> {
  const store = await session.store()
  const { id } = await store.key(given)
  const { keys, exitOf } = await readState(session)
  for (const status of keys.filter(key => key.id === id)) {
    const memory = (await store.memories()).get(id)
    const row = { ...status, via: exitOf(status) }
    const key = await readKeyShape(store, row, memory, session.clock.wall())
    session.out.show(key, () => card(fieldsOf(key, session)))
  }
}

function fieldsOf(key: KeyShape, session: Session): Field[] {
  const { h24, d7 } = key.usage
  return [
    ['id', key.id],
    ['provider', key.provider],
    ['label', key.label],
    ['key', key.reference ?? key.masked],
    ['state', key.state, keyColor(session.out.paint, key.state)],
    ['reason', key.reason],
    ['until', key.until],
    ['rate limited for', key.rate_limited_for.join(', ')],
    ['auth faults in a row', key.failures],
    ['weight', key.weight],
    ['tier', key.tier],
    ['requests a minute', key.rpm ?? 'no limit'],
    ['requests at once', key.concurrency ?? 'no limit'],
    ...(key.proxy === null ? [] : [['proxy', key.proxy] satisfies Field]),
    ...(key.via === null ? [] : [['dialled through', key.via] satisfies Field]),
    ['origin', key.origin],
    ['created', key.created],
    ['objects', key.objects || null],
    ['last 24 hours', usageOf(h24)],
    ['last 7 days', usageOf(d7)],
  ]
}

function usageOf({ requests, errors }: UsageShape): string {
  return `${plural(requests, 'request')}, ${plural(errors, 'error')}`
}

async function set(
  session: Session,
  given: string,
  options: Attributes & { secret?: true },
): Promise<void> {
  const { secret, ...attributes } = options
  if (!secret && Object.keys(attributes).length === 0) {
    throw new BalanceError('usage', 'Nothing to change was given.', {
      hint: 'Say what: --label, --weight, --tier, --rpm, --concurrency, --proxy or --secret.',
    })
  }
  const store = await session.store()
  const key = await store.key(given)
  await checkProxies(store, attributes.proxy)
  const change: KeyChange = secret
    ? { ...attributes, value: await readSecret(`secret for ${key.id}`) }
    : attributes
  await report(session, [await store.changeKey(key.id, change)], 'changed')
}

async function enable(session: Session, given: string[]): Promise<void> {
  const keys = await keysNamed(session, given)
  await switchKeys(session, keys, true)
  await report(session, keys, 'enabled')
}

async function disable(session: Session, given: string[], options: { now?: true }): Promise<void> {
  const keys = await keysNamed(session, given)
  await switchKeys(session, keys, false)
  await report(session, keys, 'disabled')
  const daemon = options.now ? await session.daemon() : null
  if (!daemon) return
  const { aborted } = await daemon.call('abort', { keys: keys.map(key => key.id) })
  session.out.say(`ended ${plural(aborted, 'attempt')} in flight`)
}

async function switchKeys(session: Session, keys: readonly Key[], enabled: boolean): Promise<void> {
  const store = await session.store()
  await store.changeKeys(
    keys.map(key => key.id),
    { enabled },
  )
}

async function reset(session: Session, given: string[]): Promise<void> {
  const keys = await keysNamed(session, given)
  await (await session.store()).resetKeys(keys.map(key => key.id))
  await report(session, keys, 'reset')
}

async function report(session: Session, keys: readonly Key[], done: string): Promise<void> {
  const changed = await readKeys(session, keys)
  session.out.show(changed, () => '')
  session.out.say(`${done} ${keys.map(key => `${key.id} (${key.label})`).join(', ')}`)
  await session.inForce()
}

async function remove(session: Session, given: string[], options: { yes?: true }): Promise<void> {
  const keys = await keysNamed(session, given)
  await confirm(`Remove ${plural(keys.length, 'key')}?`, options.yes === true)
  await (await session.store()).removeKeys(keys.map(key => key.id))
  session.out.show({ removed: keys.map(key => key.id) }, () => '')
  session.out.say(`removed ${plural(keys.length, 'key')}`)
  await session.inForce()
}

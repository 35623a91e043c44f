import type { Command } from 'commander'
import { isFound, sortKeys } from '../../control/key-page.ts'
import { KEY_CONDITIONS, KEY_ORDERS, type KeyOrder } from '../../control/operations/keys.ts'
import type { KeyCondition } from '../../model/catalog.ts'
import { keyColumns } from '../columns/key.ts'
import { oneOf } from '../option-values.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'
import { readState } from '../state.ts'

/** Adds `list` to the group of keys. */
export function defineList(group: Command, run: Run): void {
  group
    .command('list')
    .description('keys and their state')
    .argument('[provider]', 'only the keys of this provider')
    .option('--state <state>', KEY_CONDITIONS.join(', '), oneOf('--state', KEY_CONDITIONS))
    .option('--find <text>', 'whose label, id, or last four characters begin so')
    .option('--sort <by>', KEY_ORDERS.join(', '), oneOf('--sort', KEY_ORDERS), 'created')
    .option('--desc', 'the last first')
    .addHelpText('after', HELP)
    .action(run(list))
}

const HELP = `
Examples:
  $ balance keys list openai --json | jq -r ".[].state"
  $ balance keys list --state invalid --sort failures --desc`

interface ListOptions {
  readonly state?: KeyCondition
  readonly find?: string
  readonly sort: KeyOrder
  readonly desc?: true
}

async function list(
  session: Session,
  provider: string | undefined,
  { state: wanted, find = '', sort, desc }: ListOptions,
): Promise<void> {
  const store = await session.store()
  if (provider !== undefined) await store.provider(provider)
  const state = await readState(session)
  const own = state.keys.filter(key => provider === undefined || key.provider === provider)
  const found = own.filter(
    key => (wanted === undefined || key.state === wanted) && isFound(key, find),
  )
  const keys = sortKeys(found, sort, desc === true).map(key =>
    Object.assign(key, { via: state.exitOf(key) }),
  )
  const columns = keyColumns(session.out.paint, session.clock.wall(), state.proxied)
  session.out.list(columns, keys)
  if (own.length === 0) session.out.say(`No key yet: balance keys add ${provider ?? 'PROVIDER'}`)
  else if (keys.length === 0) session.out.say('No such key.')
}
